// All proxies of all environments, in memory: who is connected, ready, what each was told and what it answered.
// The database holds the same; what a person or a rollout decides comes from there, what a proxy says is known here
// first. One rule: connected and ready are two facts. A stream that ends says nothing about the proxy's health.

import type { ProxyPatch, ProxyRow } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { AdsConnection, AdsDirectory, NodeClaim } from "../ads/ads-server";
import type { Rejection } from "../ads/rejections";
import type { Snapshot, TypeUrl } from "../ads/snapshot";
import type { DenyList } from "../ca/enroll-server";
import type { PeerIdentity } from "../ca/peer";
import { PatchWriter } from "./patch-writer";
import { ProxyEntry } from "./proxy-entry";
import type { ProxyStatus } from "./proxy-status";

/** Time-outs answered once by "not ready": a busy proxy is not a dead one. A refused connection counts at once. */
const TIMEOUTS_UNTIL_UNREADY = 2;

const HEARTBEAT_MS = 10_000;

export type RegistryEvent =
  | { type: "endpoints"; environmentId: string; isUrgent: boolean }
  | { type: "probe"; entry: ProxyEntry }
  | { type: "progress"; entry: ProxyEntry }
  | { type: "rejected"; entry: ProxyEntry; rejection: Rejection };

export interface RegistryOptions {
  writeProxy: (rowId: string, patch: ProxyPatch) => Promise<unknown>;
  denyList: DenyList;
  /** The proxy a certificate was issued for, where known. */
  proxyOfSerial: (serial: string) => string | null;
  now: () => number;
  logger: Logger;
}

export class Registry implements AdsDirectory {
  private readonly entries = new Map<string, ProxyEntry>();
  private readonly listeners = new Set<(event: RegistryEvent) => void>();
  private readonly writer: PatchWriter;
  private readonly agentStates = new Map<string, boolean>();
  private hasLoaded = false;

  constructor(private readonly options: RegistryOptions) {
    this.writer = new PatchWriter(options.writeProxy, options.logger);
  }

  subscribe(listener: (event: RegistryEvent) => void): void {
    this.listeners.add(listener);
  }

  markLoaded(): void {
    this.hasLoaded = true;
  }

  isLoaded(): boolean {
    return this.hasLoaded;
  }

  all(): ProxyEntry[] {
    return [...this.entries.values()];
  }

  inEnvironment(environmentId: string): ProxyEntry[] {
    return this.all().filter((entry) => entry.row.environmentId === environmentId);
  }

  find(rowId: string): ProxyEntry | null {
    return this.entries.get(rowId) ?? null;
  }

  /** Takes the rows of an environment as just read; what was learned since lies over them. */
  load(environmentId: string, rows: readonly ProxyRow[]): void {
    const read = new Set(rows.map((row) => row.id));
    for (const entry of this.inEnvironment(environmentId)) {
      if (!read.has(entry.row.id)) {
        this.entries.delete(entry.row.id);
        this.closeConnections(entry, "this proxy was removed");
      }
    }
    for (const row of rows) {
      const merged = { ...row, ...this.writer.unwritten(row.id) };
      const known = this.entries.get(row.id);
      if (known) {
        known.row = merged;
      } else {
        this.entries.set(row.id, new ProxyEntry(merged));
      }
      if (row.desired === "stopped") {
        this.closeConnections(this.entries.get(row.id), "this proxy is to be stopped");
      }
    }
    this.emit({ type: "endpoints", environmentId, isUrgent: false });
  }

  /** Changes a proxy's row here and, soon after, in the database. */
  patch(entry: ProxyEntry, patch: ProxyPatch): void {
    const changed = Object.entries(patch).filter(([name, value]) => !isSame(entry.row[name as keyof ProxyRow], value));
    if (changed.length > 0) {
      const difference = Object.fromEntries(changed) as ProxyPatch;
      entry.row = { ...entry.row, ...difference };
      this.writer.add(entry.row.id, difference);
    }
  }

  async flush(): Promise<void> {
    await this.writer.flush();
  }

  stop(): void {
    this.writer.stop();
  }

  /** Gives a proxy its next configuration; streams get what differs. */
  publish(entry: ProxyEntry, snapshot: Snapshot): void {
    entry.current = snapshot;
    this.patch(entry, { desiredDigest: snapshot.digest });
    for (const connection of entry.connections) {
      connection.push(snapshot);
    }
  }

  dropDenied(): void {
    for (const entry of this.entries.values()) {
      for (const connection of entry.connections) {
        if (this.options.denyList.isDenied(connection.peer)) {
          connection.close("this identity has been revoked");
        }
      }
    }
  }

  /** What a probe of the admin port brought: a status, or how it failed. */
  probed(entry: ProxyEntry, result: ProxyStatus | "refused" | "timeout"): void {
    if (typeof result === "string") {
      entry.probeFailures += 1;
      if (result === "refused" || entry.probeFailures >= TIMEOUTS_UNTIL_UNREADY) {
        entry.status = null;
        this.setReady(entry, false, entry.row.draining);
      }
      return;
    }
    entry.probeFailures = 0;
    entry.status = result;
    this.patch(entry, {
      pid: result.pid,
      runningDigest: result.digest,
      proxyVersion: result.version,
      certSerial: result.certificateSerial,
      certNotAfter: result.certificateNotAfter,
      ...this.seenNow(entry),
    });
    this.setReady(entry, result.isReady && !result.isDraining, result.isDraining || entry.row.desired !== "running");
    this.emit({ type: "progress", entry });
  }

  /** A proxy that reports itself has not done so for too long. */
  silent(entry: ProxyEntry): void {
    entry.status = null;
    this.setReady(entry, false, entry.row.draining);
  }

  /** An agent said whether the process runs, and where: a dead one takes no calls, a live one is asked itself. */
  agentReported(entry: ProxyEntry, isRunning: boolean, place: ProxyPatch = {}): void {
    const { host, inboundPort } = entry.row;
    this.patch(entry, place);
    if (entry.row.host !== host || entry.row.inboundPort !== inboundPort) {
      this.emit({ type: "endpoints", environmentId: entry.row.environmentId, isUrgent: false });
    }

    if (!isRunning && entry.row.desired === "running") {
      entry.status = null;
      this.setReady(entry, false, entry.row.draining);
    }
    if (this.agentStates.get(entry.row.id) !== isRunning) {
      this.agentStates.set(entry.row.id, isRunning);
      this.emit({ type: "probe", entry });
      this.emit({ type: "endpoints", environmentId: entry.row.environmentId, isUrgent: false });
    }
  }

  /** A heartbeat is written every ten seconds, not at every probe. */
  private seenNow(entry: ProxyEntry): ProxyPatch {
    const now = this.options.now();
    const isOld = now - (entry.row.lastSeenAt?.getTime() ?? 0) >= HEARTBEAT_MS;
    return isOld ? { lastSeenAt: new Date(now) } : {};
  }

  private setReady(entry: ProxyEntry, isReady: boolean, isDraining: boolean): void {
    const { ready, draining, environmentId } = entry.row;
    if (ready !== isReady || draining !== isDraining) {
      this.patch(entry, { ready: isReady, draining: isDraining });
      const isRemoval = (ready && !isReady) || (!draining && isDraining);
      this.emit({ type: "endpoints", environmentId, isUrgent: isRemoval });
      this.emit({ type: "progress", entry });
    }
  }

  // ---------------------------------------------------------------- AdsDirectory

  authorize(node: NodeClaim, peer: PeerIdentity): ProxyEntry | string {
    const rowId = node.metadata["MESHWRIGHT_PROXY_ROW_ID"];
    const named = this.all().filter((entry) => entry.proxyKey === node.id);
    const entry = typeof rowId === "string" ? this.find(rowId) : named.length === 1 ? named[0] : null;
    if (!entry || entry.proxyKey !== node.id || entry.row.desired === "stopped") {
      return `no proxy "${node.id}" is to run here; deploy its workload first`;
    }
    if (entry.row.spiffeId !== peer.spiffeId) {
      return `proxy "${node.id}" is ${entry.row.spiffeId}, and the certificate says ${peer.spiffeId}`;
    }
    const owner = this.options.proxyOfSerial(peer.serial);
    if (owner !== null && owner !== entry.row.id) {
      return `the certificate was issued to another instance than "${node.id}"`;
    }
    return this.options.denyList.isDenied(peer) ? "this identity has been revoked" : entry;
  }

  /** The proxy that this certificate is of, or why there is none. */
  proxyOf(peer: PeerIdentity): ProxyEntry | string {
    if (this.options.denyList.isDenied(peer)) return "this identity has been revoked";
    const owner = this.options.proxyOfSerial(peer.serial);
    const entry = owner === null ? this.onlyOneOf(peer.spiffeId) : this.find(owner);
    if (!entry || entry.row.spiffeId !== peer.spiffeId) return `no proxy of ${peer.spiffeId} is to run here`;
    return entry;
  }

  /** Issued by another control plane: instances of one workload are alike, those of two environments are not. */
  private onlyOneOf(spiffeId: string): ProxyEntry | null {
    const named = this.all().filter(({ row }) => row.spiffeId === spiffeId);
    const isOne = named.every(({ row }) => row.environmentId === named[0]?.row.environmentId);
    return isOne ? (named[0] ?? null) : null;
  }

  connected(connection: AdsConnection): void {
    const entry = this.entryOf(connection);
    if (entry) {
      entry.connections.add(connection);
      entry.syncedDigest = null;
      this.patch(entry, {
        connectedAt: new Date(this.options.now()),
        state: entry.row.state === "nack" ? "nack" : "pending",
      });
      this.emit({ type: "probe", entry });
    }
  }

  disconnected(connection: AdsConnection): void {
    const entry = this.entryOf(connection);
    if (entry?.connections.delete(connection) && entry.connections.size === 0) {
      this.patch(entry, { state: "disconnected" });
      this.emit({ type: "probe", entry });
    }
  }

  acknowledged(connection: AdsConnection, _typeUrl: TypeUrl): void {
    const entry = this.entryOf(connection);
    if (entry) {
      this.emit({ type: "probe", entry });
    }
  }

  refused(connection: AdsConnection, rejection: Rejection): void {
    const entry = this.entryOf(connection);
    if (entry) {
      this.options.logger.warn(
        { proxy: entry.proxyKey, reason: rejection.message },
        "a proxy refused its configuration",
      );
      this.patch(entry, { state: "nack", nack: { ...rejection } });
      this.emit({ type: "rejected", entry, rejection });
    }
  }

  timedOut(connection: AdsConnection, typeUrl: TypeUrl): void {
    this.options.logger.warn(
      { proxy: connection.client.proxyKey, typeUrl },
      "a proxy did not answer a response in time",
    );
  }

  synced(connection: AdsConnection, digest: string): void {
    const entry = this.entryOf(connection);
    if (entry) {
      entry.syncedDigest = digest;
      this.patch(entry, { state: "ack", nack: null });
      this.emit({ type: "probe", entry });
      this.emit({ type: "progress", entry });
    }
  }

  private entryOf(connection: AdsConnection): ProxyEntry | null {
    return connection.client instanceof ProxyEntry ? connection.client : null;
  }

  private closeConnections(entry: ProxyEntry | undefined, reason: string): void {
    for (const connection of [...(entry?.connections ?? [])]) {
      connection.close(reason);
    }
  }

  private emit(event: RegistryEvent): void {
    for (const listener of this.listeners) {
      listener(event);
    }
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Date && b instanceof Date) {
    return a.getTime() === b.getTime();
  }
  return a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));
}
