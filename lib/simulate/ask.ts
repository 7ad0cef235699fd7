// ask: one question, hop by hop, as the proxies of this design would decide it.
// The rule: the caller's plan and the callee's plan decide; the answer of the app itself is not known and is null.
import type { ClusterChoice, ForwardAction, VirtualHostPlan } from "@meshwright/proxy/plan";
import { grpcStatusOfHttp, grpcStatusWord, isGrpcRequest, probabilityOf } from "@meshwright/proxy/semantics";
import { type ObjectKey, parseKey } from "@/lib/mesh";
import { bareAnswer, dead, isBare } from "./bare";
import { connectionAnswer, connectionAt } from "./connect";
import { entranceOf } from "./entry";
import { faultOf } from "./faults";
import { hashOf } from "./hashing";
import { type Departure, leave, sentTo } from "./leave";
import { type Message, messageOf, viewOf } from "./message";
import { nameOf, objectOfHost } from "./names";
import type { PlannedProxy, Scene } from "./scene";
import type { Answer, Caller, Hop, HopMirror, Outcome, Question } from "./types";
import { dependingOn, drawnCluster, merged, sentenceOf, toCluster } from "./ways";
import { corsWords, noHostSentence, refusalWords, ruleWords } from "./words";

type Planned = Extract<PlannedProxy, { ok: true }>;

export function ask(scene: Scene, question: Question): Answer {
  return answerTo(scene, question, true);
}

/** Without explanations it is some times faster: for comparing thousands of answers. */
export function answerTo(scene: Scene, question: Question, isExplained: boolean): Answer {
  const message = messageOf(question);
  const listener = connectionAt(scene, callerKey(question.from), question);
  if (listener) return connectionAnswer(scene, callerKey(question.from), listener, message, question.draw, isExplained);
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
  const entrance = entranceOf(scene, proxy, question, message);
  if (!entrance) return dead("unreachable", `${nameOf(caller)} has no proxy listener that takes its calls.`);
  if ("closed" in entrance) return { ...entrance.closed, status: null };
  const departure = leave(scene, proxy, entrance, message, random, isExplained);
  const { result } = departure.passage;
  const answer =
    result.kind === "forwarded"
      ? forwarded(scene, question, proxy, departure, result.action, isExplained)
      : ownAnswer(scene, nameOf(proxy.owner), caller, departure);
  return entrance.proviso ? { ...answer, sentence: `${answer.sentence} ${entrance.proviso}` } : answer;
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

function forwarded(
  scene: Scene,
  question: Question,
  proxy: Planned,
  { hop, passage }: Departure,
  action: ForwardAction,
  isExplained: boolean,
): Answer {
  const from = callerKey(question.from);
  const ways = action.clusters.map((choice) => {
    const mirrors = mirrorsOf(scene, from, proxy, hop, passage.message, action, choice);
    const { sent, rewrites } = sentTo(passage.message, messageOf(question).path, action, choice);
    const fault = faultOf(passage.connection, choice, viewOf(passage.message));
    const { remoteAddress } = passage.context;
    const hash = hashOf(proxy, choice.name, action.hashPolicies, sent, remoteAddress);
    const first: Hop = {
      ...hop,
      cluster: choice.name,
      ...(rewrites ? { rewrites } : {}),
      ...(fault ? { fault } : {}),
      ...(hash ? { hash } : {}),
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

/** A copy is of what the destination gets. */
function mirrorsOf(
  scene: Scene,
  from: ObjectKey,
  proxy: Planned,
  hop: Hop,
  message: Message,
  action: ForwardAction,
  taken: ClusterChoice,
): HopMirror[] {
  return action.mirrors.map(({ cluster, share }) => {
    const choice = { ...taken, name: cluster };
    const { sent } = sentTo(message, message.path, action, choice);
    const probability = share === null ? 1 : probabilityOf(share);
    const { destination, arrival } = toCluster(scene, from, proxy, hop, choice, probability, sent, false);
    const why = arrival.hop?.authorization?.why ?? arrival.why;
    return { ...destination, ...(arrival.outcome === "forwarded" || why === undefined ? {} : { why }) };
  });
}
