// A connection at a TCP port of a callee: who may open it, and whether an app is behind it.
// The rule: the callee's own filters decide, with the proxy's semantics; what they close has no status, because nothing was asked on it.
import type { FilterChainPlan, ListenerPlan, RbacContext, TcpProxyPlan } from "@meshwright/proxy/plan";
import { authorizeConnection } from "@meshwright/proxy/semantics";
import type { Arrival, Knock } from "./arrival";
import { consideredPolicies, hopAuthorization } from "./authorization-hop";
import { nameOf } from "./names";
import type { PlannedProxy, Scene } from "./scene";
import type { Hop } from "./types";
import { addressesOf } from "./whereabouts";
import { inboundSentence } from "./words";

type Planned = Extract<PlannedProxy, { ok: true }>;

/** The service's port behind a filter chain of connections. */
export const portOfChain = ({ clusters }: TcpProxyPlan): number => Number(clusters[0]?.name.split("|")[1] ?? 0);

export function arriveOnTcp(
  scene: Scene,
  callee: Planned,
  { address }: ListenerPlan,
  { tls, networkRbac }: FilterChainPlan,
  network: TcpProxyPlan,
  knock: Knock,
  base: Pick<Hop, "proxy" | "direction" | "listener">,
  isExplained: boolean,
): Arrival {
  const context: RbacContext = {
    request: null,
    peer: tls && knock.identity !== null ? { uriSans: [knock.identity], dnsSans: [], subject: "" } : null,
    ...addressesOf({ ...knock.message, headers: [] }, knock.from),
    destinationAddress: "127.0.0.1",
    destinationPort: address.port,
    requestedServerName: knock.tls?.sni ?? "",
  };
  const decision = networkRbac.length > 0 ? authorizeConnection(networkRbac, context) : null;
  const isAllowed = decision?.allowed ?? true;
  const cluster = network.clusters[0]?.name ?? "";
  const hasApp = (callee.plan.clusters.get(cluster)?.endpoints.length ?? 0) > 0;
  const outcome = !isAllowed ? "denied" : hasApp ? "forwarded" : "unreachable";
  const mtls = tls ? "mutual" : "plaintext";
  const hop: Hop = {
    ...base,
    considered: isExplained ? consideredPolicies(scene, networkRbac, decision, context) : [],
    authorization: hopAuthorization(scene, networkRbac, decision, context.peer !== null),
    mtls,
    ...(isAllowed ? { cluster } : {}),
    isConnection: true,
    sentence: "",
  };
  hop.sentence = inboundSentence(nameOf(callee.owner), hop, outcome);
  return { outcome, status: null, mtls, hop };
}
