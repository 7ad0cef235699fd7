// What changes in the circuit breaker and the outlier detection of one destination, in words with units.
// The rule: only the parts that differ are told, each as it is now and as it was; one sentence for each of the two blocks.
import { durationText, statusesText } from "@/lib/mesh/diff/words";
import type { DestinationEjection, DestinationPool } from "./types";

type Parts = Readonly<Record<string, string>>;

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

const PROTOCOLS = {
  http1: "HTTP/1.1",
  http2: "HTTP/2",
  auto: "HTTP/2 where the host takes it",
} as const;

function poolParts({ maxConnections, connectTimeoutMs, tcpKeepaliveMs: keepalive, http }: DestinationPool): Parts {
  return {
    connections: `at most ${counted(maxConnections, "connection")}`,
    ...(http ? httpParts(http) : {}),
    connect: `a connect timeout of ${durationText(connectTimeoutMs)}`,
    keepalive: keepalive === null ? "no TCP keepalive" : `a TCP keepalive after ${durationText(keepalive)}`,
  };
}

function httpParts({ retries, ...http }: NonNullable<DestinationPool["http"]>): Parts {
  const { idleTimeoutMs: idle, maxRequestsPerConnection: perConnection, maxConnectionDurationMs: age } = http;
  const { maxConcurrentStreams: streams } = http;
  return {
    pending: `at most ${counted(http.maxPendingRequests, "waiting request")}`,
    requests: `at most ${counted(http.maxRequests, "request")} at once`,
    retries:
      "most" in retries
        ? `at most ${retries.most} ${retries.most === 1 ? "retry" : "retries"} at once`
        : `retries of at most ${retries.percent} % of the requests at once (${retries.minConcurrency} in any case)`,
    idle: idle === null ? "unused connections are kept" : `unused connections are closed after ${durationText(idle)}`,
    perConnection:
      perConnection === null
        ? "any number of requests on a connection"
        : `at most ${counted(perConnection, "request")} on a connection`,
    age: age === null ? "connections of any age" : `connections of at most ${durationText(age)}`,
    protocol: PROTOCOLS[http.protocol],
    streams:
      streams === null ? "no HTTP/2" : `at most ${counted(streams, "request")} at once on a connection of HTTP/2`,
  };
}

function ejectionParts(of: DestinationEjection): Parts {
  const enough = ({ minimumHosts, requestVolume }: { minimumHosts: number; requestVolume: number }) =>
    `where ${counted(minimumHosts, "host")} have ${counted(requestVolume, "request")}`;
  const { errorStatuses, consecutive5xxErrors: errors, consecutiveGatewayErrors: gateway } = of;
  const { isLocalOriginSplit, consecutiveLocalOriginFailures: local, successRate, failurePercentage } = of;
  return {
    statuses: `errors are ${errorStatuses ? statusesText(errorStatuses) : "5xx"}`,
    errors: errors === null ? "errors in a row count for nothing" : `out after ${counted(errors, "error")} in a row`,
    gateway:
      gateway === null
        ? "gateway errors in a row count for nothing"
        : `out after ${counted(gateway, "gateway error")} in a row`,
    local: localWords(isLocalOriginSplit, local),
    rate: successRate
      ? `out at a success rate ${successRate.standardDeviations} standard deviations below the others ${enough(successRate)}`
      : "success rates are not compared",
    failures: failurePercentage
      ? `out when ${failurePercentage.percent} % of its requests fail ${enough(failurePercentage)}`
      : "shares of failures are not looked at",
    interval: `looked at every ${durationText(of.intervalMs)}`,
    base: `out for ${durationText(of.baseEjectionTimeMs)} at first`,
    most: `at most ${of.maxEjectionPercent} % of the hosts at once`,
    one: of.alwaysEjectOneHost ? "always one host, however few there are" : "no host beyond that share",
    panic:
      of.panicPercent === 0
        ? "who is out is never called"
        : `all hosts are called while less than ${of.panicPercent} % are left`,
  };
}

function localWords(isSplit: boolean, failures: number | null): string {
  if (!isSplit) return "calls without an answer count as errors";
  if (failures === null) return "calls without an answer count for nothing";
  return `out after ${counted(failures, "call")} without an answer in a row`;
}

/** What is told of detection that came or went. */
const MAIN = ["statuses", "errors", "gateway", "rate", "failures", "base", "most"] as const;

function summary(of: DestinationEjection): string {
  const parts = ejectionParts(of);
  const isOff = {
    errors: of.consecutive5xxErrors === null,
    gateway: of.consecutiveGatewayErrors === null,
    rate: of.successRate === null,
    failures: of.failurePercentage === null,
    statuses: of.errorStatuses === null,
  };
  return MAIN.flatMap((part) => (part in isOff && isOff[part as keyof typeof isOff] ? [] : [parts[part]])).join(", ");
}

function difference(was: Parts, is: Parts, leftOut: readonly string[] = []): string | null {
  const names = Object.keys(is).filter((name) => is[name] !== was[name] && !leftOut.includes(name));
  if (names.length === 0) return null;
  const told = (parts: Parts) => names.map((name) => parts[name]).join(", ");
  return `${told(is)} now (${told(was)} before)`;
}

/** Null: the same. `isOtherTls`: which HTTP is spoken follows from that, which is told elsewhere. */
export function poolChange(was: DestinationPool, is: DestinationPool, isOtherTls: boolean): string | null {
  const hasStreams = [was, is].every(({ http }) => http && http.maxConcurrentStreams !== null);
  const leftOut = [...(isOtherTls ? ["protocol"] : []), ...(hasStreams && !isOtherTls ? [] : ["streams"])];
  return difference(poolParts(was), poolParts(is), leftOut);
}

/** Null: the same. Undefined: nobody is taken out. */
export function ejectionChange(
  was: DestinationEjection | undefined,
  is: DestinationEjection | undefined,
): { text: string; isGone: boolean } | null {
  if (!was && !is) return null;
  if (!was && is)
    return { text: `hosts that fail are taken out now: ${summary(is)} (none were before)`, isGone: false };
  if (was && !is) return { text: `no host that fails is taken out any more (${summary(was)} before)`, isGone: true };
  const text = was && is && difference(ejectionParts(was), ejectionParts(is));
  return text ? { text: `hosts that fail: ${text}`, isGone: false } : null;
}
