// What one import of Cilium's policies gathers: nothing of it can be judged before all of it is known.
import type { Path } from "@/lib/mesh";
import type { Resource, Understood } from "../shared/context";
import type { Kept } from "../shared/fields";
import type { Selector } from "./labels";

export const GROUP = "cilium.io";
export const API_VERSION = `${GROUP}/v2`;
export const POLICY = "CiliumNetworkPolicy";
export const CLUSTER_POLICY = "CiliumClusterwideNetworkPolicy";
/** Of what an import left over of a policy: the name of that policy, which says the rest. */
export const REST_OF = "meshwright.dev/rest-of";
/** Where policies of the whole cluster are in a design that has no place outside of namespaces. */
export const CLUSTER_NAMESPACE = "kube-system";
/** Texts of the source that a design says in other words, to be written as they were. */
export const WRITTEN = "spec.ingress.toPorts.rules.http";

export type Section = "ingress" | "ingressDeny" | "egress" | "egressDeny";
export type Raw = Record<string, unknown>;

/** Who is at the other end; `raw` is one value of the list `field`. */
export type Peer = { field: string; raw: unknown; path: Path } & (
  | { is: "endpoints"; selector: Selector }
  | { is: "entity"; name: string }
  | { is: "service"; namespace: string; name: string }
  | { is: "name"; host: string }
  | { is: "odd"; why: string }
);

export type HttpEntry = {
  path: Path;
  method?: string | undefined;
  pathRegex?: string | undefined;
  host?: string | undefined;
  headers: readonly string[];
  /** Why it has no words in the model. */
  odd?: string;
};

export type PortEntry = {
  path: Path;
  raw: Raw;
  /** Empty: every port. */
  ports: readonly { port: string; endPort?: number | undefined; protocol: string }[];
  http?: readonly HttpEntry[];
  dns?: readonly string[];
  odd?: string;
};

export type Rule = {
  section: Section;
  path: Path;
  raw: Raw;
  /** Undefined: anybody. Empty: nobody. */
  peers: readonly Peer[] | undefined;
  /** Undefined: every port. */
  ports: readonly PortEntry[] | undefined;
  authentication?: string | undefined;
  hasIcmp: boolean;
  /** Why all of it is left out. */
  odd?: string;
};

/** One spec of a policy. */
export type PolicyPart = {
  resource: Resource;
  result: Understood;
  /** Of what comes of it: a policy of several specs has several. */
  name: string;
  path: Path;
  selector: Selector;
  raw: Raw;
  rules: readonly Rule[];
  closes: { ingress: boolean; egress: boolean };
  kept: Kept[];
};
