// What a watcher may ask for, and which requests it is told of.

import { expect, test } from "vitest";
import type { AccessRecord } from "../telemetry/access-log";
import { Tap, type TapRequest } from "../telemetry/tap";
import { parseTap } from "./tap-request";

const asked = (body: unknown): TapRequest => {
  const parsed = parseTap(JSON.stringify(body));
  if (!parsed.ok) throw new Error(parsed.problems.join("; "));
  return parsed.request;
};

function recordOf(over: Partial<AccessRecord> = {}, headers: Readonly<Record<string, string>> = {}): AccessRecord {
  return {
    protocol: "HTTP/1.1",
    grpcStatus: null,
    method: "GET",
    path: "/orders/7?token=secret",
    status: 503,
    flags: "UF",
    details: "via_upstream",
    requestBytes: 0,
    responseBytes: 12,
    startWallMs: 0,
    durationMs: 1.25,
    requestDurationMs: null,
    responseDurationMs: null,
    routeName: "all",
    upstreamCluster: "orders",
    upstreamHost: "10.0.0.1:80",
    upstreamLocalAddress: "",
    attempts: 1,
    transportFailure: "",
    remoteAddress: "10.0.0.2",
    directRemoteAddress: "10.0.0.2",
    localAddress: "",
    peerUriSan: "",
    tlsVersion: "",
    serverName: "",
    traceId: "",
    spanId: "",
    isHealthCheck: false,
    request: null,
    requestHeader: (name) => headers[name],
    responseHeader: () => undefined,
    responseTrailer: () => undefined,
    ...over,
  };
}

function told(body: unknown, records: readonly AccessRecord[], chance = (): number => 0): Record<string, unknown>[] {
  const lines: string[] = [];
  const tap = new Tap(asked(body), (line) => lines.push(line) > 0, chance);
  for (const record of records) tap.look(record);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("without a body everything is asked for, and neither query nor headers are told", () => {
  const parsed = parseTap("");
  expect(parsed).toMatchObject({ ok: true, request: { samplePercent: 100, maxPerSecond: 100, headers: [] } });
  const [line] = told({}, [recordOf({}, { authorization: "Bearer x" })]);
  expect(line).toMatchObject({ path: "/orders/7", status: 503, flags: "UF", cluster: "orders", requestHeaders: {} });
  expect(JSON.stringify(line)).not.toMatch(/secret|Bearer/);
});

test("named headers are told, secrets only as being there; the query where it is asked for", () => {
  const record = recordOf({}, { authorization: "Bearer x", "x-tenant": "a" });
  const [line] = told({ headers: ["Authorization", "X-Tenant", "x-none"], query: true }, [record]);
  expect(line).toMatchObject({
    path: "/orders/7?token=secret",
    requestHeaders: { authorization: "redacted", "x-tenant": "a" },
  });
  expect(line?.["requestHeaders"]).not.toHaveProperty("x-none");
});

test.each([
  [{ method: "GET" }, true],
  [{ method: "POST" }, false],
  [{ path: "/orders/7" }, true],
  [{ path: "/orders" }, false],
  [{ pathPrefix: "/orders" }, true],
  [{ status: 503 }, true],
  [{ status: "5xx" }, true],
  [{ status: "4xx" }, false],
  [{ headers: { "X-Tenant": "a" } }, true],
  [{ headers: { "x-tenant": "b" } }, false],
  [{ method: "GET", status: "2xx" }, false],
])("%j: %s", (match, isTold) => {
  expect(told({ match }, [recordOf({}, { "x-tenant": "a" })])).toHaveLength(isTold ? 1 : 0);
});

test("a share is drawn, and no second gets more than was asked for; what was missed is told with the next line", () => {
  const draws = [0.1, 0.9, 0.4];
  expect(told({ samplePercent: 50 }, [recordOf(), recordOf(), recordOf()], () => draws.shift() ?? 1)).toHaveLength(2);
  const lines: string[] = [];
  let isReading = true;
  const tap = new Tap(asked({ maxPerSecond: 1000 }), (line) => isReading && lines.push(line) > 0);
  tap.look(recordOf());
  isReading = false;
  tap.look(recordOf());
  tap.look(recordOf());
  isReading = true;
  tap.look(recordOf());
  expect(lines.map((line) => (JSON.parse(line) as { missed?: number }).missed)).toEqual([undefined, 2]);
  let few = 0;
  const slow = new Tap(asked({ maxPerSecond: 1 }), () => ++few > 0);
  for (let round = 0; round < 50; round++) slow.look(recordOf());
  // A second may end meanwhile.
  expect(few).toBeLessThan(10);
});

test.each([
  ["[]", "the request must be an object"],
  ["{", "is no JSON"],
  ['{"sample":1}', "sample is not known"],
  ['{"match":{"body":"x"}}', "match.body is not known"],
  ['{"match":{"path":"orders"}}', "match.path must be"],
  ['{"match":{"status":"600"}}', "match.status must be"],
  ['{"match":{"headers":{"a b":"c"}}}', "match.headers.a b must be"],
  ['{"samplePercent":101}', "samplePercent must be"],
  ['{"maxPerSecond":0}', "maxPerSecond must be"],
  ['{"headers":"all"}', "headers must be a list"],
  ['{"query":"yes"}', "query must be"],
])("%s is refused: %s", (body, problem) => {
  const parsed = parseTap(body);
  expect(parsed.ok ? "" : parsed.problems.join("\n")).toContain(problem);
});
