// Where a proxy's configuration comes from: a static file or ADS. main.ts uses either through this interface.
// One rule: a plan is offered whole; the source keeps the last accepted one until the next is accepted.

import type { ResourceKind } from "../contract/resource-types";
import type { OverloadPlan, ProxyPlan, Secret, SocketAddress, Violation } from "../plan/types";
import type { DumpedConfig } from "./config-dump";
import type { ControlPlaneAt } from "./control-plane-cluster";

/** What the data path answers to a plan. Refused (a port in use, ...): the previous plan stays in force. */
export type ApplyResult = { readonly ok: true } | { readonly ok: false; readonly violations: readonly Violation[] };

/** What a plan and its secrets were made of, for another process that makes them again: only plain data. */
export type PlanOrigin =
  | { readonly kind: "static"; readonly bootstrap: Uint8Array; readonly identity: OwnIdentity | null }
  | {
      readonly kind: "ads";
      /** Kind, name and bytes of each, secrets among them. */
      readonly resources: readonly (readonly [ResourceKind, string, Uint8Array])[];
      readonly node: Uint8Array;
      readonly admin: SocketAddress | null;
      readonly localCluster: string;
      readonly overload: OverloadPlan | null;
      readonly controlPlane: ControlPlaneAt;
      readonly identity: OwnIdentity | null;
    };

export interface OwnIdentity {
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

export interface ConfigConsumer {
  /** Swap to `plan`. Resolves when new connections and requests use it. `secrets` holds every secret it names. */
  onPlan(plan: ProxyPlan, secrets: ReadonlyMap<string, Secret>, origin: () => PlanOrigin): Promise<ApplyResult>;
  /** A secret changed between plans (rotation, new bundle). The map is complete. */
  onSecrets(secrets: ReadonlyMap<string, Secret>, changed: readonly string[], origin: () => PlanOrigin): void;
  /** Connections of these peers must be drained and new ones refused, at once. */
  onDenyList(denied: DenyList): void;
}

export interface DenyList {
  /** Certificate serials, lower-case hex without leading zeros. */
  readonly serials: ReadonlySet<string>;
  readonly spiffeIds: ReadonlySet<string>;
  /** Serials of CA certificates, written like `serials`: who has a certificate of theirs renews it now. */
  readonly renewIssuers: ReadonlySet<string>;
}

export interface ConfigStatus {
  readonly configSource: "live" | "last-known-good" | "static";
  readonly connectedToControlPlane: boolean;
  /** First 16 hex of SHA-256 over the sorted lines `typeUrl name version` of the resources in force. */
  readonly digest: string;
  /** Names of the resources in force. */
  readonly resources: {
    readonly listeners: readonly string[];
    readonly routes: readonly string[];
    readonly clusters: readonly string[];
    readonly endpoints: readonly string[];
    readonly secrets: readonly string[];
  };
  readonly lastNack: { readonly at: string; readonly typeUrl: string; readonly message: string } | null;
  /** What is missing before the first plan can start, in words; empty when a plan is in force. */
  readonly waitingFor: readonly string[];
}

export interface ConfigSource {
  /** Resolves when the first plan is in force; rejects with what to do when that is impossible. */
  start(consumer: ConfigConsumer): Promise<void>;
  status(): ConfigStatus;
  /** For /config_dump: JSON of the resources in force, private keys left out. */
  configDump(): readonly DumpedConfig[];
  stop(): Promise<void>;
}
