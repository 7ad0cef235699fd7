// Where configuration comes from: `openConfiguration` reads the bootstrap and makes the source.
// One rule: a bootstrap is used only when all of it is supported.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { decodeBootstrap } from "../contract/decode";
import { type Bootstrap, type Node, NodeSchema } from "../contract/messages";
import type { Violation } from "../contract/violations";
import { type Identity, type IdentityFile, IdentityProvider, readIdentityFile } from "../identity";
import { type BootstrapPlanResult, planBootstrap } from "../plan/plan-bootstrap";
import type { NodePlan, SocketAddress } from "../plan/types";
import { AdsSource } from "./ads-source";
import type { ConfigSource } from "./config-source";
import { ConfigurationError } from "./configuration-error";
import { IDENTITY_SECRET, readSecrets, StaticSource } from "./static-source";
import { deltaWire, sotwWire } from "./wire";

export type { ApplyResult, ConfigConsumer, ConfigSource, ConfigStatus, DenyList } from "./config-source";
export { ConfigurationError } from "./configuration-error";

export interface OpenOptions {
  readonly configFile: string;
  readonly identityFile: string | null;
  readonly version: string;
  readonly log: (message: string) => void;
  readonly onFatal: (message: string, exitCode: number) => void;
}

export interface CertificateView {
  readonly spiffeId: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly issuer: string;
}

export interface OpenedConfiguration {
  readonly source: ConfigSource;
  readonly admin: SocketAddress | null;
  readonly node: NodePlan;
  readonly identity:
    | (IdentityFile & { certificate(): CertificateView | null; current(): Identity | null; trustBundle(): string })
    | null;
}

/** @throws ConfigurationError when the file or the identity section cannot be used */
export function openConfiguration(options: OpenOptions): Promise<OpenedConfiguration> {
  return Promise.resolve().then(() => open(options));
}

function open(options: OpenOptions): OpenedConfiguration {
  const file = options.identityFile === null ? null : identityFileOf(options.identityFile);
  const { bootstrap, planned } = readBootstrap(options.configFile, file ? [IDENTITY_SECRET] : []);
  if (!planned.ok) {
    throw new ConfigurationError(planned.violations);
  }
  const provider = file ? new IdentityProvider({ file, log: options.log, onFatal: options.onFatal }) : null;
  const { admin, node } = planned.result;
  return {
    admin,
    node,
    identity:
      file && provider
        ? {
            ...file,
            certificate: () => certificateView(provider),
            current: () => provider.current(),
            trustBundle: () => provider.trustBundle(),
          }
        : null,
    source: planned.ads
      ? adsSource(bootstrap, planned, file, provider, options)
      : staticSource(bootstrap, planned, provider),
  };
}

/** Every problem of a configuration file; empty: it can be served. */
export function validateConfiguration(configFile: string): Promise<readonly Violation[]> {
  return Promise.resolve().then(() => {
    try {
      const { planned } = readBootstrap(configFile, []);
      return planned.ok
        ? readSecrets(planned.result, planned.ads ? planned.result.secretNames : []).violations
        : planned.violations;
    } catch (error) {
      if (error instanceof ConfigurationError) {
        return error.violations;
      }
      throw error;
    }
  });
}

function readBootstrap(
  path: string,
  externalSecrets: readonly string[],
): { bootstrap: Bootstrap; planned: BootstrapPlanResult } {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigurationError([{ path, message: `cannot be read: ${(error as Error).message}` }]);
  }
  const decoded = decodeBootstrap(text);
  if (!decoded.ok) {
    throw new ConfigurationError(decoded.violations);
  }
  return { bootstrap: decoded.value, planned: planBootstrap(decoded.value, externalSecrets) };
}

function identityFileOf(path: string): IdentityFile {
  const read = readIdentityFile(path);
  if (!read.ok) {
    throw new ConfigurationError(read.violations);
  }
  return read.identity;
}

type Planned = Extract<BootstrapPlanResult, { ok: true }>;

function staticSource(bootstrap: Bootstrap, planned: Planned, provider: IdentityProvider | null): ConfigSource {
  const { secrets, violations } = readSecrets(planned.result, provider ? [IDENTITY_SECRET] : []);
  if (violations.length > 0) {
    throw new ConfigurationError(violations);
  }
  return new StaticSource(bootstrap, planned.result, secrets, provider);
}

function adsSource(
  bootstrap: Bootstrap,
  { ads, result, resources }: Planned,
  file: IdentityFile | null,
  provider: IdentityProvider | null,
  { version, log }: OpenOptions,
): ConfigSource {
  if (!ads || resources.listeners.size > 0 || resources.clusters.size > 0) {
    throw new ConfigurationError([
      {
        path: "static_resources",
        message: "with dynamic_resources only the ADS cluster may be static; move the rest to the control plane",
      },
    ]);
  }
  return new AdsSource({
    bootstrap,
    wire: ads.protocol === "delta" ? deltaWire : sotwWire,
    node: nodeWithVersion(bootstrap.node, version),
    admin: result.admin,
    localCluster: result.localCluster,
    overload: result.overload,
    address: ads.address,
    clusterName: ads.clusterName,
    identity: provider,
    controlPlaneSpiffeId: file?.controlPlaneSpiffeId ?? "",
    lastKnownGoodPath: file ? join(file.home, "last-known-good.json") : null,
    log,
  });
}

function nodeWithVersion(node: Node | undefined, version: string): Node {
  const metadata = { ...node?.metadata, MESHWRIGHT_VERSION: version };
  return create(NodeSchema, { ...node, metadata, userAgentName: "meshwright-proxy" } as Node);
}

function certificateView(provider: IdentityProvider): CertificateView | null {
  const svid = provider.current()?.svid;
  return svid
    ? {
        spiffeId: svid.spiffeId,
        serial: svid.serial,
        notBefore: new Date(svid.notBefore).toISOString(),
        notAfter: new Date(svid.notAfter).toISOString(),
        issuer: svid.issuer,
      }
    : null;
}
