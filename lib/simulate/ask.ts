// ask: one question, hop by hop, as the proxies of this design would decide it.
// The rule: the caller's plan and the callee's plan decide; the answer of the app itself is not known and is null.
import type { ClusterChoice, ForwardAction, VirtualHostPlan } from "@meshwright/proxy/plan";
import {
  grpcStatusOfHttp,
  grpcStatusWord,
  isGrpcRequest,
  pickCluster,
  probabilityOf,
} from "@meshwright/proxy/semantics";
import { targetOfClusterName } from "@/lib/compile/destinations";
import { type ObjectKey, parseKey } from "@/lib/mesh";
import type { Arrival } from "./arrival";
import { arriveAt, identityOf, workloadsOf } from "./arrive";
import { bareAnswer, dead, isBare } from "./bare";
import { faultOf } from "./faults";
import { type Departure, leave, sentTo } from "./leave";
import { type Message, messageOf, viewOf } from "./message";
import { nameOf, objectOfHost } from "./names";
import { serviceOfCluster } from "./origins";
import type { PlannedProxy, Scene } from "./scene";
import type { Answer, AnswerDestination, Caller, Hop, HopMirror, Outcome, Question } from "./types";
import {
  authorizerWords,
  capital,
  corsWords,
  destinationName,
  faultWords,
  forwardedSentence,
  mirrorWords,
  noHostSentence,
  refusalWords,
  ruleWords,
  splitSentence,
} from "./words";

type Planned = Extract<PlannedProxy, { ok: true }>;

export function ask(scene: Scene, question: Question): Answer {
  return answerTo(scene, question, true);
}

/** Without explanations it is some times faster: for comparing thousands of answers. */
export function answerTo(scene: Scene, question: Question, isExplained: boolean): Answer {
  const message = messageOf(question);
  const { grpcStatus, isUnread, ...answer } = httpAnswer(scene, question, message, isExplained);
  if (answer.status === null || isUnread || !isGrpcRequest(viewOf(message))) return answer;
  return grpcAnswer(answer, grpcStatus ?? grpcStatusOfHttp(answer.status));
}

/** What a proxy says to a gRPC caller is a status of gRPC; the app's own answers are not touched. */
function grpcAnswer(answer: Answer, grpcStatus: number): Answer {
  const sentence = `${answer.sentence} To a gRPC caller that is grpc-status ${grpcStatus} (${grpcStatusWord(grpcStatus)}).`;
  return { ...answer, grpcStatus, sentence };
}

/** `isUnread`: refused before anybody saw what is asked for, and so in plain HTTP. */
type Told = Answer & { isUnread?: true };

function httpAnswer(scene: Scene, question: Question, message: Message, isExplained: boolean): Told {
  const caller = callerKey(question.from);
  if (isBare(scene, caller)) return bareAnswer(scene, caller, message, isExplained);
  const proxy = scene.proxyOf(caller);
  if (!proxy.ok) return dead("unreachable", proxy.reason);
  const random = Math.floor((question.draw ?? 0) * 1_000_000);
  const departure = leave(scene, proxy, message, random, isExplained);
  if (!departure) return dead("unreachable", `${nameOf(caller)} has no proxy listener that takes its calls.`);
  const { result } = departure.passage;
  if (result.kind === "forwarded") return forwarded(scene, question, proxy, departure, result.action, isExplained);
  return ownAnswer(scene, nameOf(proxy.owner), caller, departure);
}

export const callerKey = (from: Caller): ObjectKey => (from.kind === "workload" ? from.workload : from.gateway);

/** What the first proxy says itself. */
function ownAnswer(scene: Scene, name: string, caller: ObjectKey, { hop, passage }: Departure): Told {
  const { result, message, virtualHost } = passage;
  const answer = (outcome: Outcome, status: number, sentence: string): Answer => ({
    outcome,
    status,
    sentence,
    ...dependingOn([hop]),
    hops: [{ ...hop, sentence }],
    destinations: [],
  });
  const what = `${message.method} ${message.path}`;
  switch (result.kind) {
    case "redirected":
      return answer(
        "redirected",
        result.status,
        `${name} redirects (${result.status}) to ${result.location}, ${ruleWords(hop)}.`,
      );
    case "responded": {
      const { cors } = hop;
      if (cors?.isPreflight) {
        const words = `${name} answers the preflight itself (200), ${ruleWords(hop)}: ${corsWords(cors)}.`;
        return answer("responded", result.status, words);
      }
      const own = answer("responded", result.status, `${name} answers ${result.status} itself, ${ruleWords(hop)}.`);
      return result.grpcStatus === undefined ? own : { ...own, grpcStatus: result.grpcStatus };
    }
    case "no-route": {
      // Envoy has 404 for both: docs/reference/envoy-differences.md
      if (message.method === "CONNECT") {
        const words = `${name} answers 405: no TCP port that it may call is at ${message.authority}.`;
        return answer("no-route", 405, words);
      }
      if (virtualHost && isTcpOnly(virtualHost)) {
        const words = `${name} answers 404: ${virtualHost.name} is a TCP port, which an app reaches by CONNECT.`;
        return answer("no-route", 404, words);
      }
      if (virtualHost) {
        const count = hop.considered.length;
        const rules = count === 1 ? "the one rule" : count === 0 ? "no rule" : `none of the ${count} rules`;
        const takes = hop.considered.length === 1 ? "does not take" : "takes";
        return answer("no-route", 404, `${name} answers 404: ${rules} for ${virtualHost.name} ${takes} ${what}.`);
      }
      const callee = objectOfHost(scene.index, message.authority, parseKey(caller)?.namespace);
      return answer("no-route", 404, noHostSentence(scene.index, name, message.authority, callee));
    }
    case "malformed": {
      const own = answer("refused", result.status, `${name} answers ${result.status}: ${result.why}.`);
      return result.isUnread ? { ...own, isUnread: true } : own;
    }
    default: {
      const status = result.kind === "denied" ? result.status : 403;
      return answer("denied", status, `${name} refuses ${what} with ${status}: ${refusalWords(hop)}.`);
    }
  }
}

const isTcpOnly = ({ routes }: VirtualHostPlan): boolean =>
  routes.length > 0 && routes.every(({ match }) => match.path.kind === "connect");

type Way = { destination: AnswerDestination; hops: Hop[]; arrival: Arrival; choice: ClusterChoice };

function forwarded(
  scene: Scene,
  question: Question,
  proxy: Planned,
  { hop, passage }: Departure,
  action: ForwardAction,
  isExplained: boolean,
): Answer {
  const from = callerKey(question.from);
  const mirrors = mirrorsOf(scene, from, proxy, hop, passage.message, action);
  const ways = action.clusters.map((choice) => {
    const { sent, rewrites } = sentTo(passage.message, messageOf(question).path, action, choice);
    const fault = faultOf(passage.connection, choice, viewOf(passage.message));
    const first: Hop = {
      ...hop,
      cluster: choice.name,
      ...(rewrites ? { rewrites } : {}),
      ...(fault ? { fault } : {}),
      ...(mirrors.length > 0 ? { mirrors } : {}),
    };
    return toCluster(scene, from, proxy, first, choice, choice.weight / action.totalWeight, sent, isExplained);
  });
  const [likeliest] = [...ways].sort((a, b) => b.choice.weight - a.choice.weight);
  const drawn = question.draw === undefined ? undefined : drawnCluster(action, question.draw);
  const taken = ways.find(({ choice }) => choice === drawn) ?? likeliest;
  if (!taken) return dead("unreachable", "The route has no destination.");
  const destinations = merged(ways.map(({ destination }) => destination));
  return {
    outcome: taken.arrival.outcome,
    status: taken.arrival.status,
    sentence: sentenceOf(nameOf(proxy.owner), taken, destinations),
    ...dependingOn(taken.hops),
    hops: taken.hops,
    destinations,
  };
}

/** On whom it depends what becomes of the request. */
function dependingOn(hops: readonly Hop[]): Pick<Answer, "dependsOn"> {
  const names = hops.flatMap(({ authorizers = [] }) => authorizers.filter(({ answer }) => answer === null));
  return names.length > 0 ? { dependsOn: names.map(({ name }) => name) } : {};
}

/** A copy is of what the first destination gets. */
function mirrorsOf(
  scene: Scene,
  from: ObjectKey,
  proxy: Planned,
  hop: Hop,
  message: Message,
  action: ForwardAction,
): HopMirror[] {
  const [first] = action.clusters;
  if (!first) return [];
  return action.mirrors.map(({ cluster, share }) => {
    const choice = { ...first, name: cluster };
    const { sent } = sentTo(message, message.path, action, choice);
    const probability = share === null ? 1 : probabilityOf(share);
    const { destination, arrival } = toCluster(scene, from, proxy, hop, choice, probability, sent, false);
    const why = arrival.hop?.authorization?.why ?? arrival.why;
    return { ...destination, ...(arrival.outcome === "forwarded" || why === undefined ? {} : { why }) };
  });
}

const drawnCluster = (action: ForwardAction, draw: number): ClusterChoice =>
  pickCluster(action, Math.min(action.totalWeight - 1, Math.floor(draw * action.totalWeight)));

function toCluster(
  scene: Scene,
  from: ObjectKey,
  proxy: Planned,
  first: Hop,
  choice: ClusterChoice,
  probability: number,
  sent: Message,
  isExplained: boolean,
): Way {
  const cluster = proxy.plan.clusters.get(choice.name);
  const service = cluster && serviceOfCluster(cluster.metadata, choice.name);
  const way = (arrival: Arrival, workloads: ObjectKey[]): Way => {
    const { outcome, status } = arrival;
    const subset = targetOfClusterName(choice.name)?.subset;
    const destination = {
      service: service ?? "",
      ...(subset === undefined ? {} : { subset }),
      workloads,
      probability,
      outcome,
      status,
    };
    const outbound: Hop = {
      ...first,
      mtls: arrival.mtls,
      sentence: `Sent to ${destinationName(destination)}${ruleTail(first)}.${authorizerTail(first)}${tailOf(first)}`,
    };
    return { destination, hops: arrival.hop ? [outbound, arrival.hop] : [outbound], arrival, choice };
  };
  const nobody = (why: string, workloads: ObjectKey[] = []): Way =>
    way({ outcome: "unreachable", status: 503, mtls: "none", hop: null, why }, workloads);
  if (!cluster || !service) return nobody(`There is no cluster ${choice.name}.`);
  if (cluster.metadata["kind"] === "external") {
    return way({ outcome: "forwarded", status: null, mtls: cluster.tls ? "mutual" : "none", hop: null }, []);
  }
  const workloads = workloadsOf(cluster, service);
  if (workloads.length === 0) return nobody("No instance runs there.");
  if (scene.index.find("Service", service)?.spec.optOut) {
    return way({ outcome: "forwarded", status: null, mtls: "plaintext", hop: null }, workloads);
  }
  const where = { address: sent.address, isBehindGateway: parseKey(from)?.kind === "Gateway" };
  const knock = { identity: identityOf(scene, from), tls: cluster.tls, message: sent, from: where };
  const asked = scene.isMadeUp ? workloads.slice(0, 1) : workloads;
  const arrivals = asked.map((workload) => arriveAt(scene, workload, knock, isExplained));
  // Workloads of one service are protected alike; where one has no app yet, the worse answer is told.
  const arrival = arrivals.find(({ outcome }) => outcome !== "forwarded") ?? arrivals[0];
  return arrival ? way(arrival, workloads) : nobody("No instance runs there.");
}

const authorizerTail = (hop: Hop | undefined): string =>
  hop?.authorizers ? ` ${capital(authorizerWords(hop.authorizers))}.` : "";

const tailOf = (hop: Hop): string => `${mirrorTail(hop)}${faultTail(hop)}${corsTail(hop)}`;

const mirrorTail = ({ mirrors }: Hop): string => (mirrors ? ` Copies are also sent: ${mirrorWords(mirrors)}.` : "");

const corsTail = ({ cors }: Hop): string => (cors ? ` In a browser ${corsWords(cors)}.` : "");

const faultTail = ({ fault }: Hop): string => (fault ? ` A fault is made: ${faultWords(fault)}.` : "");

const ruleTail = (hop: Hop): string => (hop.rule ? `, ${ruleWords(hop)}` : "");

/** Clusters of one subset count together; likeliest first. */
function merged(all: AnswerDestination[]): AnswerDestination[] {
  const byName = new Map<string, AnswerDestination>();
  for (const each of all) {
    const name = `${each.service}|${each.subset ?? ""}|${each.outcome}`;
    const known = byName.get(name);
    byName.set(name, known ? { ...known, probability: known.probability + each.probability } : each);
  }
  return [...byName.values()].sort((a, b) => b.probability - a.probability);
}

function sentenceOf(caller: string, { arrival, hops, destination }: Way, destinations: AnswerDestination[]): string {
  const [first, last] = hops;
  const to = destinationName(destination);
  const what = last?.isConnection ? "connections" : "calls";
  const split = destinations.length > 1 ? ` (of the ${what}: ${splitSentence(destinations)})` : "";
  switch (arrival.outcome) {
    case "forwarded":
      return first
        ? `${forwardedSentence(caller, first, destinations, last ?? null)}${[...new Set(hops)].map(authorizerTail).join("")}${tailOf(first)}`
        : "";
    case "denied":
      if (last?.isConnection) return `${to} closes the connection of ${caller}: ${refusalWords(last)}${split}.`;
      return `${to} refuses ${caller} with ${arrival.status}: ${last ? refusalWords(last) : "a policy denies it"}${split}.`;
    case "refused":
      return `${caller} gets 503 from its own sidecar, because ${to} does not take the connection. ${arrival.why ?? ""}`.trim();
    case "unreachable":
      if (last?.isConnection) return `The connection of ${caller} is closed: ${to} has no app yet.${split}`;
      return `${caller} gets 503: ${arrival.why ?? `${to} has no app yet.`}${split}`;
    default:
      return `${to} answers ${arrival.status}${split}.`;
  }
}
