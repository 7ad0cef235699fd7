// CORS, header mutation, health checks of the proxy itself. Rule: as elsewhere, one field per case where it can be.

import { told } from "../answers";
import { cluster, endpoint, header, httpFilter, ROUTER, typed, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

const ALL = { default_value: { numerator: 100 } };
const ORIGIN = "https://good.test";
const preflight = (origin: string, more: Record<string, string> = {}): Ask => ({
  method: "OPTIONS",
  headers: { origin, "access-control-request-method": "PUT", ...more },
});
const CORS_ASKS: readonly Ask[] = [
  {},
  { headers: { origin: ORIGIN } },
  { headers: { origin: "https://bad.test" } },
  preflight(ORIGIN),
  preflight(ORIGIN, { "access-control-request-private-network": "true" }),
  preflight("https://bad.test"),
];
const cors = (id: string, policy: Config, more: Partial<Case> = {}): Case => ({
  id: `cors ${id}`,
  config: web({
    hcm: { http_filters: [httpFilter("cors", "cors.v3.Cors"), ROUTER] },
    routes: [
      {
        match: { prefix: "/" },
        route: { cluster: "app" },
        typed_per_filter_config: {
          cors: typed("filters.http.cors.v3.CorsPolicy", { allow_origin_string_match: [{ exact: ORIGIN }], ...policy }),
        },
      },
    ],
  }),
  run: async (wire) => {
    const answers = await wire.calls(CORS_ASKS);
    return answers.map((answer) => (answer === "no answer" ? answer : [answer.status, answer.headers]));
  },
  ...more,
});
const POLICY = "cors.v3.CorsPolicy.";

const mutation = (append: Config): Config => ({ append });
const MUTATION = "header_mutation.v3.";
const RULES = "mutation_rules.v3.HeaderMutation.";
const mutating = (id: string, filter: Config, route: Config | null, more: Partial<Case>): Case => ({
  id: `header mutation ${id}`,
  config: web({
    hcm: { http_filters: [httpFilter("mutate", `${MUTATION}HeaderMutation`, filter), ROUTER] },
    routes: [
      {
        match: { prefix: "/" },
        route: { cluster: "app" },
        ...(route
          ? { typed_per_filter_config: { mutate: typed(`filters.http.${MUTATION}HeaderMutationPerRoute`, route) } }
          : {}),
      },
    ],
  }),
  run: (wire) => wire.calls([{ headers: { "x-old": "1", "x-level": "0", "x-do": "200+x-old=1+x-level=0" } }]),
  ...more,
});
const BOTH = {
  request_mutations: [{ remove: "x-old" }, mutation(header("x-new", "1"))],
  response_mutations: [{ remove: "x-old" }, mutation(header("x-new", "1"))],
};
const LEVEL = (value: string): Config => ({
  request_mutations: [mutation(header("x-level", value, { append_action: "OVERWRITE_IF_EXISTS_OR_ADD" }))],
});

const HEALTH = "health_check.v3.HealthCheck.";
const PATH = [{ name: ":path", string_match: { exact: "/healthz" } }];
const health = (
  id: string,
  value: Config,
  more: Partial<Case>,
  endpoints: readonly Config[] = [endpoint("@app")],
): Case => ({
  id: `health check ${id}`,
  config: web({
    hcm: {
      http_filters: [
        httpFilter("health", "health_check.v3.HealthCheck", { pass_through_mode: false, headers: PATH, ...value }),
        ROUTER,
      ],
    },
    clusters: [cluster("app", { load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: endpoints }] } })],
  }),
  run: (wire) => wire.calls(["/healthz", "/healthz/x", "/"]),
  ...more,
});

export const moreFilterCases: readonly Case[] = [
  cors("origin", {}, { proves: [`${POLICY}allow_origin_string_match`] }),
  cors("methods", { allow_methods: "PUT, GET" }, { proves: [`${POLICY}allow_methods`] }),
  cors("headers", { allow_headers: "x-a" }, { proves: [`${POLICY}allow_headers`] }),
  cors("exposed headers", { expose_headers: "x-b" }, { proves: [`${POLICY}expose_headers`] }),
  cors("age", { max_age: "60" }, { proves: [`${POLICY}max_age`] }),
  cors("credentials", { allow_credentials: true }, { proves: [`${POLICY}allow_credentials`] }),
  cors("off", { filter_enabled: { default_value: { numerator: 0 } } }, { proves: [`${POLICY}filter_enabled`] }),
  cors(
    "watched only",
    { filter_enabled: { default_value: { numerator: 0 } }, shadow_enabled: ALL },
    { proves: [`${POLICY}shadow_enabled`] },
  ),
  cors(
    "private network",
    { allow_private_network_access: true },
    { proves: [`${POLICY}allow_private_network_access`] },
  ),
  cors(
    "preflights that do not match",
    { forward_not_matching_preflights: false },
    {
      proves: [`${POLICY}forward_not_matching_preflights`],
    },
  ),
  cors("on", { filter_enabled: ALL }),
  mutating("of the listener", { mutations: BOTH }, null, {
    proves: [
      `${MUTATION}HeaderMutation.mutations`,
      `${MUTATION}Mutations.request_mutations`,
      `${MUTATION}Mutations.response_mutations`,
    ],
    needs: [`${RULES}remove`, `${RULES}append`],
  }),
  mutating(
    "of a route",
    { mutations: LEVEL("listener") },
    { mutations: LEVEL("route") },
    {
      proves: [`${MUTATION}HeaderMutationPerRoute.mutations`],
    },
  ),
  {
    id: "header mutation, the most specific wins",
    config: web({
      hcm: {
        http_filters: [
          httpFilter("mutate", `${MUTATION}HeaderMutation`, { most_specific_header_mutations_wins: true }),
          ROUTER,
        ],
      },
      routes: [
        {
          match: { prefix: "/" },
          route: { cluster: "app" },
          typed_per_filter_config: {
            mutate: typed(`filters.http.${MUTATION}HeaderMutationPerRoute`, { mutations: LEVEL("route") }),
          },
        },
      ],
      host: {
        typed_per_filter_config: {
          mutate: typed(`filters.http.${MUTATION}HeaderMutationPerRoute`, { mutations: LEVEL("host") }),
        },
      },
    }),
    run: async (wire) => told(await wire.call(), "headers"),
    proves: [`${MUTATION}HeaderMutation.most_specific_header_mutations_wins`],
  },
  health("answered here", {}, { proves: [`${HEALTH}headers`], needs: [`${HEALTH}pass_through_mode`] }),
  health(
    "by the health of clusters",
    { cluster_min_healthy_percentages: { app: { value: 60 } } },
    { proves: [`${HEALTH}cluster_min_healthy_percentages`] },
    [endpoint("@app"), endpoint("@app", { health_status: "UNHEALTHY" })],
  ),
  health("passed through", { pass_through_mode: true }, {}),
];
