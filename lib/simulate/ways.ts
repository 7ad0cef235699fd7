// The ways that one request or connection may take: a cluster each, and what becomes of it there; then told as one answer.
// The rule: a way is asked through the callee's own plan; how likely it is says the caller's.
import type { ClusterChoice, ClusterPlan } from "@meshwright/proxy/plan";
import { pickCluster } from "@meshwright/proxy/semantics";
import { targetOfClusterName } from "@/lib/compile/destinations";
import { type ObjectKey, parseKey } from "@/lib/mesh";
import { internalRedirectsText } from "@/lib/mesh/diff/words";
import type { Arrival } from "./arrival";
import { arriveAt, identityOf, workloadsOf } from "./arrive";
import { localitiesOf } from "./localities";
import type { Message } from "./message";
import { serviceOfCluster } from "./origins";
import { ejectionOf, poolOf } from "./pools";
import type { PlannedProxy, Scene } from "./scene";
import type { Answer, AnswerDestination, Hop, HopTls } from "./types";
import {
  authorizerWords,
  capital,
  corsWords,
  destinationName,
  faultWords,
  forwardedSentence,
  localityWords,
  mirrorWords,
  outsideWords,
  refusalWords,
  ruleWords,
  splitSentence,
} from "./words";

type Planned = Extract<PlannedProxy, { ok: true }>;

/** Of a route, or of a connection, which changes nothing on its way. */
type Choice = Pick<ClusterChoice, "name" | "weight">;
export type Way = { destination: AnswerDestination; hops: Hop[]; arrival: Arrival; choice: Choice };

/** @param draw from 0 to 1 */
export const drawnCluster = <C extends Choice>(
  split: { readonly clusters: readonly C[]; readonly totalWeight: number },
  draw: number,
): C => pickCluster(split, Math.min(split.totalWeight - 1, Math.floor(draw * split.totalWeight)));

/** On whom it depends what becomes of the request. */
export function dependingOn(hops: readonly Hop[]): Pick<Answer, "dependsOn"> {
  const names = hops.flatMap(({ authorizers = [] }) => authorizers.filter(({ answer }) => answer === null));
  return names.length > 0 ? { dependsOn: names.map(({ name }) => name) } : {};
}

export function toCluster(
  scene: Scene,
  from: ObjectKey,
  proxy: Planned,
  first: Hop,
  choice: Choice,
  probability: number,
  sent: Message,
  isExplained: boolean,
): Way {
  const cluster = proxy.plan.clusters.get(choice.name);
  const service = cluster && serviceOfCluster(cluster.metadata, choice.name);
  const way = (arrival: Arrival, workloads: ObjectKey[]): Way => {
    const { outcome, status } = arrival;
    const subset = targetOfClusterName(choice.name)?.subset;
    const localities = cluster && workloads.length > 0 ? localitiesOf(cluster, service ?? "") : undefined;
    const pool = cluster && poolOf(cluster, (first.isConnection ?? arrival.hop?.isConnection) === true);
    const ejection = cluster && ejectionOf(cluster);
    const destination = {
      service: service ?? "",
      ...(subset === undefined ? {} : { subset }),
      workloads,
      probability,
      ...(localities ? { localities } : {}),
      ...(pool ? { pool } : {}),
      ...(ejection ? { ejection } : {}),
      outcome,
      status,
    };
    const tls = cluster && outsideTls(scene, cluster, service ?? null);
    const outside = {
      ...(tls ? { tls } : {}),
      ...(cluster?.proxyProtocol ? { proxyProtocol: cluster.proxyProtocol } : {}),
    };
    const outbound: Hop = {
      ...first,
      mtls: arrival.mtls,
      ...outside,
      sentence: `Sent to ${destinationName(destination)}${ruleTail(first)}${outsideWords(outside)}.${localityTail(localities)}${authorizerTail(first)}${tailOf(first)}`,
    };
    return { destination, hops: arrival.hop ? [outbound, arrival.hop] : [outbound], arrival, choice };
  };
  const nobody = (why: string, workloads: ObjectKey[] = []): Way =>
    way({ outcome: "unreachable", status: 503, mtls: "none", hop: null, why }, workloads);
  if (!cluster || !service) return nobody(`There is no cluster ${choice.name}.`);
  if (cluster.metadata["kind"] === "external") {
    return way({ outcome: "forwarded", status: null, mtls: "none", hop: null }, []);
  }
  const workloads = workloadsOf(cluster, service);
  if (workloads.length === 0) return nobody("No instance runs there.");
  if (scene.index.find("Service", service)?.spec.optOut) {
    return way({ outcome: "forwarded", status: null, mtls: "plaintext", hop: null }, workloads);
  }
  const where = { address: sent.address, isBehindGateway: parseKey(from)?.kind === "Gateway" };
  const knock = {
    identity: identityOf(scene, from),
    tls: cluster.tls,
    isHttp2: isHttp2(cluster),
    message: sent,
    from: where,
  };
  const asked = scene.isMadeUp ? workloads.slice(0, 1) : workloads;
  const arrivals = asked.map((workload) => arriveAt(scene, workload, knock, isExplained));
  // Workloads of one service are protected alike; where one has no app yet, the worse answer is told.
  const arrival = arrivals.find(({ outcome }) => outcome !== "forwarded") ?? arrivals[0];
  return arrival ? way(arrival, workloads) : nobody("No instance runs there.");
}

/** Sidecars agree on it in their handshake. */
const isHttp2 = ({ http: { protocol }, tls }: ClusterPlan): boolean =>
  protocol === "http2" || (protocol === "auto" && tls !== null);

/** What the plan makes, and whose signature the design wants: the plan has files only. */
function outsideTls(scene: Scene, { tls, metadata }: ClusterPlan, key: ObjectKey | null): HopTls | undefined {
  const asked = key === null ? undefined : scene.index.find("ExternalService", key)?.spec.tls;
  if (metadata["kind"] !== "external" || !tls || !asked) return undefined;
  return {
    serverName: tls.sni,
    names: tls.validationSecret === null ? [] : tls.sanMatchers.flatMap(({ value }) => value.exact ?? []),
    authorities: tls.validationSecret === null ? null : (asked.authorities ?? "public"),
    isMutual: tls.identitySecret !== null,
  };
}

const authorizerTail = (hop: Hop | undefined): string =>
  hop?.authorizers ? ` ${capital(authorizerWords(hop.authorizers))}.` : "";

const localityTail = (localities: AnswerDestination["localities"]): string =>
  localities ? ` ${capital(localityWords(localities))}.` : "";

const tailOf = (hop: Hop): string =>
  `${hashTail(hop)}${redirectTail(hop)}${mirrorTail(hop)}${faultTail(hop)}${corsTail(hop)}`;

const redirectTail = ({ internalRedirects, direction }: Hop): string =>
  internalRedirects
    ? ` Redirects that come back are followed by the ${direction === "gateway" ? "gateway" : "caller's sidecar"}: ${internalRedirectsText(internalRedirects)}.`
    : "";

const mirrorTail = ({ mirrors }: Hop): string => (mirrors ? ` Copies are also sent: ${mirrorWords(mirrors)}.` : "");

const hashTail = ({ hash }: Hop): string => (hash ? ` Hosts are chosen by a hash: ${hash.why}.` : "");

const corsTail = ({ cors }: Hop): string => (cors ? ` In a browser ${corsWords(cors)}.` : "");

const faultTail = ({ fault }: Hop): string => (fault ? ` A fault is made: ${faultWords(fault)}.` : "");

const ruleTail = (hop: Hop): string => (hop.rule ? `, ${ruleWords(hop)}` : "");

/** Clusters of one subset count together; likeliest first. */
export function merged(all: AnswerDestination[]): AnswerDestination[] {
  const byName = new Map<string, AnswerDestination>();
  for (const each of all) {
    const name = `${each.service}|${each.subset ?? ""}|${each.outcome}`;
    const known = byName.get(name);
    byName.set(name, known ? { ...known, probability: known.probability + each.probability } : each);
  }
  return [...byName.values()].sort((a, b) => b.probability - a.probability);
}

export function sentenceOf(
  caller: string,
  { arrival, hops, destination }: Way,
  destinations: AnswerDestination[],
): string {
  const [first, last] = hops;
  const to = destinationName(destination);
  const isConnection = first?.isConnection ?? last?.isConnection;
  const what = isConnection ? "connections" : "calls";
  const split = destinations.length > 1 ? ` (of the ${what}: ${splitSentence(destinations)})` : "";
  switch (arrival.outcome) {
    case "forwarded":
      return first
        ? `${forwardedSentence(caller, first, destinations, last ?? null)}${localityTail(destination.localities)}${[...new Set(hops)].map(authorizerTail).join("")}${tailOf(first)}`
        : "";
    case "denied":
      if (isConnection)
        return `${to} closes the connection of ${caller}: ${last ? refusalWords(last) : "a policy denies it"}${split}.`;
      return `${to} refuses ${caller} with ${arrival.status}: ${last ? refusalWords(last) : "a policy denies it"}${split}.`;
    case "refused":
      if (arrival.mtls !== "refused" && arrival.why) return `${caller} gets ${arrival.status}: ${arrival.why}`;
      if (first?.isConnection)
        return `The connection of ${caller} is closed: ${to} does not take it. ${arrival.why ?? ""}`.trim();
      return `${caller} gets 503 from its own sidecar, because ${to} does not take the connection. ${arrival.why ?? ""}`.trim();
    case "unreachable":
      if (isConnection)
        return `The connection of ${caller} is closed: ${arrival.why ?? `${to} has no app yet.`}${split}`;
      return `${caller} gets 503: ${arrival.why ?? `${to} has no app yet.`}${split}`;
    default:
      return `${to} answers ${arrival.status}${split}.`;
  }
}
