// What a collector was told, made comparable. Rule: ids are told as relations; sizes that follow from what only one proxy adds are left out.

import type { SeenSpan } from "../support/collector";
import type { Answer, Wire } from "./wire";

/** Envoy sends what waits after five seconds at the latest. */
const LIMIT_MS = 8000;

/** Spans that reached `collector`; waits until there are as many. */
export async function spans(wire: Wire, count: number, collector = "collector"): Promise<unknown[]> {
  const seen = (): SeenSpan[] =>
    wire.upstreams.received
      .filter(({ upstream }) => upstream === collector)
      .map(({ request }) => JSON.parse(request) as SeenSpan);
  const until = performance.now() + LIMIT_MS;
  while (seen().length < count && performance.now() < until) await wire.wait(20);
  const all = seen();
  return all.map((span) => told(span, all));
}

function told({ traceId, spanId, parentId, durationUs, attributes, resource, ...rest }: SeenSpan, all: SeenSpan[]) {
  const parent = all.find((one) => one.spanId === parentId);
  const { response_size: size, ...others } = attributes;
  return {
    ...rest,
    parent: parent ? `the span ${parent.name}` : parentId,
    trace: parentId === "" ? "its own" : parent && parent.traceId !== traceId ? "another" : "its parent's",
    isWhole: spanId.length === 16 && traceId.length === 32 && durationUs >= 0,
    attributes: { ...others, ...(size === undefined ? {} : { response_size: size === "0" ? "0" : "some" }) },
    service: resource["service.name"],
  };
}

/** What the next hop was told: whose trace it is, whether it is sampled, and the mark in the request's id. */
export function context(answer: Answer, traceId: string): unknown {
  if (answer === "no answer") return answer;
  const { headers = {} } = answer.body as { headers?: Record<string, string> };
  const { traceparent = "none", tracestate = "none", "x-request-id": id = "none" } = headers;
  const [version, trace, span = "", flags] = traceparent.split("-");
  const whose = trace === traceId ? "the caller's" : "its own";
  const isWhole = /^[0-9a-f]{16}$/.test(span);
  return { traceparent: isWhole ? [version, whose, flags] : traceparent, tracestate, mark: id[14] ?? id };
}
