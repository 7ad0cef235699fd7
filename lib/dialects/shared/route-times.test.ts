// Idle times, back-off, choice of hosts and rewrites of parts, into rules and out of them; what a product has no word for is told.
import { expect, test } from "vitest";
import { demoMesh, type MeshDocument, type RouteRule, valuesToYaml } from "@/lib/mesh";
import { exportDocument } from "..";
import { all, policy, read, service } from "../kuma/testing/resources";
import { imported } from "../testing/imported";

const ruleOf = (document: MeshDocument): RouteRule | undefined => {
  const route = document.objects.find(({ kind }) => kind === "Route");
  return route?.kind === "Route" ? route.spec.rules[0] : undefined;
};

test("Istio's back-off, choice of hosts and rewrite by expression come in and go out as they were", () => {
  const rule = {
    route: [{ destination: { host: "cart" }, weight: 100 }],
    retries: { attempts: 3, backoff: "100ms", retryIgnorePreviousHosts: false, retryRemoteLocalities: true },
    rewrite: { uriRegexRewrite: { match: "^/v(\\d+)/", rewrite: "/api/\\1/" }, authority: "cart.internal" },
  };
  const text = valuesToYaml([
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "cart", namespace: "shop" },
      spec: { hosts: ["cart"], http: [rule] },
    },
  ]);
  const { document, kept } = imported("istio", [{ text }]);
  expect(ruleOf(document)).toMatchObject({
    retries: { attempts: 3, backoff: { baseMs: 100 }, ignorePreviousHosts: false, remoteLocalities: true },
    rewrite: { pathRegex: { match: "^/v(\\d+)/", substitution: "/api/\\1/" }, host: "cart.internal" },
  });
  expect(kept).toEqual([]);
  const out = exportDocument("istio", document).resources.find(({ kind }) => kind === "VirtualService");
  expect(out?.spec["http"]).toEqual([rule]);
});

const redirected = (filter: object) => ({
  parentRefs: [{ group: "", kind: "Service", name: "cart", port: 80 }],
  rules: [{ matches: [{ path: { type: "PathPrefix", value: "/old" } }], filters: [filter] }],
});

test("a redirect to a new prefix comes in from Gateway API, goes out to Kuma as well, and Istio is told", () => {
  const path = { type: "ReplacePrefixMatch", replacePrefixMatch: "/new" };
  const filter = { type: "RequestRedirect", requestRedirect: { hostname: "new.example", path, statusCode: 302 } };
  const text = valuesToYaml([
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "cart", namespace: "shop" },
      spec: redirected(filter),
    },
    service("cart"),
  ]);
  const { document } = imported("gateway-api", [{ text }]);
  expect(ruleOf(document)).toEqual({
    matches: [{ path: { type: "pathPrefix", value: "/old" } }],
    action: { type: "redirect", host: "new.example", prefixRewrite: "/new", code: 302 },
  });
  const back = exportDocument("gateway-api", document).resources.find(({ kind }) => kind === "HTTPRoute");
  expect(back?.spec["rules"]).toMatchObject([{ filters: [filter] }]);
  const kuma = exportDocument("kuma", document, { channel: "3.x" });
  expect(JSON.stringify(kuma.resources)).toContain('"path":{"type":"ReplacePrefixMatch","replacePrefixMatch":"/new"}');
  const istio = exportDocument("istio", document).report.filter(({ path: at }) => at.endsWith("prefixRewrite"));
  expect(istio).toMatchObject([{ verdict: "lost", changesMeaning: true }]);
});

test("a name of figures does not take a rule out of the design, and comes back", () => {
  const match = [{ uri: { prefix: "/a" }, statPrefix: "a" }];
  const spec = { hosts: ["cart"], http: [{ match, route: [{ destination: { host: "cart" }, weight: 100 }] }] };
  const text = valuesToYaml([
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "cart", namespace: "shop" },
      spec,
    },
  ]);
  const { document, kept } = imported("istio", [{ text }]);
  expect(ruleOf(document)?.matches).toEqual([{ path: { type: "prefix", value: "/a" } }]);
  expect(kept.map(({ path }) => path)).toEqual(["spec.http[0].match[0].statPrefix"]);
  const out = exportDocument("istio", document).resources.find(({ kind }) => kind === "VirtualService");
  expect(out?.spec["http"]).toMatchObject([{ match }]);
});

test.each(["2.x", "3.x"] as const)(
  "Kuma's idle time, back-off and choice of hosts go out to %s as they came in",
  (channel) => {
    const http = {
      numRetries: 3,
      retryOn: ["ConnectFailure"],
      backOff: { baseInterval: "100ms", maxInterval: "2s" },
      hostSelection: [{ predicate: "OmitPreviousHosts" }, { predicate: "OmitPreviousPriorities", updateFrequency: 2 }],
    };
    const { document } = read([
      service("cart"),
      policy("MeshTimeout", "times", { to: [all({ http: { requestTimeout: "5s", streamIdleTimeout: "45s" } })] }),
      policy("MeshRetry", "retries", { to: [all({ http })] }),
    ]);
    expect(ruleOf(document)).toMatchObject({
      timeoutMs: 5000,
      idleTimeoutMs: 45_000,
      retries: {
        attempts: 3,
        backoff: { baseMs: 100, maxMs: 2000 },
        ignorePreviousHosts: true,
        remoteLocalities: true,
      },
    });
    const made = exportDocument("kuma", document, { channel });
    const said = (kind: string) =>
      made.resources.filter((each) => each.kind === kind).flatMap(({ spec }) => spec["to"] as object[]);
    expect(said("MeshTimeout")).toContainEqual(
      expect.objectContaining({ default: { http: { requestTimeout: "5s", streamIdleTimeout: "45s" } } }),
    );
    expect(said("MeshRetry")).toContainEqual(expect.objectContaining({ default: { http } }));
  },
);

test("Linkerd's idle time is an annotation of its route, both ways", () => {
  const text = valuesToYaml([
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "cart", namespace: "shop", annotations: { "timeout.linkerd.io/idle": "45s" } },
      spec: {
        parentRefs: [{ group: "core", kind: "Service", name: "cart", port: 80 }],
        rules: [{ backendRefs: [{ name: "cart", port: 80 }] }],
      },
    },
    { ...service("cart"), metadata: { name: "cart", namespace: "shop" } },
  ]);
  const { document, warnings } = imported("linkerd", [{ text }]);
  expect(ruleOf(document)).toMatchObject({ idleTimeoutMs: 45_000 });
  expect(warnings.map(({ message }) => message).join()).not.toContain("idle");
  const route = exportDocument("linkerd", document).resources.find(({ kind }) => kind === "HTTPRoute");
  expect(route?.metadata).toMatchObject({ annotations: { "timeout.linkerd.io/idle": "45s" } });
});

test("Gateway API's back-off comes in, and goes out in the experimental channel", () => {
  const retry = { attempts: 3, codes: [503], backoff: "100ms" };
  const text = valuesToYaml([
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "cart", namespace: "shop" },
      spec: {
        parentRefs: [{ group: "", kind: "Service", name: "cart", port: 80 }],
        rules: [{ backendRefs: [{ name: "cart", port: 80 }], retry }],
      },
    },
    service("cart"),
  ]);
  const { document } = imported("gateway-api", [{ text }]);
  expect(ruleOf(document)?.retries).toMatchObject({ attempts: 3, backoff: { baseMs: 100 } });
  const made = exportDocument("gateway-api", document, { channel: "experimental" });
  const route = made.resources.find(({ kind }) => kind === "HTTPRoute");
  expect(route?.spec["rules"]).toMatchObject([{ retry }]);
});

const TIMED: Omit<RouteRule, "matches" | "action"> = {
  idleTimeoutMs: 45_000,
  retries: {
    attempts: 3,
    on: ["5xx"],
    backoff: { baseMs: 100, maxMs: 2000 },
    ignorePreviousHosts: true,
    remoteLocalities: true,
  },
  rewrite: { pathRegex: { match: "x", substitution: "y" } },
  internalRedirects: { max: 1 },
};

test.each([
  ["istio", ["idle time", "longest wait", "follow no redirects"]],
  ["kuma", ["parts of a path", "follows no redirects"]],
  ["consul", ["parts of a path", "back-off", "leave out hosts", "other localities", "follows no redirects"]],
  ["app-mesh", ["rewrite", "back-off", "leave out hosts", "other localities", "follows no redirects"]],
  ["linkerd", ["rewrite", "how long a retry waits", "no internalRedirects"]],
  ["gateway-api", ["parts of a path", "idle time", "other localities", "follows no redirects"]],
] as const)("%s says what it has no word for", (dialect, words) => {
  const objects = demoMesh().objects.map((each) =>
    each.kind === "Route" && each.spec.target.name === "payment-service"
      ? { ...each, spec: { ...each.spec, rules: each.spec.rules.map((rule) => ({ ...rule, ...TIMED })) } }
      : each,
  );
  const { report } = exportDocument(dialect, { objects });
  const said = report.filter(({ key, verdict }) => key.startsWith("Route/") && verdict !== "exact");
  const text = said.map(({ reason }) => reason).join("; ");
  for (const word of words) expect(text).toContain(word);
});

test.each([
  [[{ predicate: "OmitPreviousPriorities", updateFrequency: 1 }]],
  [[{ predicate: "OmitPreviousHosts" }, { predicate: "OmitHostsWithTags", tags: { "kuma.io/zone": "east" } }]],
])("a choice of Kuma that the model cannot say is kept whole: %j", (hostSelection) => {
  const { document, kept } = read([
    service("cart"),
    policy("MeshRetry", "retries", { to: [all({ http: { numRetries: 3, hostSelection } })] }),
  ]);
  expect(ruleOf(document)?.retries).not.toHaveProperty("ignorePreviousHosts");
  expect(ruleOf(document)?.retries).not.toHaveProperty("remoteLocalities");
  expect(JSON.stringify(kept)).toContain(JSON.stringify({ hostSelection }));
});
