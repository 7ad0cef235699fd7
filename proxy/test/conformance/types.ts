// What a conformance case is. Rule: a case says what it configures, what it asks and which rows of the support table it proves;
// what the right answer is, only Envoy says.

import type { Resources } from "./control-plane";
import type { Wire } from "./wire";

export type Config = Readonly<Record<string, unknown>>;

/** What answers behind the proxy. */
export type UpstreamKind =
  | "http"
  | "http2"
  | "tcp"
  | "tls"
  | "tls-http2"
  | "proxied"
  | "proxied-tls"
  | "dead"
  | "silent"
  | "keys"
  | "rls"
  | "authz-grpc"
  | "authz-http"
  | "otlp-grpc"
  | "otlp-http";

export interface Case {
  readonly id: string;
  /** A bootstrap's `static_resources`. "@app" is the port of the upstream `app`, "@log" a file, "@pem:x" a certificate. */
  readonly config: Config;
  /** By name; { app: "http" } when nothing is said. */
  readonly upstreams?: Readonly<Record<string, UpstreamKind>>;
  /** Then `config` is a whole bootstrap, for a process of its own, and this is what "@ads" has. */
  readonly resources?: Resources;
  /** The script; what it returns is the observation, made comparable by the runner. */
  readonly run: (wire: Wire) => Promise<unknown>;
  /** How often something is done is chance, or a matter of time: of statistics only whether it was done is compared. */
  readonly isChance?: boolean;
  /** Both refuse the configuration as it is; it is taken without what it proves. */
  readonly isRefused?: boolean;
  /** Rows whose removal changes the observation. Words of `fields.ts`. */
  readonly proves?: readonly string[];
  /** Rows whose removal makes both refuse the configuration. */
  readonly needs?: readonly string[];
  /** Rows without effect: the observation is the same without them. */
  readonly inert?: readonly string[];
  /** Row -> what to do instead of deleting the field everywhere. */
  readonly removal?: Readonly<Record<string, (config: Config) => Config>>;
  /** Row, or "" for the whole: why our observation is another one, as named in docs/reference/envoy-differences.md. */
  readonly explained?: Readonly<Record<string, string>>;
}

/** One configuration to observe: a case as it is, or without one of its fields. */
export interface Variant {
  readonly key: string;
  readonly of: Case;
  /** The row that was taken out; "" for the case as it is. */
  readonly without: string;
  readonly config: Config;
  readonly resources?: Resources;
}

export const REFUSED = "refused";
