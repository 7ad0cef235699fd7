// What one import of Linkerd resources gathers: nothing of it can be judged before all of it is known.
import type { AuthorizationSource } from "@/lib/mesh";
import { GatewayState, type RankedMatch } from "../gateway-api/state";
import type { Labels } from "../kubernetes/selectors";
import type { Resource, Understood } from "../shared/context";
import type { Kept } from "../shared/fields";

export const POLICY_GROUP = "policy.linkerd.io";

/** A resource with what came of it. `kept` holds its fields that nobody understood. */
export type Part = { resource: Resource; result: Understood; kept: Kept[] };

export type ServerPart = Part & {
  /** Undefined: it selects by something other than labels. */
  selector: Labels | undefined;
  port: number | string;
  accessPolicy: string;
};

/** Who a reference to an authentication means; a reason where the model cannot say it. */
export type Identified = { from: AuthorizationSource[] } | { reason: string };
export type Ref = { group: string; kind: string; name: string; namespace: string };
export type Cidr = { cidr: string; except: readonly string[] };
export type MeshTlsPart = Part & { who: Identified };
export type NetworkPart = Part & { networks: readonly Cidr[] };
export type PolicyPart = Part & { target: Ref; refs: readonly Ref[] };

export type ServerAuthorizationPart = Part & {
  /** Of a server: its name, or labels of it. */
  server: { name: string } | { labels: Labels } | undefined;
  who: Identified;
};

/** A route on a Server: it says which calls exist there, and policies may be for it alone. */
export type ServerRoutePart = Part & {
  servers: readonly string[];
  hosts: readonly string[];
  matches: readonly RankedMatch[];
  /** Why its matches cannot be said as conditions of a policy. */
  reason?: string;
};

export class LinkerdState {
  readonly outbound = new GatewayState();
  readonly servers: ServerPart[] = [];
  readonly policies: PolicyPart[] = [];
  readonly serverAuthorizations: ServerAuthorizationPart[] = [];
  readonly meshTls: MeshTlsPart[] = [];
  readonly networks: NetworkPart[] = [];
  readonly serverRoutes: ServerRoutePart[] = [];
}
