// What a joined proxy keeps: who it is, where its control plane is, its bootstrap. The identity is in identity/ (identity-store.ts).
// Rule: a folder of its owner alone (0700, files 0600); the join token is never written.

import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { sidecarBootstrap } from "../contract/bootstrap";
import { ProxyError } from "../errors";
import { writeFileAtomic } from "../identity/atomic-file";
import type { JoinAnswer } from "./control-plane";
import type { HostPort, JoinOptions, Workload } from "./join-options";

export interface JoinState {
  readonly controlPlane: HostPort;
  readonly workload: Workload;
  readonly proxyKey: string;
  readonly spiffeId: string;
  readonly address: string;
  readonly ports: JoinOptions["ports"];
}

export interface StateFiles {
  readonly folder: string;
  readonly bootstrapFile: string;
  readonly identityFile: string;
  readonly stateFile: string;
}

export function openState(folder: string): StateFiles {
  const path = resolve(folder);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  } catch (error) {
    throw new ProxyError(
      "state",
      `--state ${path} cannot be used (${(error as Error).message}). Choose a folder of your own.`,
    );
  }
  return {
    folder: path,
    bootstrapFile: join(path, "bootstrap.json"),
    identityFile: join(path, "meshwright.json"),
    stateFile: join(path, "join.json"),
  };
}

/** What was written when this machine joined; null: it has not. */
export function readState({ stateFile }: StateFiles): JoinState | null {
  let text: string;
  try {
    text = readFileSync(stateFile, "utf8");
  } catch {
    return null;
  }
  try {
    const state = JSON.parse(text) as JoinState;
    if (
      typeof state.proxyKey === "string" &&
      typeof state.spiffeId === "string" &&
      state.controlPlane &&
      state.workload
    )
      return state;
  } catch {
    // told below
  }
  throw new ProxyError("state", `${stateFile} cannot be read. Remove the folder, and join with a new join token.`);
}

/** The state last: as long as it is missing, this machine has not joined. */
export function writeState(files: StateFiles, state: JoinState, answer: JoinAnswer): void {
  const write = (path: string, value: unknown) => writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
  write(files.bootstrapFile, bootstrapOf(state, answer));
  const { host, port } = state.controlPlane;
  write(files.identityFile, {
    proxyId: answer.proxyKey,
    home: files.folder,
    enrollUrl: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    spiffeId: answer.spiffeId,
    controlPlaneSpiffeId: answer.controlPlaneSpiffeId,
    trustBundlePem: answer.bundlePem,
    accessLogPath: join(files.folder, "access.log"),
    adminNonce: randomBytes(16).toString("hex"),
    reports: true,
  });
  write(files.stateFile, state);
}

function bootstrapOf({ controlPlane, ports }: JoinState, answer: JoinAnswer): unknown {
  return sidecarBootstrap({
    ...answer,
    version: answer.workloadVersion,
    adminPort: ports.admin,
    ads: { host: controlPlane.host, port: answer.adsPort },
  });
}
