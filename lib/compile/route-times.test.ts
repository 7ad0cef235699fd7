// Idle times, back-off, choice of hosts and rewrites of parts: what the caller's routes say, and what the proxy makes of that.
import { decodeBootstrap } from "@meshwright/proxy/contract";
import { planBootstrap } from "@meshwright/proxy/plan";
import { expect, test } from "vitest";
import { type RouteRule, validateDocument } from "@/lib/mesh";
import { routeRule } from "@/lib/mesh/schema/traffic";
import { compileStaticBootstrap } from "./bootstrap";
import { compile } from "./compile";
import { resourcesToJson } from "./resources";
import { inputFor } from "./testing/inputs";
import { timedMesh } from "./testing/rich";

const CHECKOUT = "production/checkout-v1/0";

type Hosts = { routes: { route: Record<string, unknown> }[] }[];

function routesOf(rules?: RouteRule[]): { route: Record<string, unknown> }[] {
  const result = compile(inputFor(timedMesh(rules)), CHECKOUT);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const { routes } = resourcesToJson(result.resources);
  const all = Object.values(routes) as unknown as { virtual_hosts: { name: string; routes: never[] }[] }[];
  const hosts = all.flatMap(({ virtual_hosts }) => virtual_hosts);
  const inventory = hosts.find(({ routes: own }) => JSON.stringify(own).includes("Route/production/inventory"));
  return inventory?.routes ?? [];
}

test("a rule's own idle time, back-off and choice of hosts are those of its route, and absent ones are the defaults", () => {
  const [timed, plain] = routesOf();
  expect(timed?.route).toMatchObject({
    idle_timeout: "45s",
    retry_policy: { num_retries: 3, retry_back_off: { base_interval: "0.100s", max_interval: "2s" } },
  });
  expect(timed?.route["retry_policy"]).not.toHaveProperty("retry_host_predicate");
  expect(timed?.route["retry_policy"]).not.toHaveProperty("host_selection_retry_max_attempts");
  expect(plain?.route).not.toHaveProperty("idle_timeout");
  expect(plain?.route["retry_policy"]).toMatchObject({ host_selection_retry_max_attempts: "5" });
  expect(plain?.route["retry_policy"]).not.toHaveProperty("retry_back_off");
});

test("a callee's own side waits longer than an hour where a rule that leads to it does, and only then", () => {
  const idleOf = (idleTimeoutMs: number) => {
    const action = { type: "forward" as const, destinations: [{ service: { name: "inventory" }, weight: 1 }] };
    const document = timedMesh([{ matches: [], action, idleTimeoutMs }]);
    const idles = ["inventory", "cart"].map((name) => {
      const result = compile(inputFor(document), `production/${name}-v1/0`);
      if (!result.ok) throw new Error(JSON.stringify(result.violations));
      const { inbound } = resourcesToJson(result.resources).routes as never as Record<string, { virtual_hosts: Hosts }>;
      return inbound?.virtual_hosts[0]?.routes.at(-1)?.route["idle_timeout"];
    });
    return idles;
  };
  expect(idleOf(7_200_000)).toEqual(["7200s", undefined]);
  expect(idleOf(3_600_000)).toEqual([undefined, undefined]);
});

test("retries that go to other localities leave out the priorities that were tried, after every two tries", () => {
  const retryOf = (remoteLocalities?: boolean) =>
    routesOf([
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
        retries: { attempts: 3, ...(remoteLocalities === undefined ? {} : { remoteLocalities }) },
      },
    ])[0]?.route["retry_policy"];
  expect(retryOf(true)).toMatchObject({
    retry_priority: {
      name: "envoy.retry_priorities.previous_priorities",
      typed_config: { update_frequency: 2 },
    },
  });
  for (const said of [undefined, false]) expect(retryOf(said)).not.toHaveProperty("retry_priority");
});

test("parts of a path are replaced by expression, whatever was matched", () => {
  expect(routesOf()[0]?.route["regex_rewrite"]).toEqual({
    pattern: { regex: "^/v(\\d+)/" },
    substitution: "/api/\\1/",
  });
});

test("redirects that the proxy follows are the route's policy, with every default written out", () => {
  const [timed, plain] = routesOf();
  expect(timed?.route["internal_redirect_policy"]).toEqual({
    max_internal_redirects: 2,
    redirect_response_codes: [302, 307],
    predicates: [
      expect.objectContaining({ name: "envoy.internal_redirect_predicates.safe_cross_scheme" }),
      expect.objectContaining({ name: "envoy.internal_redirect_predicates.previous_routes" }),
    ],
    allow_cross_scheme_redirect: true,
    response_headers_to_copy: ["x-session"],
  });
  expect(plain?.route).not.toHaveProperty("internal_redirect_policy");
  const of = (internalRedirects: RouteRule["internalRedirects"]) =>
    routesOf([
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
        internalRedirects,
      },
    ])[0]?.route["internal_redirect_policy"];
  expect(of({ max: 1 })).toEqual({ max_internal_redirects: 1, redirect_response_codes: [302] });
  expect(of({ max: 1, crossScheme: "any" })).toEqual({
    max_internal_redirects: 1,
    redirect_response_codes: [302],
    allow_cross_scheme_redirect: true,
  });
});

test("a rule that answers itself has no redirects to follow", () => {
  const rule: RouteRule = { matches: [], action: { type: "respond", status: 204 }, internalRedirects: { max: 1 } };
  expect(validateDocument(timedMesh([rule])).map(({ path }) => path)).toEqual([
    "Route/production/inventory#spec.rules[0].internalRedirects",
  ]);
});

test("a redirect replaces the prefix that was matched as a rewrite does", () => {
  const redirect = (value: string, prefixRewrite: string): RouteRule => ({
    matches: [{ path: { type: "pathPrefix", value } }],
    action: { type: "redirect", host: "new.example", prefixRewrite, code: 302 },
  });
  const made = routesOf([redirect("/v1", "/v2"), redirect("/old", "/")]) as unknown as { redirect: object }[];
  expect(made[0]?.redirect).toEqual({ host_redirect: "new.example", prefix_rewrite: "/v2", response_code: "FOUND" });
  expect(made[1]?.redirect).toMatchObject({ regex_rewrite: { pattern: { regex: "^/old/*" }, substitution: "/" } });
  const both: RouteRule = { matches: [], action: { type: "redirect", path: "/a", prefixRewrite: "/b" } };
  expect(validateDocument(timedMesh([both])).map(({ path }) => path)).toEqual([
    "Route/production/inventory#spec.rules[0].action.prefixRewrite",
  ]);
});

test("the proxy plans it: the path that the callee gets is the one that the expression makes", () => {
  const made = compileStaticBootstrap(inputFor(timedMesh()), CHECKOUT, {
    identityFiles: { certificateChain: "chain.pem", privateKey: "key.pem", bundle: "ca.pem" },
  });
  if (!made.ok) throw new Error(JSON.stringify(made.violations));
  const decoded = decodeBootstrap(JSON.stringify(made.bootstrap));
  const planned = decoded.ok ? planBootstrap(decoded.value) : decoded;
  if (!planned.ok) throw new Error(JSON.stringify(planned));
  const routes = [...planned.result.routeConfigs.values()].flatMap(({ virtualHosts }) =>
    virtualHosts.flatMap((host) => host.routes),
  );
  const actions = routes.flatMap(({ action }) => (action.kind === "forward" ? [action] : []));
  const timed = actions.find(({ idleTimeoutMs }) => idleTimeoutMs === 45_000);
  expect(timed?.rewritePath?.("/v1/items")).toBe("/api/1/items");
  expect(timed?.retry).toMatchObject({ baseIntervalMs: 100, maxIntervalMs: 2000 });
});

test("a pattern that RE2 does not take, and a rewrite of both kinds, are named with their place", () => {
  const rule = (rewrite: RouteRule["rewrite"]): RouteRule => ({
    matches: [],
    action: { type: "forward", destinations: [{ service: { name: "inventory" }, weight: 1 }] },
    rewrite,
  });
  const paths = (rewrite: RouteRule["rewrite"]) =>
    validateDocument(timedMesh([rule(rewrite)])).map(({ path, message }) => [path, message.split(":")[0]]);
  expect(paths({ pathRegex: { match: "(?=x)", substitution: "" } })).toEqual([
    ["Route/production/inventory#spec.rules[0].rewrite.pathRegex.match", "is not an RE2 pattern"],
  ]);
  const both = routeRule.safeParse(rule({ path: "/", pathRegex: { match: "x", substitution: "" } }));
  expect(both.error?.issues.map(({ path, message }) => [path.join("."), message])).toEqual([
    ["rewrite.pathRegex", "is not for a rewrite that has a path as well: keep one of the two"],
  ]);
  expect(paths({ pathRegex: { match: "x", substitution: "y" } })).toEqual([]);
});
