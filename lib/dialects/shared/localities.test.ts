// Localities of workloads and of traffic policies, into the model and out of it again; what a product decides another way is told.
import { expect, test } from "vitest";
import { stockMesh } from "@/lib/compile/testing/stock";
import { type MeshDocument, type SpecOf, type TrafficLocality, validateDocument, valuesToYaml } from "@/lib/mesh";
import { exportDocument } from "..";
import { all, policy as kumaPolicy, read, service } from "../kuma/testing/resources";
import { imported, specOf } from "../testing/imported";

type Policy = SpecOf<"TrafficPolicy">;
const OUT = { consecutive5xxErrors: 3 };
const LOCALITY_AT = "spec.trafficPolicy.loadBalancer.localityLbSetting";

const rule = (trafficPolicy: object, subsets?: object[]) => ({
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: { name: "cart", namespace: "shop" },
  spec: { host: "cart", trafficPolicy, ...(subsets ? { subsets } : {}) },
});

function throughIstio(trafficPolicy: object, subsets?: object[]) {
  const { document, kept } = imported("istio", [{ text: valuesToYaml([rule(trafficPolicy, subsets)]) }]);
  const out = exportDocument("istio", document).resources.find(({ kind }) => kind === "DestinationRule");
  expect(validateDocument(document)).toEqual([]);
  return {
    document,
    policy: specOf(document, "TrafficPolicy/shop/cart") as Policy,
    ofSubset: specOf(document, "TrafficPolicy/shop/cart-v1") as Policy | undefined,
    kept: kept.map(({ path }) => path),
    out: out?.spec,
  };
}

const settled = (localityLbSetting: object, more: object = { outlierDetection: OUT }) => ({
  loadBalancer: { simple: "ROUND_ROBIN", localityLbSetting },
  ...more,
});

test.each<[TrafficLocality]>([
  [{ enabled: true }],
  [{ enabled: false }],
  [{ failover: [{ from: "eu", to: "us" }] }],
  [{ enabled: true, failoverPriority: ["topology.kubernetes.io/region", "version=v1"] }],
  [{ distribute: [{ from: "eu/*", to: { "eu/a/*": 80, "us/*": 20 } }] }],
])("Istio's %j comes in and goes out as it was", (setting) => {
  const { policy, kept, out } = throughIstio(settled(setting));
  expect(policy.locality).toEqual(setting);
  expect(policy.loadBalancing).toEqual({ policy: "round-robin" });
  expect(kept).toEqual([]);
  expect(out).toEqual({ host: "cart", trafficPolicy: settled(setting) });
});

test.each([
  ["levels without outlierDetection, which Istio does not make", settled({ failover: [{ from: "eu", to: "us" }] }, {})],
  ["shares that are not 100 together", settled({ distribute: [{ from: "eu", to: { us: 90 } }] })],
  ["ways that exclude each other", settled({ distribute: [{ from: "eu", to: { us: 100 } }], failoverPriority: ["a"] })],
])("%s stay as they were written, and have no effect here", (_, written) => {
  const { policy, kept, out } = throughIstio(written);
  expect(policy.locality).toBeUndefined();
  expect(kept).toEqual([LOCALITY_AT]);
  expect(out?.["trafficPolicy"]).toEqual(written);
});

test("shares need no outlierDetection, and an empty setting is Istio's own order of places", () => {
  const shares = { distribute: [{ from: "*", to: { us: 100 } }] };
  expect(throughIstio(settled(shares, {})).policy.locality).toEqual(shares);
  expect(throughIstio(settled({})).policy.locality).toEqual({ enabled: true });
});

test("a loadBalancer of a subset hides the service's with its localities, as in Istio", () => {
  const setting = { failoverPriority: ["version"] };
  const subset = (trafficPolicy?: object) => [
    { name: "v1", labels: { version: "v1" }, ...(trafficPolicy ? { trafficPolicy } : {}) },
  ];
  const own = throughIstio(settled(setting), subset({ loadBalancer: { simple: "RANDOM" } }));
  // What is left is the mesh's default beside outlierDetection: the nearest first.
  expect(own.ofSubset).toMatchObject({ loadBalancing: { policy: "random" }, locality: { enabled: true } });
  const bare = throughIstio(settled({ enabled: false }), subset({ loadBalancer: { localityLbSetting: setting } }));
  expect(bare.ofSubset).toMatchObject({ loadBalancing: { policy: "least-request" }, locality: setting });
  const other = throughIstio(settled(setting), subset({ connectionPool: { tcp: { maxConnections: 3 } } }));
  expect(other.ofSubset?.locality).toBeUndefined();
  expect(other.out?.["subsets"]).toEqual(subset({ connectionPool: { tcp: { maxConnections: 3 } } }));
});

test("a subset that says one of the two says both on export", () => {
  const { document } = throughIstio(settled({ enabled: false }), [
    { name: "v1", labels: { version: "v1" }, trafficPolicy: { connectionPool: { tcp: { maxConnections: 3 } } } },
  ]);
  const changed: MeshDocument = {
    objects: document.objects.map((each) =>
      each.kind === "TrafficPolicy" && each.spec.subset === "v1"
        ? { ...each, spec: { ...each.spec, locality: { failoverPriority: ["version"] } } }
        : each,
    ),
  };
  const [out] = exportDocument("istio", changed).resources.filter(({ kind }) => kind === "DestinationRule");
  expect(out?.spec["subsets"]).toMatchObject([
    {
      trafficPolicy: {
        loadBalancer: { simple: "ROUND_ROBIN", localityLbSetting: { failoverPriority: ["version"] } },
      },
    },
  ]);
});

const balancerIn = (document: MeshDocument) =>
  exportDocument("istio", document).resources.find(
    ({ kind, metadata }) => kind === "DestinationRule" && metadata.name === "stock",
  )?.spec["trafficPolicy"];

test("where the design makes no difference of places Istio's own default is switched off, if there are places", () => {
  expect(balancerIn(stockMesh({ outlierDetection: OUT }))).toEqual({
    loadBalancer: { localityLbSetting: { enabled: false } },
    outlierDetection: OUT,
  });
  expect(balancerIn(stockMesh({ loadBalancing: { policy: "random" } }))).toEqual({
    loadBalancer: { simple: "RANDOM" },
  });
});

test("a pod's label and an entry's locality say where a workload is", () => {
  const deployment = (label: string) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "cart", namespace: "shop" },
    spec: { template: { metadata: { labels: { app: "cart", "istio-locality": label } } } },
  });
  const placed = (label: string) =>
    specOf(imported("kubernetes", [{ text: valuesToYaml([deployment(label)]) }]).document, "Workload/shop/cart");
  expect(placed("eu.eu-a")).toMatchObject({ locality: "eu/eu-a", labels: { app: "cart" } });
  expect(placed("eu_")).toMatchObject({ labels: { app: "cart", "istio-locality": "eu_" } });
  const { document } = imported("kubernetes", [{ text: valuesToYaml([deployment("eu.eu-a")]) }]);
  const out = exportDocument("kubernetes", document).resources.find(({ kind }) => kind === "Deployment");
  expect(out?.spec).toMatchObject({ template: { metadata: { labels: { "istio-locality": "eu.eu-a" } } } });
  const entry = {
    apiVersion: "networking.istio.io/v1",
    kind: "WorkloadEntry",
    metadata: { name: "batch", namespace: "shop" },
    spec: { labels: { app: "batch" }, serviceAccount: "batch", locality: "eu/eu-a/rack-1" },
  };
  const machine = imported("istio", [{ text: valuesToYaml([entry]) }]).document;
  expect(specOf(machine, "Workload/shop/batch")).toMatchObject({ locality: "eu/eu-a/rack-1" });
  const [back] = exportDocument("istio", machine).resources.filter(({ kind }) => kind === "WorkloadEntry");
  expect(back?.spec).toEqual(entry.spec);
});

test.each([
  ["failover", { enabled: true }],
  ["none", { enabled: false }],
])("Consul's prioritizeByLocality: %s comes in and goes out", (mode, locality) => {
  const resolver = {
    apiVersion: "consul.hashicorp.com/v1alpha1",
    kind: "ServiceResolver",
    metadata: { name: "cart", namespace: "default" },
    spec: { prioritizeByLocality: { mode } },
  };
  const { document, kept } = imported("consul", [{ text: valuesToYaml([resolver]) }]);
  expect(specOf(document, "TrafficPolicy/default/cart")).toMatchObject({ locality });
  expect(kept).toEqual([]);
  const out = exportDocument("consul", document).resources.find(({ kind }) => kind === "ServiceResolver");
  expect(out?.spec).toEqual({ prioritizeByLocality: { mode } });
});

test("Kuma's localityAwareness that is off comes in and goes out, and more of it is kept", () => {
  const balancer = (localityAwareness: object) =>
    read([service("cart"), kumaPolicy("MeshLoadBalancingStrategy", "near", { to: [all({ localityAwareness })] })]);
  const off = balancer({ disabled: true });
  const [traffic] = off.document.objects.filter(({ kind }) => kind === "TrafficPolicy");
  expect(traffic?.spec).toMatchObject({ locality: { enabled: false } });
  const out = exportDocument("kuma", off.document).resources.find(({ kind }) => kind === "MeshLoadBalancingStrategy");
  expect(out?.spec["to"]).toMatchObject([{ default: { localityAwareness: { disabled: true } } }]);
  const tags = balancer({ localZone: { affinityTags: [{ key: "k8s.io/node" }] } });
  expect(tags.document.objects.filter(({ kind }) => kind === "TrafficPolicy")).toEqual([]);
  expect(JSON.stringify(tags.kept)).toContain("affinityTags");
});

const distributed = (trafficDistribution: string, ...others: object[]) => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "cart", namespace: "shop" },
    spec: { selector: { app: "cart" }, ports: [{ name: "http", port: 80 }], trafficDistribution },
  };
  const result = imported("istio", [{ text: valuesToYaml([service, ...others]) }]);
  return { ...result, policy: specOf(result.document, "TrafficPolicy/shop/cart") as Policy | undefined };
};

test("a Service that prefers its zone comes in as a policy that does, and stays as it was written", () => {
  const ZONE = { failoverPriority: ["topology.kubernetes.io/zone"] };
  for (const word of ["PreferClose", "PreferSameZone"]) {
    const { document, policy, warnings } = distributed(word);
    expect(policy).toEqual({ service: { name: "cart" }, locality: ZONE });
    expect(warnings.filter(({ verdict }) => verdict === "approximate")).toHaveLength(1);
    const out = exportDocument("kubernetes", document).resources.find(({ kind }) => kind === "Service");
    expect(out?.spec["trafficDistribution"]).toBe(word);
    expect(exportDocument("istio", document).resources.filter(({ kind }) => kind === "DestinationRule")).toEqual([
      { ...rule({}), metadata: { name: "cart", namespace: "shop" }, spec: { host: "cart" } },
    ]);
  }
  expect(distributed("PreferSameNode").policy).toBeUndefined();
});

test("what a DestinationRule says of localities goes before what a Service says", () => {
  const own = settled({ enabled: false });
  expect(distributed("PreferClose", rule(own)).policy).toMatchObject({ locality: { enabled: false } });
  const beside = distributed("PreferClose", rule({ connectionPool: { tcp: { maxConnections: 3 } } })).policy;
  expect(beside).toMatchObject({
    connectionPool: { maxConnections: 3 },
    locality: { failoverPriority: expect.any(Array) },
  });
});

const LEVELS: TrafficLocality = { failover: [{ from: "eu", to: "us" }] };
test.each([
  ["istio", { outlierDetection: OUT, locality: LEVELS }, "exact", false],
  ["istio", { locality: LEVELS }, "lost", true],
  ["consul", { locality: LEVELS }, "lost", true],
  ["consul", { locality: { enabled: true } }, "approximate", true],
  ["consul", { locality: { enabled: false } }, "exact", false],
  ["kuma", { locality: LEVELS }, "lost", true],
  ["linkerd", { locality: LEVELS }, "lost", true],
  ["app-mesh", { locality: LEVELS }, "lost", true],
  ["cilium", { locality: LEVELS }, "escape", true],
  ["kubernetes", { locality: LEVELS }, "lost", true],
  ["gateway-api", { locality: LEVELS }, "lost", true],
  ["gateway-api", { locality: { enabled: false } }, "ignored", false],
  ["envoy", { locality: LEVELS }, "exact", false],
] as const)("%s, %j: %s", (dialect, blocks, verdict, isLoud) => {
  const { report } = exportDocument(dialect, stockMesh(blocks as Omit<Policy, "service">));
  const told = report.filter(({ key, path }) => key === "TrafficPolicy/production/stock" && path === "spec.locality");
  expect(told.map((each) => [each.verdict, each.changesMeaning === true])).toEqual([[verdict, isLoud]]);
});
