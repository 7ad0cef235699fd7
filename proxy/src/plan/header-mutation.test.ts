// What a header mutation may say, what is refused by its path, and how levels are kept.

import type { JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { HeaderMutationSchema, RouteConfigurationSchema } from "../contract/messages";
import { headerMutationPlan } from "./header-mutation";
import { routeConfigPlan } from "./routes";
import { Scope } from "./scope";
import type { HeaderMutationPlan } from "./types";

function planned(mutations: JsonValue): { plan: HeaderMutationPlan; problems: string[] } {
  const decoded = decodeJson(HeaderMutationSchema, { mutations });
  if (!decoded.ok) return { plan: { request: [], response: [] }, problems: decoded.violations.map(({ path }) => path) };
  const found: { path: string; message: string }[] = [];
  const plan = headerMutationPlan(decoded.value.mutations, new Scope("filter", found));
  const refused = findUnsupported(HeaderMutationSchema, decoded.value, "filter");
  return { plan, problems: [...refused, ...found].map(({ path }) => path) };
}

const append = (key: string, value = "1") => ({ append: { header: { key, value } } });

test("changes keep their order, removals among them", () => {
  const { plan, problems } = planned({
    request_mutations: [append("X-A"), { remove: "X-B" }, append("x-b")],
    response_mutations: [{ remove: "server" }],
  });
  expect(problems).toEqual([]);
  expect(plan).toEqual({
    request: [
      { op: "append", name: "x-a", value: "1" },
      { op: "remove", name: "x-b" },
      { op: "append", name: "x-b", value: "1" },
    ],
    response: [{ op: "remove", name: "server" }],
  });
});

const refused: [what: string, mutations: JsonValue, paths: string[]][] = [
  [
    "a pseudo-header",
    { request_mutations: [append(":path")] },
    ["filter.mutations.request_mutations[0].append.header.key"],
  ],
  ["the host", { request_mutations: [{ remove: "Host" }] }, ["filter.mutations.request_mutations[0].remove"]],
  ["a length", { response_mutations: [append("content-length")] }, ["filter.mutations.response_mutations[0].append"]],
  [
    "a command",
    { response_mutations: [append("x", "%REQ(a)%")] },
    ["filter.mutations.response_mutations[0].append.header.value"],
  ],
  [
    "what steers a router",
    { request_mutations: [append("x-envoy-retry-on")] },
    ["filter.mutations.request_mutations[0].append"],
  ],
  ["trailers", { response_trailers_mutations: [append("x")] }, ["mutations.response_trailers_mutations"]],
  ["query parameters", { query_parameter_mutations: [{ remove: "x" }] }, ["mutations.query_parameter_mutations"]],
];
test.each(refused)("%s is refused by its path", (_what, mutations, paths) => {
  expect(planned(mutations).problems).toEqual(paths);
});

test("levels are kept apart, most specific first", () => {
  const says = (value: string) => ({
    typed_per_filter_config: {
      m: {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
        mutations: { request_mutations: [append("x", value)] },
      },
    },
  });
  const decoded = decodeJson(RouteConfigurationSchema, {
    ...says("config"),
    virtual_hosts: [
      {
        name: "a",
        domains: ["*"],
        ...says("host"),
        routes: [{ match: { prefix: "/" }, direct_response: { status: 200 }, ...says("route") }],
      },
    ],
  });
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const { virtualHosts } = routeConfigPlan(decoded.value, new Scope("routes", []), null);
  const levels = virtualHosts[0]?.routes[0]?.filters?.mutations.get("m") ?? [];
  expect(levels.map(({ request }) => request)).toEqual(
    ["route", "host", "config"].map((value) => [{ op: "append", name: "x", value }]),
  );
});
