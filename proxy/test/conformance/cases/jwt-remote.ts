// Keys that are fetched, and what a token says for filters behind. Rule: how often keys were asked for is told in words where
// time decides it.

import { cluster, httpFilter, TO_APP, web } from "../config";
import { token } from "../jwt";
import type { Case, Config } from "../types";
import type { Wire } from "../wire";
import { bearer, filters, P } from "./jwt";

const GOOD = bearer(token({ scope: "a b" }));
const remote = (id: string, path: string, over: Config, more: Partial<Case>, timeout = "2s"): Case => ({
  id: `jwt keys ${id}`,
  config: web({
    hcm: filters(
      {},
      {
        providers: {
          one: {
            issuer: "issuer",
            remote_jwks: { http_uri: { uri: `http://keys.test${path}`, cluster: "keys", timeout }, ...over },
          },
        },
      },
    ),
    clusters: [cluster("app"), cluster("keys")],
  }),
  upstreams: { app: "http", keys: "keys" },
  run: (wire) => wire.statuses([GOOD, {}]),
  ...more,
});
const asked = (wire: Wire): number => wire.received().filter((each) => each.startsWith("keys")).length;
const R = "RemoteJwks.";
const again = (times: number, base: string, max: string): Config => ({
  retry_policy: { num_retries: times, retry_back_off: { base_interval: base, max_interval: max } },
});
const isLate =
  (ms: number): Case["run"] =>
  async (wire) =>
    (await wire.late(ms, () => wire.status(GOOD))).late;

const said = (id: string, provider: Config, path: readonly string[], value: Config, more: Partial<Case>): Case => ({
  id: `jwt tells ${id}`,
  config: web({
    hcm: filters(provider, {}, [
      httpFilter("rbac", "rbac.v3.RBAC", {
        rules: {
          policies: {
            one: {
              permissions: [{ any: true }],
              principals: [
                {
                  metadata: { filter: "envoy.filters.http.jwt_authn", path: path.map((key) => ({ key })), value },
                },
              ],
            },
          },
        },
      }),
    ]),
  }),
  run: (wire) => wire.statuses([GOOD]),
  ...more,
});

export const jwtRemoteCases: readonly Case[] = [
  remote(
    "are fetched",
    "/0",
    {},
    {
      needs: [
        `${P}remote_jwks`,
        `${R}http_uri`,
        "core.v3.HttpUri.uri",
        "core.v3.HttpUri.cluster",
        "core.v3.HttpUri.timeout",
      ],
    },
  ),
  remote(
    "are kept for a time",
    "/0",
    { cache_duration: "1s" },
    {
      run: async (wire) => {
        const first = await wire.status(GOOD);
        await wire.wait(1500);
        return [first, await wire.status(GOOD), asked(wire)];
      },
      proves: [`${R}cache_duration`],
    },
  ),
  remote(
    "are fetched beforehand",
    "/0",
    { async_fetch: { fast_listener: true } },
    {
      run: async (wire) => {
        await wire.wait(500);
        return asked(wire);
      },
      proves: [`${R}async_fetch`],
      inert: ["JwksAsyncFetch.fast_listener"],
    },
  ),
  remote(
    "are fetched again soon",
    "/1000",
    { async_fetch: { failed_refetch_duration: "0.1s" } },
    {
      isChance: true,
      run: async (wire) => {
        await wire.wait(1700);
        return asked(wire) > 6 ? "often" : "seldom";
      },
      proves: ["JwksAsyncFetch.failed_refetch_duration"],
    },
  ),
  remote("fail once", "/1", again(1, "0.01s", "0.02s"), { proves: [`${R}retry_policy`] }),
  remote("fail three times", "/3", again(3, "0.01s", "0.02s"), {
    proves: ["core.v3.RetryPolicy.num_retries"],
    needs: ["core.v3.BackoffStrategy.base_interval"],
  }),
  remote(
    "fail for any reason",
    "/1",
    { retry_policy: { ...(again(1, "0.01s", "0.02s")["retry_policy"] as Config), retry_on: "5xx" } },
    {
      inert: ["core.v3.RetryPolicy.retry_on"],
    },
  ),
  remote(
    "fail, a short pause",
    "/3",
    again(3, "0.01s", "0.02s"),
    { run: isLate(700), proves: ["core.v3.RetryPolicy.retry_back_off"] },
    "8s",
  ),
  remote(
    "fail, the longest pause",
    "/8",
    again(8, "0.1s", "0.1s"),
    { run: isLate(950), proves: ["core.v3.BackoffStrategy.max_interval"] },
    "8s",
  ),
  said(
    "its header",
    { header_in_metadata: "head" },
    ["head", "kid"],
    { string_match: { exact: "one" } },
    {
      proves: [`${P}header_in_metadata`],
    },
  ),
  said(
    "lists that are written as text",
    { payload_in_metadata: "body", normalize_payload_in_metadata: { space_delimited_claims: ["scope"] } },
    ["body", "scope"],
    { list_match: { one_of: { string_match: { exact: "b" } } } },
    { proves: [`${P}normalize_payload_in_metadata`, "NormalizePayload.space_delimited_claims"] },
  ),
  {
    id: "jwt does not choose the route",
    config: web({
      hcm: filters({ clear_route_cache: false, claim_to_headers: [{ header_name: "x-scope", claim_name: "scope" }] }),
      routes: [
        {
          match: { prefix: "/", headers: [{ name: "x-scope", present_match: true }] },
          direct_response: { status: 418 },
        },
        TO_APP,
      ],
    }),
    run: (wire) => wire.statuses([GOOD]),
    inert: [`${P}clear_route_cache`],
  },
  ...["requires_any", "requires_all"].map(
    (kind): Case => ({
      id: `jwt ${kind.replace("_", " ")} of a list`,
      config: web({
        hcm: filters(
          {},
          {
            rules: [
              {
                match: { prefix: "/" },
                requires: { [kind]: { requirements: [{ provider_name: "one" }, { provider_name: "one" }] } },
              },
            ],
          },
        ),
      }),
      run: (wire) => wire.statuses([GOOD, {}]),
      needs: [kind === "requires_any" ? "JwtRequirementOrList.requirements" : "JwtRequirementAndList.requirements"],
    }),
  ),
];
