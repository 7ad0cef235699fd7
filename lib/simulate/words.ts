// The answer in sentences. The rule: who, what happens, why, in that order; numbers as people say them.
import { type MeshIndex, type ObjectKey, parseKey } from "@/lib/mesh";
import { limitText } from "@/lib/mesh/diff/words";
import { nameOf } from "./names";
import type {
  Answer,
  AnswerDestination,
  DestinationLocality,
  Hop,
  HopAuthorizer,
  HopConnectionRate,
  HopCors,
  HopFault,
  HopMirror,
  HopRateLimit,
  HopTls,
  Outcome,
} from "./types";

export function percentOf(share: number): string {
  const percent = share * 100;
  const rounded = Math.abs(percent - Math.round(percent)) < 0.005 ? Math.round(percent) : Number(percent.toFixed(2));
  return `${rounded} %`;
}

export function destinationName({ service, subset }: Pick<AnswerDestination, "service" | "subset">): string {
  return subset === undefined ? nameOf(service) : `${nameOf(service)} ${subset}`;
}

export function splitSentence(destinations: readonly AnswerDestination[]): string {
  return destinations.map((each) => `${percentOf(each.probability)} to ${destinationName(each)}`).join(", ");
}

const MTLS_WORDS = {
  mutual: "in mutual TLS",
  plaintext: "in plain text",
  refused: "and mutual TLS fails",
  none: "outside the mesh",
} as const;

/** `in TLS to bank.example, signed by a public authority` */
export function tlsWords({ serverName, names, authorities, isMutual }: HopTls): string {
  const how = `in ${isMutual ? "mutual " : ""}TLS${serverName === null ? "" : ` to ${serverName}`}`;
  if (authorities === null) return `${how}, and nobody verifies who answers`;
  const others = names.join(" or ") === serverName ? "" : `to show ${names.join(" or ")}, `;
  const signed = `signed by ${authorities === "public" ? "a public authority" : "an authority of the environment"}`;
  return others === "" ? `${how}, ${signed}` : `${how}, which has ${others}${signed}`;
}

/** `, in TLS to bank.example, signed by a public authority, behind the PROXY protocol, version 2` */
export function outsideWords({ tls, proxyProtocol }: Pick<Hop, "tls" | "proxyProtocol">): string {
  const told = proxyProtocol ? `, ${proxyProtocolWords(proxyProtocol)}` : "";
  return `${tls ? `, ${tlsWords(tls)}` : ""}${told}`;
}

export const proxyProtocolWords = (version: Hop["proxyProtocol"]): string =>
  version
    ? `behind the PROXY protocol, version ${version.slice(1)}, which says who called`
    : "without the PROXY protocol";

export function inboundSentence(callee: string, hop: Hop, outcome: Outcome): string {
  const refusal = hop.token?.status ?? hop.authorizers?.at(-1)?.status ?? 403;
  const token = hop.token?.rule ? `${hop.token.why}, and ` : "";
  const asked = hop.authorizers ? `${authorizerWords(hop.authorizers)}, and ` : "";
  const why = `${token}${asked}${hop.authorization?.why ?? ""}`;
  switch (outcome) {
    case "forwarded":
      return `${callee} takes it ${MTLS_WORDS[hop.mtls]}: ${why}.${limitsWords(hop)}`;
    case "denied":
      if (hop.isConnection) return `${callee} closes the connection: ${refusalWords(hop)}.`;
      return `${callee} refuses it with ${refusal}: ${refusalWords(hop)}.`;
    case "unreachable":
      return `${callee} has no app behind its sidecar yet.`;
    default:
      return `${callee} does not take it.`;
  }
}

/** Why the callee refuses. */
export function refusalWords({ token, authorizers, authorization }: Hop): string {
  if (token && token.status !== null) return token.why;
  const said = token?.rule ? `${token.why}, and ` : "";
  const asked = authorizers ? authorizerWords(authorizers) : "";
  if (!authorization) return `${said}${asked || "a policy denies it"}`;
  return `${said}${asked === "" ? "" : `${asked}, and `}${authorization.why}`;
}

/** `authorizer opa, whom ask-opa asks, decides` */
export const authorizerWords = (asked: readonly HopAuthorizer[]): string => asked.map(({ why }) => why).join("; ");

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

export function ruleWords({ rule }: Pick<Hop, "rule">): string {
  if (!rule) return "";
  const kind = parseKey(rule.object)?.kind;
  if (kind === "Dependency") return `by the drawn dependency ${nameOf(rule.object)}`;
  if (kind !== "Route" && kind !== "TcpRoute") return `by ${kind} ${nameOf(rule.object)}`;
  const index = /rules\[(\d+)\]/.exec(rule.path)?.[1];
  const which = rule.name === undefined ? `rule ${Number(index ?? 0) + 1}` : `rule "${rule.name}"`;
  return `by ${which} of ${kind} ${nameOf(rule.object)}`;
}

export function noHostSentence(
  index: MeshIndex,
  proxyName: string,
  host: string,
  callee: ObjectKey | undefined,
): string {
  const known = callee !== undefined && index.get(callee) !== undefined;
  if (!known) return `${proxyName} answers 404: nothing in this design is called "${host}".`;
  if (parseKey(callee)?.kind === "ExternalService") {
    return `${proxyName} answers 404: no dependency with an Egress leads it to ${nameOf(callee)}.`;
  }
  return `${proxyName} answers 404: no dependency from it to ${nameOf(callee)} is drawn for this host and port.`;
}

export function forwardedSentence(
  caller: string,
  first: Hop,
  destinations: Answer["destinations"],
  last: Hop | null,
): string {
  const [only, ...more] = destinations;
  const reaches =
    more.length > 0
      ? `The ${last?.isConnection ? "connections" : "calls"} of ${caller} go ${splitSentence(destinations)}`
      : `${caller} reaches ${only ? destinationName(only) : "the app"}`;
  const how = last ? ` ${MTLS_WORDS[last.mtls]}` : ` ${MTLS_WORDS[first.mtls]}${outsideWords(first)}`;
  const why = last?.authorization ? `; ${last.authorization.why}` : "";
  const rule = ruleWords(first);
  return `${reaches}${more.length > 0 ? "," : ""}${how}${rule === "" ? "" : `, ${rule}`}${why}.`;
}

/** `10 % of them wait 2 s, 0.5 % are aborted with 503, 5 % get their answer at 8 KiB/s` */
export function faultWords({ delay, abort, responseBandwidth }: HopFault): string {
  const said: string[] = [];
  if (delay) said.push(`${percentOf(delay.probability)} of them wait ${delay.ms} ms`);
  if (abort)
    said.push(`${percentOf(abort.probability)} ${delay ? "" : "of them "}are aborted with ${statusWords(abort)}`);
  if (responseBandwidth) {
    const { probability, kibPerSecond } = responseBandwidth;
    said.push(`${percentOf(probability)} ${delay || abort ? "" : "of them "}get their answer at ${kibPerSecond} KiB/s`);
  }
  return said.join(", ");
}

/** `10 % to payment-service v2, 100 % to audit, where they get 403` */
export function mirrorWords(mirrors: readonly HopMirror[]): string {
  return mirrors
    .map((each) => `${percentOf(each.probability)} to ${destinationName(each)}${mirrorEnd(each)}`)
    .join(", ");
}

const mirrorEnd = ({ outcome, status }: HopMirror): string =>
  outcome === "forwarded" ? "" : `, where they get ${status ?? "no answer"}`;

/** `a page of https://shop.example may read the answer` */
export function corsWords({ origin, isAllowed, isPreflight }: HopCors): string {
  return `a page of ${origin} may ${isAllowed ? "" : "not "}${isPreflight ? "make the call" : "read the answer"}`;
}

function statusWords({ status, grpcStatus }: NonNullable<HopFault["abort"]>): string {
  return grpcStatus === null ? String(status) : `gRPC status ${grpcStatus}`;
}

/** What holds only while there are not too many of them. */
function limitsWords({ rateLimit, connectionRate }: Hop): string {
  const requests = rateLimit ? ` A rate limit applies: ${limitWords(rateLimit)}.` : "";
  const connections = connectionRate
    ? ` A rate limit of connections applies: ${connectionRateWords(connectionRate)}.`
    : "";
  return `${requests}${connections}`;
}

/** `each instance takes at most 50 new connections per second (80 at once), more are closed` */
export function connectionRateWords({ perSecond, burst }: HopConnectionRate): string {
  return `each instance takes at most ${rateWords(perSecond, "new connection")} (${burst} at once), more are closed`;
}

/** `each instance takes at most 100 requests per second (200 at once), more get 429` */
export function limitWords({ perSecond, burst, status, shared }: HopRateLimit): string {
  const more = status === null ? "more are counted, not refused" : `more get ${status}`;
  if (shared) {
    const { requests, perMs, key, whenAway } = shared;
    const away = whenAway === "deny" ? "refused" : "let through";
    const whose =
      key === null ? "for all requests together" : key === "caller" ? "for each caller" : `for each value of ${key}`;
    return `all instances share a budget of ${limitText({ requests, perMs })} ${whose}, ${more}; while nobody can be asked, requests are ${away}`;
  }
  return `each instance takes at most ${rateWords(perSecond, "request")} (${burst} at once), ${more}`;
}

function rateWords(perSecond: number, what: string): string {
  const [count, period] =
    perSecond >= 1
      ? [perSecond, "second"]
      : perSecond * 60 >= 1
        ? [perSecond * 60, "minute"]
        : [perSecond * 3600, "hour"];
  const rounded = Number(count.toPrecision(4));
  return `${rounded} ${what}${rounded === 1 ? "" : "s"} per ${period}`;
}

/** `by locality 80 % to eu/a, 20 % to us; when eu/a is gone, 100 % to us`; of a level of several places all of them are gone. */
export function localityWords(localities: readonly DestinationLocality[]): string {
  const told = (share: (each: DestinationLocality) => number) =>
    localities
      .filter((each) => share(each) > 0)
      .sort((a, b) => share(b) - share(a))
      .map((each) => `${percentOf(share(each))} to ${placeWords(each)}`)
      .join(", ");
  const [now, later] = [told(({ probability }) => probability), told(({ whenFirstIsGone }) => whenFirstIsGone)];
  const first = [...localities].sort((a, b) => b.probability - a.probability)[0];
  if (!first) return `by locality ${now}`;
  const isGone = (each: DestinationLocality) =>
    each === first || (each.priority === first.priority && each.probability > 0 && each.whenFirstIsGone === 0);
  const gone = localities.filter(isGone).map(placeWords);
  const panic = first.whenFirstIsGone > 0 ? "too few are left and all are called, " : "";
  return `by locality ${now}; when ${gone.join(" and ")} ${gone.length > 1 ? "are" : "is"} gone, ${panic}${later === "" ? "there is nobody" : later}`;
}

const placeWords = ({ locality, priority }: Pick<DestinationLocality, "locality" | "priority">): string =>
  `${locality === "" ? "hosts without a locality" : locality}${priority === 0 ? "" : ` (level ${priority + 1})`}`;
