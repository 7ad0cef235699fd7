// What is told of one hop beside its sentence, as names and values. Pure.
// Rule: times are those of the design, to the millisecond; a rounded one would be another design.
import { formatPercent } from "@/components/ui/format";
import { parseKey } from "@/lib/mesh";
import { durationText, internalRedirectsText } from "@/lib/mesh/diff/words";
import type { Hop } from "@/lib/simulate";

export function factsOf({
  virtualHost,
  cluster,
  timeoutMs,
  idleTimeoutMs,
  retries,
  internalRedirects,
  hash,
  fault,
  mirrors,
  cors,
  rewrites,
  identity,
  direction,
}: Hop): [string, string][] {
  const facts: [string, string][] = [];
  const isOut = direction !== "inbound";
  if (isOut && virtualHost) facts.push(["Virtual host", virtualHost]);
  if (cluster) facts.push(["Cluster", cluster]);
  if (isOut && timeoutMs !== undefined) facts.push(["Timeout", timeoutMs === null ? "none" : durationText(timeoutMs)]);
  if (isOut && idleTimeoutMs !== undefined) facts.push(["Idle timeout", durationText(idleTimeoutMs)]);
  if (retries) {
    const { backoff } = retries;
    const waits = backoff
      ? `, waiting up to ${durationText(backoff.baseMs)} at first and ${durationText(backoff.maxMs)} at most`
      : "";
    const each = retries.perTryTimeoutMs === null ? "" : `, each up to ${durationText(retries.perTryTimeoutMs)}`;
    const elsewhere = retries.remoteLocalities ? ", in other localities after two tries" : "";
    const again = retries.sameHosts ? ", at hosts that were tried too" : "";
    facts.push([
      "Retries",
      `up to ${retries.attempts}${each}, on ${retries.on.join(", ")}${waits}${elsewhere}${again}`,
    ]);
  }
  if (internalRedirects) facts.push(["Redirects followed", internalRedirectsText(internalRedirects)]);
  for (const { key, value, isGiven } of hash?.keys ?? []) {
    facts.push([`Hashed: ${key}`, value ?? (isGiven ? "given with the answer" : "not there")]);
  }
  for (const { service, subset, probability, outcome, status, why } of mirrors ?? []) {
    const problem = outcome === "forwarded" ? "" : `; gets ${status ?? "no answer"}${why ? `: ${why}` : ""}`;
    facts.push([
      "Copied",
      `${formatPercent(probability)} also to ${[parseKey(service)?.name, subset].filter(Boolean).join(" ")}${problem}`,
    ]);
  }
  if (fault?.delay)
    facts.push(["Delayed", `${formatPercent(fault.delay.probability)} by ${durationText(fault.delay.ms)}`]);
  if (fault?.abort) {
    const { probability, status, grpcStatus } = fault.abort;
    const answer = grpcStatus === null ? status : `gRPC status ${grpcStatus}`;
    facts.push(["Aborted", `${formatPercent(probability)} with ${answer}`]);
  }
  if (fault?.responseBandwidth) {
    const { probability, kibPerSecond } = fault.responseBandwidth;
    facts.push(["Slowed", `${formatPercent(probability)} to ${kibPerSecond} KiB/s`]);
  }
  for (const { name, value } of cors?.headers ?? []) facts.push([`Response header ${name}`, value]);
  if (rewrites?.path) facts.push(["Path", `${rewrites.path.from} → ${rewrites.path.to}`]);
  if (rewrites?.host) facts.push(["Host", `${rewrites.host.from} → ${rewrites.host.to}`]);
  for (const [side, changes] of [
    ["Request header", rewrites?.headers ?? []],
    ["Response header", rewrites?.responseHeaders ?? []],
  ] as const) {
    for (const { op, name, value } of changes) {
      facts.push([`${side} ${name}`, op === "remove" ? "removed" : `${op === "set" ? "set to" : "added"} ${value}`]);
    }
  }
  if (identity) {
    facts.push(["Own identity", identity.own]);
    facts.push(["Caller’s identity", identity.peer ?? "not proved"]);
  }
  return facts;
}
