// A sidecar's folder: its bootstrap (pure Envoy), its identity section, certificates, last good config and logs.
// One rule: 0700, and deleted as a whole when the workload is retired, so that its identity ends with it.

import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { sidecarBootstrap } from "@meshwright/proxy/contract/bootstrap";
import { writeFileAtomic } from "./atomic-file";
import type { DesiredProxy, ProxyPorts } from "./protocol";

export interface ProxyHome {
  folder: string;
  bootstrapFile: string;
  identityFile: string;
  logFile: string;
}

export interface SupervisorRef {
  pid: number;
  startTime: string | null;
}

/** `production/cart/0` -> `production~cart~0`. */
export function folderNameOf(proxyKey: string): string {
  return proxyKey.replaceAll("/", "~").replace(/[^a-zA-Z0-9._~-]/g, "_");
}

export function openProxyHome(root: string, name: string): ProxyHome {
  const folder = join(root, name);
  mkdirSync(join(folder, "identity"), { recursive: true, mode: 0o700 });
  return {
    folder,
    bootstrapFile: join(folder, "bootstrap.json"),
    identityFile: join(folder, "meshwright.json"),
    logFile: join(folder, "proxy.log"),
  };
}

/** Deletes the folder; the log is moved out first, since why a proxy is gone may be the next question. */
export function removeProxyHome(home: ProxyHome, keptLog: string): void {
  try {
    mkdirSync(dirname(keptLog), { recursive: true, mode: 0o700 });
    renameSync(home.logFile, keptLog);
  } catch {
    // it never wrote one
  }
  rmSync(home.folder, { recursive: true, force: true });
}

/** True when the proxy holds a certificate it can still renew with. */
export function hasValidCertificate(home: ProxyHome, now: number): boolean {
  const file = join(home.folder, "identity", "cert.pem");
  if (!existsSync(file) || !existsSync(join(home.folder, "identity", "key.pem"))) {
    return false;
  }
  try {
    return Date.parse(new X509Certificate(readFileSync(file)).validTo) > now + 5_000;
  } catch {
    return false;
  }
}

function bootstrapOf(proxy: DesiredProxy, ports: ProxyPorts): unknown {
  const { hostname, port } = new URL(`xds://${proxy.adsUrl}`);
  const ads = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
  return sidecarBootstrap({ ...proxy, adminPort: ports.admin, ads });
}

export interface IdentitySection {
  joinToken: string | null;
  adminNonce: string;
  supervisor: SupervisorRef | null;
}

export function writeProxyFiles(
  home: ProxyHome,
  proxy: DesiredProxy,
  ports: ProxyPorts,
  identity: IdentitySection,
): void {
  writeFileAtomic(home.bootstrapFile, `${JSON.stringify(bootstrapOf(proxy, ports), null, 2)}\n`);
  const section = {
    proxyId: proxy.proxyKey,
    home: home.folder,
    enrollUrl: proxy.enrollUrl,
    ...(identity.joinToken ? { joinToken: identity.joinToken } : {}),
    spiffeId: proxy.spiffeId,
    controlPlaneSpiffeId: proxy.controlPlaneSpiffeId,
    trustBundlePem: proxy.trustBundlePem,
    ...(identity.supervisor ? { supervisorPid: identity.supervisor.pid } : {}),
    ...(identity.supervisor?.startTime ? { supervisorStart: identity.supervisor.startTime } : {}),
    accessLogPath: join(home.folder, "access.log"),
    adminNonce: identity.adminNonce,
  };
  writeFileAtomic(home.identityFile, `${JSON.stringify(section, null, 2)}\n`);
}
