// Outlier detection: who is taken out, when, for how long. Rule: two endpoints that can be told apart; the bad one fails by `x-do`
// only, so that its health is the script's choice.

import { chosen } from "../answers";
import { endpoint, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Ask, Wire } from "../wire";

const FIVE: Readonly<Record<string, UpstreamKind>> = { app: "http", b: "http", c: "http", d: "http", e: "http" };
const MESSAGE = "cluster.v3.OutlierDetection.";
/** All endpoints may go, so that what decides is what the case is about. */
const FREE = { max_ejection_percent: 100, interval: "600s", base_ejection_time: "600s" };
const cluster = (detection: Config, names: readonly string[] = ["app", "b"]): Config => ({
  name: "app",
  load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: names.map((name) => endpoint(`@${name}`)) }] },
  outlier_detection: detection,
  // Envoy gathers changes of health for a second unless told otherwise.
  common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: "0s" },
});

/** `count` failures of `name`, whoever is asked meanwhile; then who still answers. */
async function fail(wire: Wire, name: string, count: number, step = "500", ask: Ask = {}): Promise<string> {
  for (let failed = 0, asked = 0; failed < count && asked < 8 * count; asked++) {
    const headers = { ...ask.headers, "x-do": "200", "x-bad": name, "x-step": step };
    const answer = await wire.call({ ...ask, headers });
    if (answer === "no answer" || answer.status !== 200 || answer.headers["grpc-status"] !== undefined) failed++;
  }
  return answering(wire);
}

async function answering(wire: Wire, count = 20): Promise<string> {
  const seen = new Set<string>();
  for (let index = 0; index < count; index++) seen.add(chosen(await wire.call()));
  return [...seen].sort().join(" ");
}

const outlier = (id: string, detection: Config, run: Case["run"], more: Partial<Case> = {}): Case => ({
  id: `outlier ${id}`,
  isChance: true,
  config: web({ clusters: [cluster({ ...FREE, ...detection })] }),
  upstreams: { app: "http", b: "http" },
  run,
  ...more,
});
const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const MATCH = "common.matcher.v3.";
const withStatus = (match: Config): Config => ({
  http_response_headers_match: { headers: [{ name: ":status", ...match }] },
});
/** Only answers that this matches are errors. */
const errors = (matcher: Config, detection: Config): Config =>
  web({
    clusters: [
      {
        ...cluster({ ...FREE, ...detection }),
        typed_extension_protocol_options: {
          [HTTP_OPTIONS]: {
            "@type": `type.googleapis.com/${HTTP_OPTIONS}`,
            explicit_http_config: { http_protocol_options: {} },
            outlier_detection: { error_matcher: matcher },
          },
        },
      },
    ],
  });
const RARE = {
  or_match: { rules: [withStatus({ exact_match: "429" }), withStatus({ string_match: { exact: "409" } })] },
};
const OFF_5XX = { enforcing_consecutive_5xx: 0, consecutive_5xx: 1000 };
const GATEWAY = { ...OFF_5XX, consecutive_gateway_failure: 2, enforcing_consecutive_gateway_failure: 100 };
const GRPC: Ask = { method: "POST", headers: { "content-type": "application/grpc", te: "trailers" } };
const five = (detection: Config): Partial<Case> => ({
  config: web({ clusters: [cluster({ ...FREE, ...OFF_5XX, ...detection }, Object.keys(FIVE))] }),
  upstreams: FIVE,
});
/** Every endpoint is asked `rounds` times; the bad one fails always. */
async function volume(wire: Wire, rounds: number): Promise<string> {
  for (let index = 0; index < rounds * 5; index++) {
    await wire.call({ headers: { "x-do": "200", "x-bad": "app", "x-step": "500" } });
  }
  await wire.wait(700);
  return answering(wire);
}
const RATE = {
  interval: "0.5s",
  success_rate_minimum_hosts: 5,
  success_rate_request_volume: 3,
  success_rate_stdev_factor: 1000,
};
const PERCENTAGE = {
  interval: "0.5s",
  enforcing_success_rate: 0,
  enforcing_failure_percentage: 100,
  failure_percentage_threshold: 50,
  failure_percentage_minimum_hosts: 5,
  failure_percentage_request_volume: 3,
};

export const outlierCases: readonly Case[] = [
  outlier("after failures in a row", { consecutive_5xx: 2 }, (wire) => fail(wire, "app", 2), {
    proves: ["cluster.v3.Cluster.outlier_detection", `${MESSAGE}consecutive_5xx`],
  }),
  outlier("none by default share", { consecutive_5xx: 2 }, (wire) => fail(wire, "app", 2), {
    config: web({ clusters: [cluster({ consecutive_5xx: 2, interval: "600s", max_ejection_percent: 60 })] }),
    proves: [`${MESSAGE}max_ejection_percent`],
  }),
  outlier("always one", {}, (wire) => fail(wire, "app", 2), {
    config: web({ clusters: [cluster({ consecutive_5xx: 2, interval: "600s", always_eject_one_host: true })] }),
    proves: [`${MESSAGE}always_eject_one_host`],
  }),
  outlier("not enforced", { consecutive_5xx: 2, enforcing_consecutive_5xx: 0 }, (wire) => fail(wire, "app", 2), {
    proves: [`${MESSAGE}enforcing_consecutive_5xx`],
  }),
  outlier(
    "after gateway failures",
    { ...OFF_5XX, consecutive_gateway_failure: 2, enforcing_consecutive_gateway_failure: 100 },
    (wire) => fail(wire, "app", 2, "503"),
    { proves: [`${MESSAGE}consecutive_gateway_failure`, `${MESSAGE}enforcing_consecutive_gateway_failure`] },
  ),
  outlier("after an answer that is said to be an error", {}, (wire) => fail(wire, "app", 2, "409"), {
    config: errors(RARE, { consecutive_5xx: 2 }),
    proves: [`${HTTP_OPTIONS}.outlier_detection`, "HttpProtocolOptions.OutlierDetection.error_matcher"],
    needs: [
      `${MATCH}MatchPredicate.or_match`,
      `${MATCH}MatchPredicate.http_response_headers_match`,
      `${MATCH}MatchPredicate.MatchSet.rules`,
    ],
  }),
  outlier("none after an answer that is not said to be one", {}, (wire) => fail(wire, "app", 2, "503"), {
    config: errors(RARE, { consecutive_5xx: 2 }),
    proves: [`${HTTP_OPTIONS}.outlier_detection`],
  }),
  outlier("after a gateway failure that is said to be an error", {}, (wire) => fail(wire, "app", 2, "503"), {
    config: errors(withStatus({ exact_match: "503" }), GATEWAY),
  }),
  outlier("none after a gateway failure that is not said to be an error", {}, (wire) => fail(wire, "app", 2, "503"), {
    config: errors(withStatus({ exact_match: "409" }), GATEWAY),
    proves: [`${HTTP_OPTIONS}.outlier_detection`, "HttpHeadersMatch.headers"],
  }),
  outlier("grpc judged as ever, whatever is said to be an error", {}, (wire) => fail(wire, "app", 2, "grpc14", GRPC), {
    config: errors(RARE, GATEWAY),
  }),
  outlier(
    "comes back",
    { consecutive_5xx: 2, base_ejection_time: "0.3s", interval: "0.1s", max_ejection_time: "0.4s" },
    async (wire) => {
      const out = await fail(wire, "app", 2);
      await wire.wait(1200);
      return [out, await answering(wire)];
    },
    { proves: [`${MESSAGE}interval`], needs: [`${MESSAGE}base_ejection_time`] },
  ),
  outlier(
    "own failures apart",
    { ...OFF_5XX, split_external_local_origin_errors: true, consecutive_local_origin_failure: 2 },
    async (wire) => {
      const seen: (string | number)[] = [];
      for (let index = 0; index < 16; index++) seen.push(await wire.status());
      return [seen.slice(8).includes(503) ? "still asked" : "out", await answering(wire)];
    },
    {
      config: web({
        clusters: [
          cluster(
            { ...FREE, ...OFF_5XX, split_external_local_origin_errors: true, consecutive_local_origin_failure: 2 },
            ["gone", "b"],
          ),
        ],
      }),
      upstreams: { gone: "dead", b: "http" },
      proves: [`${MESSAGE}split_external_local_origin_errors`],
    },
  ),
  ...[
    { field: "consecutive_local_origin_failure", more: { consecutive_local_origin_failure: 30 } },
    {
      field: "enforcing_consecutive_local_origin_failure",
      more: { consecutive_local_origin_failure: 2, enforcing_consecutive_local_origin_failure: 0 },
    },
  ].map(({ field, more }) =>
    outlier(
      field.replaceAll("_", " "),
      {},
      async (wire) => {
        for (let index = 0; index < 24; index++) await wire.status();
        return answering(wire);
      },
      {
        config: web({
          clusters: [
            cluster({ ...FREE, ...OFF_5XX, split_external_local_origin_errors: true, ...more }, ["gone", "b"]),
          ],
        }),
        upstreams: { gone: "dead", b: "http" },
        proves: [`${MESSAGE}${field}`],
      },
    ),
  ),
  outlier("success rate", {}, (wire) => volume(wire, 12), {
    ...five(RATE),
    proves: [`${MESSAGE}success_rate_request_volume`],
  }),
  outlier("success rate of a wide spread", {}, (wire) => volume(wire, 12), {
    ...five({ ...RATE, success_rate_stdev_factor: 2100 }),
    proves: [`${MESSAGE}success_rate_stdev_factor`],
  }),
  outlier("success rate not enforced", {}, (wire) => volume(wire, 12), {
    ...five({ ...RATE, enforcing_success_rate: 0 }),
    proves: [`${MESSAGE}enforcing_success_rate`],
  }),
  outlier("success rate of few", {}, (wire) => volume(wire, 12), {
    ...five({ ...RATE, success_rate_minimum_hosts: 6 }),
    proves: [`${MESSAGE}success_rate_minimum_hosts`],
  }),
  outlier("failure percentage", {}, (wire) => volume(wire, 12), {
    ...five(PERCENTAGE),
    proves: [`${MESSAGE}enforcing_failure_percentage`, `${MESSAGE}failure_percentage_request_volume`],
  }),
  outlier("failure percentage of few", {}, (wire) => volume(wire, 12), {
    ...five({ ...PERCENTAGE, failure_percentage_minimum_hosts: 6 }),
    proves: [`${MESSAGE}failure_percentage_minimum_hosts`],
  }),
  {
    id: "a threshold of failures",
    isChance: true,
    config: web({
      clusters: [
        {
          name: "app",
          load_assignment: {
            cluster_name: "app",
            endpoints: [{ lb_endpoints: Object.keys(FIVE).map((name) => endpoint(`@${name}`)) }],
          },
          outlier_detection: {
            max_ejection_percent: 100,
            base_ejection_time: "600s",
            max_ejection_time: "600s",
            interval: "0.6s",
            consecutive_5xx: 1000,
            enforcing_consecutive_5xx: 0,
            enforcing_success_rate: 0,
            enforcing_failure_percentage: 100,
            failure_percentage_threshold: 40,
            failure_percentage_minimum_hosts: 5,
            failure_percentage_request_volume: 6,
          },
          common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: "0s" },
        },
      ],
    }),
    upstreams: FIVE,
    run: async (wire) => {
      // Two of three fail, so that every window of six has more than 40 and less than 85 percent.
      for (let index = 0; index < 90; index++) {
        const step = Math.floor(index / 5) % 3 === 0 ? "200" : "500";
        await wire.call({ headers: { "x-do": "200", "x-bad": "app", "x-step": step } });
      }
      await wire.wait(800);
      const left = await wire.tally(20, () => "/", chosen, 1);
      return left["app"] === undefined ? "out" : "in";
    },
    proves: ["OutlierDetection.failure_percentage_threshold"],
  },
];
