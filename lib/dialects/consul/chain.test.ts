// Routers, splitters and resolvers as one chain, and what Consul refuses.
import { expect, test } from "vitest";
import { specOf } from "../testing/imported";
import { labelsOfFilter } from "./read-chain";
import { deployment, entry, read, running, service } from "./testing/resources";

type Rule = { action: { destinations: object[] }; timeoutMs?: number; retries?: object };
const rulesOf = (document: Parameters<typeof specOf>[0], name: string) =>
  (specOf(document, `Route/shop/${name}`) as { rules: Rule[] }).rules;
const louds = ({ warnings }: ReturnType<typeof read>) =>
  warnings
    .filter(({ changesMeaning }) => changesMeaning)
    .map(({ source, path, message }) => `${source} ${path}: ${message}`);

test("splitters behind splitters are multiplied, redirects are followed, and a default version is taken", () => {
  const { document } = read([
    ...running("a"),
    ...running("b"),
    ...running("c"),
    entry("ServiceSplitter", "a", { splits: [{ weight: 50, service: "b" }, { weight: 50 }] }),
    entry("ServiceSplitter", "b", {
      splits: [
        { weight: 40, service: "c" },
        { weight: 60, serviceSubset: "v1" },
      ],
    }),
    entry("ServiceResolver", "b", { subsets: { v1: { filter: "Service.Meta.version == v1" } } }),
    entry("ServiceResolver", "a", { subsets: { v1: { filter: "Service.Meta.version == v1" } }, defaultSubset: "v1" }),
    entry("ServiceResolver", "c", { redirect: { service: "b", serviceSubset: "v1" } }),
  ]);
  expect(rulesOf(document, "a")[0]?.action.destinations).toEqual([
    { service: { name: "b" }, subset: "v1", weight: 50 },
    { service: { name: "a" }, subset: "v1", weight: 50 },
  ]);
  expect(rulesOf(document, "b")[0]?.action.destinations).toEqual([
    { service: { name: "b" }, subset: "v1", weight: 100 },
  ]);
  expect(rulesOf(document, "c")[0]?.action.destinations).toEqual([
    { service: { name: "b" }, subset: "v1", weight: 100 },
  ]);
});

test("a resolver's time holds only where the chain begins with it, and a negative one is none", () => {
  const resolver = (requestTimeout: string) => entry("ServiceResolver", "a", { requestTimeout });
  const time = (...more: object[]) =>
    rulesOf(read([...running("a"), ...more]).document, "a").map((each) => each.timeoutMs);
  expect(time(resolver("40s"))).toEqual([40_000]);
  expect(time(resolver("-1s"))).toEqual([undefined]);
  expect(time()).toEqual([15_000]);
  expect(time(resolver("40s"), entry("ServiceSplitter", "a", { splits: [{ weight: 100 }] }))).toEqual([15_000]);
  const routes = [{ match: { http: { pathExact: "/slow" } }, destination: { requestTimeout: "90s" } }];
  expect(time(resolver("40s"), entry("ServiceRouter", "a", { routes }))).toEqual([90_000, 15_000]);
});

test("retries need a condition in Consul, and are one where no number is said", () => {
  const retries = (destination: object) =>
    rulesOf(read([...running("a"), entry("ServiceRouter", "a", { routes: [{ destination }] })]).document, "a")[0]
      ?.retries;
  expect(retries({ numRetries: 5 })).toEqual({ attempts: 0 });
  expect(retries({ retryOnConnectFailure: true })).toEqual({ attempts: 1, on: ["connect-failure"] });
  expect(retries({ numRetries: 4, retryOn: ["5xx"], retryOnStatusCodes: [429] })).toEqual({
    attempts: 4,
    on: ["5xx", "429"],
  });
});

test("a service speaks tcp unless Consul is told otherwise, and is then not routed by HTTP", () => {
  const routes = [{ match: { http: { pathPrefix: "/x" } }, destination: { service: "b" } }];
  const found = read([service("a"), ...running("b"), entry("ServiceRouter", "a", { routes })]);
  expect(specOf(found.document, "Service/shop/a")).toMatchObject({ ports: [{ port: 80, protocol: "tcp" }] });
  expect(specOf(found.document, "Route/shop/a")).toBeUndefined();
  expect(louds(found)).toEqual([
    expect.stringContaining("ServiceRouter shop/a spec: is left out: its service speaks tcp"),
  ]);
  const spoken = read([
    service("a"),
    ...running("b"),
    entry("ServiceRouter", "a", { routes }),
    entry("ProxyDefaults", "global", { config: { protocol: "http" } }, "consul"),
  ]);
  expect(rulesOf(spoken.document, "a")).toHaveLength(2);
});

test("routes and legs that lead out of the mesh are left out and told", () => {
  const found = read([
    ...running("a"),
    entry("ServiceRouter", "a", {
      routes: [
        { match: { http: { pathExact: "/far" } }, destination: { service: "b", partition: "west" } },
        { match: { http: { pathExact: "/odd", cookie: "x" } } },
        { match: { http: { pathExact: "/gone" } }, destination: { serviceSubset: "v9" } },
      ],
    }),
    entry("ServiceResolver", "a", { redirect: { datacenter: "dc2" } }),
  ]);
  expect(louds(found)).toEqual([
    expect.stringContaining("ServiceRouter shop/a spec.routes[0]: is left out: it leads out of this mesh"),
    expect.stringContaining("ServiceRouter shop/a spec.routes[1]: is left out: it asks for match.http.cookie"),
    expect.stringContaining("names version v9, which no ServiceResolver of a defines"),
    expect.stringContaining("ServiceResolver shop/a spec.redirect"),
  ]);
  expect(rulesOf(found.document, "a")).toMatchObject([{ action: { type: "respond", status: 503 } }, { matches: [] }]);
});

test("filters are read as far as they compare metadata", () => {
  expect(labelsOfFilter("Service.Meta.version == v1")).toEqual({ version: "v1" });
  expect(labelsOfFilter('Service.Meta.version == "v1" and Service.Meta["tier"] == gold')).toEqual({
    version: "v1",
    tier: "gold",
  });
  expect(labelsOfFilter("v1 in Service.Tags")).toBeUndefined();
  const found = read([
    ...running("a"),
    entry("ServiceResolver", "a", { subsets: { canary: { filter: "canary in Service.Tags" } } }),
  ]);
  expect(specOf(found.document, "Subset/shop/a-canary")).toMatchObject({ labels: { version: "canary" } });
  expect(louds(found)).toEqual([expect.stringContaining("canary in Service.Tags is no comparison of metadata")]);
});

test("callers that limit differently are told, for the design has one limit for all of them", () => {
  const caller = (name: string, maxConnections: number) =>
    entry("ServiceDefaults", name, {
      protocol: "http",
      upstreamConfig: { defaults: { connectTimeoutMs: 700 }, overrides: [{ name: "a", limits: { maxConnections } }] },
    });
  const found = read([...running("a"), service("b"), service("c"), caller("b", 5), caller("c", 9)]);
  expect(specOf(found.document, "TrafficPolicy/shop/a")).toMatchObject({
    connectionPool: { maxConnections: 5, connectTimeoutMs: 700 },
  });
  expect(louds(found)).toEqual([
    expect.stringContaining("ServiceDefaults shop/c spec.upstreamConfig: says other limits"),
  ]);
  const line = found.document.objects.filter(({ kind }) => kind === "Dependency").map(({ metadata }) => metadata.name);
  expect(line).toEqual(["b-to-a", "c-to-a"]);
});

test("pods say versions and upstreams by annotation, as consul-k8s reads them", () => {
  const pod = deployment("a", "blue");
  Object.assign(pod.spec.template.metadata, {
    annotations: {
      "consul.hashicorp.com/service-meta-version": "v7",
      "consul.hashicorp.com/service-meta-tier": "gold",
      "consul.hashicorp.com/connect-service-upstreams": "b:8080, c.svc:9090",
    },
  });
  const { document } = read([service("a"), pod, ...running("b"), ...running("c")]);
  expect(specOf(document, "Workload/shop/a-blue")).toMatchObject({
    service: "a",
    version: "v7",
    labels: { app: "a", tier: "gold" },
  });
  const lines = document.objects.filter(({ kind }) => kind === "Dependency").map(({ metadata }) => metadata.name);
  expect(lines).toEqual(["a-to-b", "a-to-c"]);
});
