// The second half of a call: from a cluster of the caller's proxy to the app behind the callee's sidecar.
// The rule: both sides are asked through their own plans; what one side expects of the other is never assumed.
import type {
  ClusterPlan,
  FilterChainPlan,
  HttpConnectionPlan,
  ListenerPlan,
  PeerIdentity,
  SanMatcher,
} from "@meshwright/proxy/plan";
import { pickFilterChain } from "@meshwright/proxy/semantics";
import { factsOf, httpPorts, spiffeIdOf } from "@/lib/compile/facts";
import { keyOf, type ObjectKey, parseKey, workloadOwnerKey } from "@/lib/mesh";
import type { Arrival, Knock } from "./arrival";
import { arriveOnTcp, portOfChain } from "./arrive-tcp";
import { consideredPolicies, hopAuthorization } from "./authorization-hop";
import { hopAuthorizers } from "./authorizers";
import { connectionRateOf, limitOf } from "./limits";
import { withLine } from "./lines";
import { nameOf } from "./names";
import { originOfMtls } from "./origins";
import { type Passage, pass } from "./passage";
import type { PlannedProxy, Scene } from "./scene";
import { hopToken } from "./tokens";
import type { Hop, HopRewrites } from "./types";
import { addressesOf } from "./whereabouts";
import { inboundSentence } from "./words";

type Planned = Extract<PlannedProxy, { ok: true }>;

export function identityOf(scene: Scene, key: ObjectKey): string | null {
  const { index } = scene;
  const owner = index.find("Workload", key) ?? index.find("Gateway", key);
  if (!owner) return null;
  const service = owner.kind === "Workload" ? workloadOwnerKey(owner) : key;
  return spiffeIdOf(factsOf(scene.slice(service).document), owner);
}

/** Workloads that a cluster sends to: the healthy ones, or all when none is. */
export function workloadsOf(cluster: ClusterPlan, service: ObjectKey): ObjectKey[] {
  const healthy = cluster.endpoints.filter(({ health }) => health === "healthy");
  const used = healthy.length > 0 ? healthy : cluster.endpoints.filter(({ health }) => health !== "draining");
  const namespace = parseKey(service)?.namespace;
  const names = new Set(used.flatMap(({ metadata }) => metadata["workload"] ?? []));
  return [...names].sort().map((name) => keyOf("Workload", namespace, name));
}

export function arriveAt(scene: Scene, workload: ObjectKey, knock: Knock, isExplained: boolean): Arrival {
  const callee = scene.proxyOf(workload);
  if (!callee.ok) return { outcome: "unreachable", status: 503, mtls: "none", hop: null, why: callee.reason };
  const listener = callee.plan.listeners.find(({ name }) => name === "inbound");
  if (!listener) {
    const why = `${nameOf(callee.owner)} has no port that sidecars carry.`;
    return { outcome: "unreachable", status: 503, mtls: "none", hop: null, why };
  }
  const { tls } = knock;
  const own = identityOf(scene, workload) ?? "";
  const chain = chainFor(listener, knock);
  const trouble = troubleBetween(chain, tls?.sanMatchers ?? null, own, knock.identity);
  const base: Pick<Hop, "proxy" | "direction" | "listener" | "identity" | "connectionRate"> = {
    ...baseHop(scene, callee, listener, chain, isExplained),
    ...(chain?.tls && chainFor(listener, { ...knock, tls: null }) ? { takesPlainText: true as const } : {}),
    identity: { own, peer: tls ? knock.identity : null },
  };
  if (!chain || trouble !== null) {
    const hop: Hop = { ...base, considered: [], mtls: "refused", sentence: trouble ?? "" };
    return { outcome: "refused", status: 503, mtls: "refused", hop, ...(trouble === null ? {} : { why: trouble }) };
  }
  const { network } = chain;
  const service = serviceKeyOf(scene, workload);
  const connectionRate = connectionRateOf(scene, chain, service, isExplained);
  if (connectionRate) base.connectionRate = connectionRate;
  if (network.kind === "tcp") return arriveOnTcp(scene, callee, listener, chain, network, knock, base, isExplained);
  const mtls = chain.tls ? "mutual" : "plaintext";
  const passage = passChain(callee, listener, chain, network, knock);
  const { outcome, status, why } = outcomeOf(passage, knock);
  const [from, to] = [knock.message.path, passage.message.path];
  const filters = network.rbac;
  const limit = limitOf(scene, network, passage, service, isExplained);
  const hop: Hop = {
    ...base,
    considered: isExplained ? consideredPolicies(scene, filters, passage.authorization, passage.context) : [],
    ...(passage.tokens ? { token: hopToken(scene, passage.tokens) } : {}),
    ...(passage.asked.length > 0 ? { authorizers: hopAuthorizers(scene, passage.asked, isExplained) } : {}),
    ...(passage.tokens?.refusal || passage.asked.some(({ status }) => status !== null)
      ? {}
      : { authorization: hopAuthorization(scene, filters, passage.authorization, passage.context.peer !== null) }),
    mtls,
    ...(limit ? { rateLimit: limit } : {}),
    // The callee's sidecar normalises once more: what a rewrite made may not be what the app sees.
    ...rewritesOf(from, to, passage),
    ...(passage.virtualHost ? { virtualHost: passage.virtualHost.name } : {}),
    ...(passage.result.kind === "forwarded" ? { cluster: passage.result.action.clusters[0]?.name ?? "" } : {}),
    sentence: "",
  };
  hop.sentence = inboundSentence(nameOf(callee.owner), hop, outcome);
  return { outcome, status, mtls, hop, ...(why === undefined ? {} : { why }) };
}

function rewritesOf(from: string, to: string, { tokens }: Passage): { rewrites?: HopRewrites } {
  const headers = (tokens?.changes ?? []).flatMap((change): HopRewrites["headers"] => {
    if (change.kind === "add") return [{ op: "add", name: change.name, value: change.value }];
    return change.kind === "remove" ? [{ op: "remove", name: change.name }] : [];
  });
  if (from === to && headers.length === 0) return {};
  return { rewrites: { ...(from === to ? {} : { path: { from, to } }), headers, responseHeaders: [] } };
}

const serviceKeyOf = ({ index }: Scene, workload: ObjectKey): ObjectKey => {
  const found = index.find("Workload", workload);
  return found ? workloadOwnerKey(found) : workload;
};

function baseHop(
  scene: Scene,
  callee: Planned,
  listener: ListenerPlan,
  chain: FilterChainPlan | null,
  isExplained: boolean,
) {
  const ports = scene.index.find("Service", callee.owner)?.spec.ports ?? [];
  const port = chain?.network.kind === "tcp" ? portOfChain(chain.network) : (httpPorts(ports)[0] ?? ports[0])?.port;
  const mtlsOrigin = isExplained ? originOfMtls(scene, callee.owner, port) : null;
  return {
    proxy: callee.proxyId,
    direction: "inbound" as const,
    listener: listener.name,
    ...(mtlsOrigin ? { mtlsRule: withLine(scene, mtlsOrigin) } : {}),
  };
}

/** What the listener makes of the first bytes. */
function chainFor({ filterChains, address }: ListenerPlan, { tls, from, message }: Knock): FilterChainPlan | null {
  return pickFilterChain(filterChains, (chain) => chain, {
    destinationAddress: address.address,
    destinationPort: address.port,
    serverName: tls?.sni ?? "",
    transportProtocol: tls ? "tls" : "raw_buffer",
    applicationProtocols: [],
    sourceAddress: addressesOf(message, from).directRemoteAddress,
    sourcePort: 0,
  });
}

function troubleBetween(
  chain: FilterChainPlan | null,
  expected: readonly SanMatcher[] | null,
  own: string,
  peer: string | null,
): string | null {
  if (!chain) {
    return expected
      ? "The caller speaks mutual TLS, and the callee takes plain text only: the connection is closed."
      : "The callee takes mutual TLS only, and the caller sends plain text: the connection is closed.";
  }
  if (expected && !accepts(expected, own)) return `The caller expects another identity than ${own}.`;
  if (chain.tls && !accepts(chain.tls.sanMatchers, peer ?? "")) {
    return `The callee does not take the identity ${peer ?? "(none)"}.`;
  }
  return null;
}

const accepts = (matchers: readonly SanMatcher[], id: string): boolean =>
  matchers.length === 0 || matchers.some(({ type, value }) => type === "uri" && value.matches(id));

function passChain(
  callee: Planned,
  listener: ListenerPlan,
  chain: FilterChainPlan,
  connection: HttpConnectionPlan,
  knock: Knock,
): Passage {
  const peer: PeerIdentity | null =
    chain.tls && knock.identity !== null ? { uriSans: [knock.identity], dnsSans: [], subject: "" } : null;
  return pass(
    {
      plan: callee.plan,
      connection,
      isTls: chain.tls !== null,
      peer,
      port: listener.address.port,
      serverName: knock.tls?.sni ?? "",
      from: knock.from,
      random: 0,
    },
    knock.message,
  );
}

/** A sidecar that answers by itself on the way in has no app behind it. */
function outcomeOf(
  { result, message: { path } }: Passage,
  { isHttp2 }: Knock,
): Pick<Arrival, "outcome" | "status" | "why"> {
  switch (result.kind) {
    case "forwarded":
      return { outcome: "forwarded", status: null };
    case "malformed":
      // RFC 9113 8.3.1: over HTTP/2 such a path is no request at all, and the caller's own sidecar answers
      if (isHttp2 && !path.startsWith("/")) {
        const why = `the path ${JSON.stringify(path)} that it is sent with does not begin with a slash, so HTTP/2 does not carry it.`;
        return { outcome: "refused", status: 503, why };
      }
      return {
        outcome: "refused",
        status: result.status,
        why: `the callee's sidecar refuses ${JSON.stringify(path)}, for ${result.why}.`,
      };
    case "responded":
    case "redirected":
      return { outcome: "unreachable", status: result.status };
    case "denied":
    case "no-route":
      return { outcome: result.kind, status: result.status };
  }
}
