// What a collector was told by access logs, made comparable. Rule: times and ids are told as what they are to the request.

import type { SeenRecord } from "../support/collector";
import type { Wire } from "./wire";

/** Envoy sends what waits after its flush interval. */
const LIMIT_MS = 8000;

/** Records that reached `collector`; waits until there are as many. */
export async function records(wire: Wire, count: number, collector = "collector"): Promise<unknown[]> {
  const seen = (): SeenRecord[] =>
    wire.upstreams.received
      .filter(({ upstream }) => upstream === collector)
      .map(({ request }) => JSON.parse(request) as SeenRecord);
  const until = performance.now() + LIMIT_MS;
  while (seen().length < count && performance.now() < until) await wire.wait(20);
  return seen().map(told);
}

function told({ timeMs, traceId, spanId, ...rest }: SeenRecord) {
  return {
    ...rest,
    time: Math.abs(Date.now() - timeMs) < 60_000 ? "of the request" : timeMs,
    trace: idOf(traceId, 32),
    span: idOf(spanId, 16),
  };
}

const idOf = (id: string, length: number): string =>
  id === "" ? "none" : id.startsWith("0af7651916cd43dd") ? "the caller's" : id.length === length ? "its own" : id;
