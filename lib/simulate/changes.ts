// Two answers to one question, and what is different for the caller.
// The rule: access first; where there is none in either version, or it came or went, nothing else is worth saying.

import { internalRedirectsText } from "@/lib/mesh/diff/words";
import { ejectionChange, poolChange } from "./pool-words";
import type { Answer, AnswerDestination, ConsequenceKind, Hop, HopTls } from "./types";
import {
  connectionRateWords,
  corsWords,
  destinationName,
  faultWords,
  limitWords,
  localityWords,
  mirrorWords,
  percentOf,
  proxyProtocolWords,
  tlsWords,
} from "./words";

/** `text` says what is so now and what was before; it is the same for every call that changes the same way. */
export type Change = { kind: ConsequenceKind; severity: "attention" | "change"; text: string };

const SHARE_TOLERANCE = 0.0005;

export function changesBetween(before: Answer, after: Answer): Change[] {
  if (isPreflight(before) !== isPreflight(after)) return corsChange(before.hops[0], after.hops[0]);
  const had = reaches(before);
  const has = reaches(after);
  if (had && !has) return [{ kind: "loses-access", severity: "attention", text: reasonOf(after) }];
  if (!had && has) return [{ kind: "gains-access", severity: "attention", text: reasonOf(after) }];
  if (!has) return repliesDiffer(before, after);
  return [
    ...shareChanges(before, after),
    ...localityChanges(before, after),
    ...poolChanges(before, after),
    ...hopChanges(before.hops[0], after.hops[0]),
    ...authorizerChange(before.hops, after.hops),
    ...limitChange(before.hops.at(-1), after.hops.at(-1)),
    ...mtlsChange(before, after),
    ...proxyProtocolChange(before.hops[0], after.hops[0]),
  ];
}

/** Who answers it is no matter of access. */
const isPreflight = ({ hops }: Answer) => hops[0]?.cors?.isPreflight === true;

/** Some request of this kind gets to an app. */
export const reaches = ({ destinations }: Pick<Answer, "destinations">): boolean =>
  destinations.some(({ outcome, probability }) => outcome === "forwarded" && probability > 0);

const reasonOf = (answer: Answer) => `${answer.outcome} ${answer.hops.at(-1)?.authorization?.why ?? answer.sentence}`;

function repliesDiffer(before: Answer, after: Answer): Change[] {
  const replyOf = ({ hops }: Answer) => hops[0]?.reply?.location ?? hops[0]?.reply?.body ?? "";
  if (before.outcome === after.outcome && before.status === after.status && replyOf(before) === replyOf(after))
    return [];
  const kind = before.outcome === after.outcome ? "status" : "route";
  return [{ kind, severity: "change", text: `${answerWords(after)} now (${answerWords(before)} before)` }];
}

function answerWords({ outcome, status, hops }: Answer): string {
  const location = hops[0]?.reply?.location;
  if (location !== undefined) return `redirected to ${location}`;
  return status === null ? outcome : `${outcome} with ${status}`;
}

const nameIn = (each: AnswerDestination) => `${each.service} ${each.subset ?? ""}`;

function shareChanges(before: Answer, after: Answer): Change[] {
  const shares = new Map<string, { each: AnswerDestination; was: number; is: number }>();
  for (const each of before.destinations) add(shares, each, each.probability, 0);
  for (const each of after.destinations) add(shares, each, 0, each.probability);
  const changes = [...shares.values()]
    .filter(({ was, is }) => Math.abs(was - is) > SHARE_TOLERANCE)
    .map(({ each, was, is }): Change => {
      const services = new Set([...before.destinations, ...after.destinations].map(({ service }) => service));
      const kind = services.size > 1 ? "destination" : "share";
      const text = `${percentOf(is)} now goes to ${shortName(each)} (${percentOf(was)} before)`;
      return { kind, severity: "change", text };
    });
  return [...changes, ...blockedChanges(before, after)];
}

/** The same destination, and other hosts of it: those near to the caller, or with shares of their own. */
function localityChanges(before: Answer, after: Answer): Change[] {
  const words = ({ localities }: AnswerDestination) => (localities ? localityWords(localities) : "all hosts alike");
  return after.destinations.flatMap((each): Change[] => {
    const earlier = before.destinations.find((other) => nameIn(other) === nameIn(each));
    if (!earlier || words(earlier) === words(each)) return [];
    const text = `calls to ${shortName(each)} go ${words(each)} now (${words(earlier)} before)`;
    return [{ kind: "destination", severity: "change", text }];
  });
}

/** The same destination, and other limits of how it is called. */
function poolChanges(before: Answer, after: Answer): Change[] {
  const isOtherTls = before.hops[0]?.mtls !== after.hops[0]?.mtls;
  return after.destinations.flatMap((each): Change[] => {
    const earlier = before.destinations.find((other) => nameIn(other) === nameIn(each));
    if (!earlier) return [];
    const to = `calls to ${shortName(each)}`;
    const pool = earlier.pool && each.pool && poolChange(earlier.pool, each.pool, isOtherTls);
    const ejection = ejectionChange(earlier.ejection, each.ejection);
    return [
      ...(pool ? [{ kind: "circuit-breaker", severity: "change", text: `${to}: ${pool}` } as const] : []),
      ...(ejection
        ? [
            {
              kind: "outlier-detection",
              severity: ejection.isGone ? "attention" : "change",
              text: `${to}: ${ejection.text}`,
            } as const,
          ]
        : []),
    ];
  });
}

function add(
  shares: Map<string, { each: AnswerDestination; was: number; is: number }>,
  each: AnswerDestination,
  was: number,
  is: number,
): void {
  const known = shares.get(nameIn(each));
  shares.set(nameIn(each), { each, was: (known?.was ?? 0) + was, is: (known?.is ?? 0) + is });
}

const shortName = (each: AnswerDestination) => each.subset ?? destinationName(each);

/** A part of the calls that does not arrive any more, while the rest does. */
function blockedChanges(before: Answer, after: Answer): Change[] {
  const blocked = ({ destinations }: Answer) =>
    destinations
      .filter(({ outcome }) => outcome !== "forwarded")
      .reduce((sum, { probability }) => sum + probability, 0);
  const [was, is] = [blocked(before), blocked(after)];
  if (Math.abs(was - is) <= SHARE_TOLERANCE) return [];
  return [
    {
      kind: "status",
      severity: "attention",
      text: `${percentOf(is)} of the calls now fail (${percentOf(was)} before)`,
    },
  ];
}

function hopChanges(before: Hop | undefined, after: Hop | undefined): Change[] {
  const changes: Change[] = [];
  const say = (kind: ConsequenceKind, is: string, was: string) => {
    if (is !== was) changes.push({ kind, severity: "change", text: `${is} now (${was} before)` });
  };
  say("timeout", timeoutWords(after), timeoutWords(before));
  say("timeout", idleWords(after), idleWords(before));
  say("retries", retryWords(after), retryWords(before));
  say("route", redirectWords(after), redirectWords(before));
  say("route", rewriteWords(after), rewriteWords(before));
  // of another cluster more than this is different, and that is told
  if (before?.cluster === after?.cluster) say("destination", hashWords(after), hashWords(before));
  return [...changes, ...mirrorChange(before, after), ...faultChange(before, after), ...corsChange(before, after)];
}

/** Who is asked decides by themselves: that calls still arrive is said by nobody here. */
function authorizerChange(before: readonly Hop[], after: readonly Hop[]): Change[] {
  const names = (hops: readonly Hop[]) =>
    hops.flatMap(({ authorizers = [] }) => authorizers.map(({ name }) => name)).join(" and ");
  const [was, is] = [names(before), names(after)];
  if (was === is) return [];
  const earlier = was === "" ? "nobody was asked before" : `authorizer ${was} before`;
  if (is === "") return [{ kind: "authorizer", severity: "attention", text: `nobody is asked any more (${earlier})` }];
  return [{ kind: "authorizer", severity: "attention", text: `authorizer ${is} decides now (${earlier})` }];
}

function limitChange(before: Hop | undefined, after: Hop | undefined): Change[] {
  const requests = (hop: Hop | undefined) => (hop?.rateLimit ? limitWords(hop.rateLimit) : "no rate limit");
  const connections = (hop: Hop | undefined) =>
    hop?.connectionRate ? connectionRateWords(hop.connectionRate) : "no rate limit of connections";
  return [requests, connections].flatMap((words): Change[] => {
    const [was, is] = [words(before), words(after)];
    return was === is ? [] : [{ kind: "status", severity: "change", text: `${is} now (${was} before)` }];
  });
}

/** Somebody else is asked as well: what is written there is written twice. */
function mirrorChange(before: Hop | undefined, after: Hop | undefined): Change[] {
  const [was, is] = [before, after].map((hop) => (hop?.mirrors ? mirrorWords(hop.mirrors) : ""));
  if (was === is) return [];
  if (!is) return [{ kind: "destination", severity: "change", text: `no copies are sent any more (${was} before)` }];
  const earlier = was ? `${was} before` : "nowhere else before";
  return [{ kind: "destination", severity: "attention", text: `copies are also sent: ${is} (${earlier})` }];
}

/** Worth a look when it comes, good to know when it goes. */
function faultChange(before: Hop | undefined, after: Hop | undefined): Change[] {
  const words = (hop: Hop | undefined) => (hop?.fault ? faultWords(hop.fault) : "no faults");
  const [was, is] = [words(before), words(after)];
  if (was === is) return [];
  return [{ kind: "status", severity: after?.fault ? "attention" : "change", text: `${is} now (${was} before)` }];
}

function corsChange(before: Hop | undefined, after: Hop | undefined): Change[] {
  const words = (hop: Hop | undefined) =>
    hop?.cors ? corsWords(hop.cors) : "nothing is said to pages of other origins";
  const [was, is] = [words(before), words(after)];
  return was === is ? [] : [{ kind: "status", severity: "change", text: `${is} now (${was} before)` }];
}

function timeoutWords(hop: Hop | undefined): string {
  if (hop?.timeoutMs == null) return "no timeout";
  return `a timeout of ${duration(hop.timeoutMs)}`;
}

function idleWords(hop: Hop | undefined): string {
  if (hop?.idleTimeoutMs === undefined) return "no idle timeout of its own";
  return `an idle timeout of ${duration(hop.idleTimeoutMs)}`;
}

const duration = (ms: number) => (ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`);

function retryWords(hop: Hop | undefined): string {
  if (!hop?.retries || hop.retries.attempts === 0) return "no retries";
  const { attempts, perTryTimeoutMs, backoff, remoteLocalities, sameHosts, on } = hop.retries;
  const each = perTryTimeoutMs === null ? "" : `, each try up to ${duration(perTryTimeoutMs)}`;
  const waits = backoff
    ? `, waiting up to ${duration(backoff.baseMs)} at first and ${duration(backoff.maxMs)} at most`
    : "";
  const elsewhere = remoteLocalities ? ", in other localities after two tries" : "";
  const again = sameHosts ? ", at hosts that were tried too" : "";
  return `up to ${attempts} ${attempts === 1 ? "retry" : "retries"} on ${on.join(", ")}${each}${waits}${elsewhere}${again}`;
}

function redirectWords(hop: Hop | undefined): string {
  if (!hop?.internalRedirects) return "redirects go to the caller";
  return `redirects followed by the proxy: ${internalRedirectsText(hop.internalRedirects)}`;
}

function hashWords(hop: Hop | undefined): string {
  if (!hop?.hash) return "no hash";
  const { table, keys } = hop.hash;
  const what = keys.map(({ key }) => key).join(", ");
  return what === "" ? "a hash of nothing" : `hosts chosen by a hash of ${what} (${table})`;
}

function rewriteWords(hop: Hop | undefined): string {
  const rewrites = hop?.rewrites;
  if (!rewrites) return "sent as it came";
  const parts = [
    ...(rewrites.path ? [`sent as ${rewrites.path.to}`] : []),
    ...(rewrites.host ? [`sent to host ${rewrites.host.to}`] : []),
    ...[...rewrites.headers, ...rewrites.responseHeaders].map(
      ({ op, name, value }) => `${op} header ${name}${value === undefined ? "" : ` ${value}`}`,
    ),
  ];
  return parts.join(", ");
}

const WORDS = {
  mutual: "in mutual TLS",
  plaintext: "in plain text",
  refused: "without agreement on TLS",
  none: "outside the mesh",
} as const;

function mtlsChange(before: Answer, after: Answer): Change[] {
  const was = before.hops[0]?.mtls;
  const is = after.hops[0]?.mtls;
  if (was === undefined || is === undefined) return [];
  const outside = outsideTlsChange(before.hops[0]?.tls, after.hops[0]?.tls);
  if (outside.length > 0) return outside;
  if (was === is) return plainTextChange(before.hops.at(-1), after.hops.at(-1));
  const severity = is === "mutual" ? "change" : "attention";
  return [{ kind: "mtls", severity, text: `${WORDS[is]} now (${WORDS[was]} before)` }];
}

/** To a server outside the mesh. */
function outsideTlsChange(before: HopTls | undefined, after: HopTls | undefined): Change[] {
  const words = (tls: HopTls | undefined) => (tls ? tlsWords(tls) : "in plain text");
  if (words(before) === words(after)) return [];
  const isVerified = after !== undefined && after.authorities !== null;
  return [
    {
      kind: "mtls",
      severity: isVerified ? "change" : "attention",
      text: `${words(after)} now (${words(before)} before)`,
    },
  ];
}

/** A host expects it or does not: who is told and who is not is another's to know. */
function proxyProtocolChange(before: Hop | undefined, after: Hop | undefined): Change[] {
  const [was, is] = [before?.proxyProtocol, after?.proxyProtocol];
  if (!before || !after || was === is) return [];
  const text = `${proxyProtocolWords(is)} now (${proxyProtocolWords(was)} before)`;
  return [{ kind: "destination", severity: "attention", text }];
}

/** The call itself stays in mutual TLS; whether it has to be is another matter. */
function plainTextChange(before: Hop | undefined, after: Hop | undefined): Change[] {
  if (before?.mtls !== "mutual" || after?.mtls !== "mutual") return [];
  const was = before.takesPlainText === true;
  const is = after.takesPlainText === true;
  if (was === is) return [];
  const words = (isTaken: boolean) => (isTaken ? "plain text is taken too" : "mutual TLS only");
  return [{ kind: "mtls", severity: is ? "attention" : "change", text: `${words(is)} now (${words(was)} before)` }];
}
