// Which answers a cluster may call errors, what is refused by its path, and what they do to the host that gave them.

import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { outlier } from "../../test/support/plans";
import { OutlierDetector, OutlierState } from "../cluster/outlier";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { ClusterSchema } from "../contract/messages";
import { clusterPlan } from "./clusters";
import { Scope } from "./scope";

const NAME = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

function planned(outlier_detection: JsonObject) {
  const decoded = decodeJson(ClusterSchema, {
    name: "app",
    load_assignment: { cluster_name: "app" },
    outlier_detection: {},
    typed_extension_protocol_options: {
      [NAME]: {
        "@type": `type.googleapis.com/${NAME}`,
        explicit_http_config: { http_protocol_options: {} },
        outlier_detection,
      },
    },
  });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = clusterPlan(decoded.value, undefined, new Scope("cluster", found), {
    names: new Set(),
    sources: new Map(),
    areDiscovered: false,
  });
  const problems = [...findUnsupported(ClusterSchema, decoded.value, "cluster"), ...found].map(({ path }) => path);
  const statuses = plan.outlierDetection?.errorStatuses;
  return { problems, statuses: statuses ? [...statuses] : null };
}
const rule = (...headers: JsonObject[]) => ({ http_response_headers_match: { headers } });
const status = (match: JsonObject): JsonObject => ({ name: ":status", ...match });
const errors = (error_matcher: JsonObject) => planned({ error_matcher }).statuses;
const OPTIONS = `typed_extension_protocol_options["${NAME}"].outlier_detection`;

test("statuses are those that any rule takes with all of its headers", () => {
  expect(errors(rule(status({ string_match: { exact: "429" } })))).toEqual([429]);
  expect(errors(rule(status({ range_match: { start: "500", end: "503" } })))).toEqual([500, 501, 502]);
  const few = rule(status({ range_match: { start: "400", end: "404" } }), status({ exact_match: "402" }));
  const teapot = rule(status({ string_match: { safe_regex: { regex: "41[78]" } } }));
  expect(errors({ or_match: { rules: [few, { or_match: { rules: [teapot, few] } }] } })).toEqual([402, 417, 418]);
  expect(errors(rule(status({ exact_match: "200", invert_match: true })))).toHaveLength(899);
  expect(errors(rule())).toHaveLength(900);
});

test.each<[string, JsonObject, string]>([
  ["another header", rule({ name: "x-error", present_match: true }), "http_response_headers_match.headers[0].name"],
  ["what a trailer says", { http_response_trailers_match: {} }, "http_response_trailers_match"],
  ["all of several", { and_match: { rules: [rule(), rule()] } }, "and_match"],
  ["the contrary", { not_match: rule() }, "not_match"],
  ["more than 500", rule(...Array.from({ length: 501 }, () => status({ exact_match: "429" }))), ""],
])("%s is refused", (_name, error_matcher, path) => {
  const { problems } = planned({ error_matcher });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`${OPTIONS}.${["error_matcher", path].filter(Boolean).join(".")}`);
});

test("what is said to be an error ejects, with its own status if it is a 5xx; nothing else does but gRPC and silence", () => {
  const never = { count: 1000, enforcing: 0 };
  const judge = (
    tell: (detector: OutlierDetector<{ outlier: OutlierState }>, host: { outlier: OutlierState }) => void,
  ) => {
    const hosts = [{ outlier: new OutlierState() }, { outlier: new OutlierState() }] as const;
    const detector = new OutlierDetector(
      outlier({
        errorStatuses: new Set([429, 503]),
        maxEjectionPercent: 100,
        consecutive5xx: never,
        consecutiveGatewayFailure: never,
      }),
      () => hosts,
      () => {},
      () => 0,
    );
    detector.stop();
    tell(detector, hosts[0]);
    const { consecutive5xx, consecutiveGateway, success } = hosts[0].outlier;
    return { consecutive5xx, consecutiveGateway, success };
  };
  const bad = { consecutive5xx: 1, consecutiveGateway: 0, success: 0 };
  const gateway = { ...bad, consecutiveGateway: 1 };
  expect(judge((detector, host) => detector.onStatus(host, 429, 0))).toEqual(bad);
  expect(judge((detector, host) => detector.onStatus(host, 503, 0))).toEqual(gateway);
  expect(judge((detector, host) => detector.onStatus(host, 500, 0))).toEqual({
    consecutive5xx: 0,
    consecutiveGateway: 0,
    success: 1,
  });
  expect(judge((detector, host) => detector.onGrpcStatus(host, 500, 0))).toEqual(bad);
  expect(judge((detector, host) => detector.onLocalFailure(host, 0))).toEqual(gateway);
});
