// Which requests are traced, whose trace they belong to, and what the next hop is told.

import { expect, test } from "vitest";
import type { Share, TracingPlan } from "../../plan/types";
import { HeaderList } from "../h1/header-list";
import { parentOf, randomId, writeContext } from "./context";
import { drawTrace } from "./sampling";

const share = (percent: number): Share => ({ numerator: percent * 100, denominator: 10_000 });
const plan = (random: number, overall = 100, client = 100): TracingPlan => ({
  clientSampling: share(client),
  randomSampling: share(random),
  overallSampling: share(overall),
  maxPathLength: 256,
  customTags: [],
  spawnsUpstreamSpan: false,
  provider: null,
});
function headersOf(fields: Readonly<Record<string, string>>): HeaderList {
  const headers = new HeaderList();
  for (const [name, value] of Object.entries(fields)) headers.push(name, value);
  return headers;
}
const requestId = (draw: number, mark = "4"): string =>
  `${draw.toString(16).padStart(8, "0")}-1234-${mark}234-9234-123456789012`;

test.each([
  [requestId(4999), plan(50), "random", requestId(4999, "9")],
  [requestId(5000), plan(50), "none", requestId(5000)],
  [requestId(5000, "9"), plan(50), "random", requestId(5000, "9")],
  [requestId(5000, "a"), plan(0), "service", requestId(5000, "a")],
  [requestId(5000, "9"), plan(100, 50), "none", requestId(5000)],
  ["12345678", plan(100), "random", "12345678"],
  ["not-hexadecimal", plan(100), "none", "not-hexadecimal"],
  ["", plan(100), "none", ""],
])("%s is traced as %j says: %s", (id, tracing, reason, after) => {
  const headers = headersOf({ "x-request-id": id });
  expect(drawTrace(headers, tracing, () => 0.5)).toBe(reason);
  expect(headers.get("x-request-id")).toBe(after);
});

test("a client that asks is traced by a draw of its own, and says so to the next hop", () => {
  const asked = (chance: number): HeaderList => {
    const headers = headersOf({ "x-request-id": requestId(9999), "x-client-trace-id": "mine" });
    drawTrace(headers, plan(0, 100, 50), () => chance);
    return headers;
  };
  expect(asked(0.4999).get("x-request-id")).toBe(requestId(9999, "4"));
  expect(asked(0.0049).get("x-request-id")).toBe(requestId(9999, "b"));
});

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

test.each([
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`ff-${TRACE}-${SPAN}-03`, true],
  [`00-${TRACE.toUpperCase()}-${SPAN}-fe`, false],
])("%s is read, whatever its version", (traceparent, isSampled) => {
  const headers = headersOf({ traceparent, tracestate: "a=1" });
  headers.push("tracestate", "b=2");
  expect(parentOf(headers)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled, state: "a=1,b=2" });
});

test.each([
  "",
  "nonsense",
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.slice(1)}g-${SPAN}-01`,
])("%j belongs to no trace", (traceparent) => {
  expect(parentOf(headersOf({ traceparent }))).toBe("unreadable");
});

test("without a traceparent a trace begins, and what is written is read as the same", () => {
  const headers = headersOf({ tracestate: "a=1" });
  expect(parentOf(headers)).toBeNull();
  const [traceId, spanId] = [randomId(16), randomId(8)];
  writeContext(headers, traceId, spanId, true, "c=3");
  expect(parentOf(headers)).toEqual({ traceId, spanId, isSampled: true, state: "c=3" });
});

test("ids are of their length and none comes twice", () => {
  const ids = Array.from({ length: 2000 }, () => randomId(16));
  expect(new Set(ids).size).toBe(2000);
  expect(ids.every((one) => /^[0-9a-f]{32}$/.test(one))).toBe(true);
});
