import { describe, expect, test } from "vitest";
import { API_VERSION, demoMesh, type HashKey, type LoadBalancing, type MeshObject } from "@/lib/mesh";
import { EXPORT_IDS, exportDocument, lossesOf } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported, specOf } from "../testing/imported";

const KEY = "TrafficPolicy/production/cart";
const balanced = (loadBalancing: LoadBalancing) => {
  const policy = {
    apiVersion: API_VERSION,
    kind: "TrafficPolicy",
    metadata: { name: "cart", namespace: "production" },
    spec: { service: { name: "cart" }, loadBalancing },
  } as MeshObject;
  return { objects: [...demoMesh().objects.filter(({ kind }) => kind !== "TrafficPolicy"), policy] };
};
const USER: HashKey = { type: "header", name: "x-user" };
const SID: HashKey = { type: "cookie", name: "sid", ttlSeconds: 3600, path: "/" };
const SESSION: HashKey = { type: "cookie", name: "sid", ttlSeconds: 0 };
const SAME_SITE: HashKey = { ...SID, attributes: [{ name: "SameSite", value: "Strict" }, { name: "Secure" }] };
const QUERY: HashKey = { type: "query", name: "user" };
const SOURCE: HashKey = { type: "sourceIp" };
const ring = (...hash: HashKey[]): LoadBalancing => ({ policy: "ring-hash", hash });
const LARGE: LoadBalancing = { ...ring(USER), ringHash: { minimumRingSize: 4096 } };
const BOUNDED: LoadBalancing = { ...ring(USER), ringHash: { minimumRingSize: 2048, maximumRingSize: 4096 } };
const TABLE: LoadBalancing = { policy: "maglev", hash: [SOURCE], maglev: { tableSize: 131 } };
const MANY = ring({ ...USER, terminal: true }, SID, { ...QUERY, terminal: true }, SOURCE);
const ONE = [
  ring(USER),
  ring(SID),
  ring(SESSION),
  ring(QUERY),
  ring(SOURCE),
  { policy: "maglev", hash: [USER] },
  LARGE,
];

/** What is beside the product's own resources in a cluster. */
const GROUND = `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: production }
spec: { ports: [{ name: http, port: 8080, appProtocol: http }], selector: { app: cart } }
`;

function wayOut(id: "istio" | "consul" | "kuma", balancing: LoadBalancing, channel?: "2.x" | "3.x") {
  const made = exportDocument(id, balanced(balancing), channel ? { channel } : {});
  const schemas = id === "kuma" ? (channel === "3.x" ? "kuma-3.x" : "kuma-2.x") : id;
  expect(schemaErrors(made.resources, schemas)).toEqual([]);
  return made;
}
function backFrom(id: "istio" | "consul" | "kuma", text: string): unknown {
  const { document } = imported(id, [{ text: `${GROUND}---\n${text}` }]);
  return (specOf(document, KEY) as { loadBalancing?: LoadBalancing } | undefined)?.loadBalancing;
}

describe.each([
  ["istio", undefined, [ring(SAME_SITE), TABLE]],
  ["consul", undefined, [MANY, BOUNDED]],
  ["kuma", "2.x", [MANY, BOUNDED, TABLE]],
  ["kuma", "3.x", [MANY, BOUNDED, TABLE]],
] as const)("%s %s", (id, channel, more) => {
  test.each([...ONE, ...more] as LoadBalancing[])("%j comes back as it went out", (balancing) => {
    const made = wayOut(id, balancing, channel);
    expect(lossesOf(made.report).filter(({ key }) => key === KEY)).toEqual([]);
    expect(backFrom(id, made.text)).toEqual(balancing);
  });
});

test.each([
  ["istio", MANY, "spec.loadBalancing.hash", { ...MANY, hash: [USER] }],
  [
    "istio",
    BOUNDED,
    "spec.loadBalancing.ringHash.maximumRingSize",
    { ...ring(USER), ringHash: { minimumRingSize: 2048 } },
  ],
  ["consul", TABLE, "spec.loadBalancing.maglev", { policy: "maglev", hash: [SOURCE] }],
  ["consul", ring(SAME_SITE), "spec.loadBalancing.hash", ring(SID)],
  ["kuma", ring(SAME_SITE), "spec.loadBalancing.hash", ring(SID)],
  [
    ...(["kuma", { ...ring(USER), ringHash: { minimumRingSize: 8_388_608 } }, "spec.loadBalancing.ringHash"] as const),
    { ...ring(USER), ringHash: { minimumRingSize: 8_000_000 } },
  ],
] as const)("%s cannot say all of %j: %s is told, and the rest is there", (id, balancing, path, rest) => {
  const made = wayOut(id, balancing as LoadBalancing, id === "kuma" ? "2.x" : undefined);
  const told = lossesOf(made.report).filter(({ key }) => key === KEY);
  expect(told.map((each) => each.path)).toEqual([path]);
  expect(backFrom(id, made.text)).toEqual(rest);
});

test.each(EXPORT_IDS)("%s says by what hosts are chosen, or tells that equal keys no longer meet", (id) => {
  const { report } = exportDocument(id, balanced(ring(USER)));
  const own = lossesOf(report).filter(({ key }) => key === KEY);
  if (["istio", "consul", "kuma", "envoy"].includes(id)) expect(own).toEqual([]);
  else if (id === "kubernetes") expect(own).toHaveLength(1);
  else
    expect(own).toMatchObject([{ changesMeaning: true, reason: expect.stringContaining("header x-user") as string }]);
});

test("Consul hashes requests alone: on a TCP port it is told", () => {
  const { objects } = balanced(ring(SOURCE));
  const tcp = objects.map((each) =>
    each.kind === "Service" && each.metadata.name === "cart"
      ? { ...each, spec: { ...each.spec, ports: [{ name: "raw", port: 8080, protocol: "tcp" as const }] } }
      : each,
  );
  const told = lossesOf(exportDocument("consul", { objects: tcp }).report).filter(({ key }) => key === KEY);
  expect(told).toMatchObject([{ path: "spec.loadBalancing", changesMeaning: true }]);
});

const rule = (loadBalancer: string) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart, namespace: production }
spec: { host: cart, trafficPolicy: { loadBalancer: ${loadBalancer} } }
`;

test.each([
  ["{ consistentHash: { httpHeaderName: x-user, minimumRingSize: 4096 } }", LARGE],
  ["{ consistentHash: { httpHeaderName: x-user, minimumRingSize: 9, ringHash: { minimumRingSize: 4096 } } }", LARGE],
  ["{ consistentHash: { useSourceIp: true, ringHash: {} } }", ring(SOURCE)],
  ["{ consistentHash: { httpHeaderName: x-user, maglev: {} } }", { policy: "maglev", hash: [USER] }],
  ["{ consistentHash: { httpCookie: { name: sid, ttl: 0s } } }", ring(SESSION)],
  ["{ consistentHash: { httpCookie: { name: sid, path: /, ttl: 1h30m } } }", ring({ ...SID, ttlSeconds: 5400 })],
  ["{ consistentHash: { httpCookie: { name: sid } } }", ring({ type: "cookie", name: "sid" })],
])("Istio's %s is read", (loadBalancer, balancing) => {
  expect(backFrom("istio", rule(loadBalancer))).toEqual(balancing);
});

test.each([
  ["{ consistentHash: { useSourceIp: false } }"],
  ["{ consistentHash: { httpHeaderName: x-user, maglev: { tableSize: 100 } } }"],
  ["{ consistentHash: { httpHeaderName: x-user, useSourceIp: true } }"],
  ["{ consistentHash: { httpHeaderName: x-user, ringHash: { minimumRingSize: 9000000 } } }"],
])("Istio's %s names no one key, or what Envoy refuses: it is kept as it is", (loadBalancer) => {
  const { document, kept } = imported("istio", [{ text: `${GROUND}---\n${rule(loadBalancer)}` }]);
  expect(specOf(document, KEY)).not.toHaveProperty("loadBalancing");
  expect(kept.map(({ path }) => path)).toContain("spec.trafficPolicy.loadBalancer.consistentHash");
  const written = exportDocument("istio", document).resources.find(({ kind }) => kind === "DestinationRule");
  expect(written?.spec["trafficPolicy"]).toHaveProperty("loadBalancer.consistentHash");
});

const strategy = (name: string, body: string) => `
apiVersion: kuma.io/v1alpha1
kind: MeshLoadBalancingStrategy
metadata: { name: ${name}, namespace: kuma-system, labels: { kuma.io/mesh: default } }
spec: { to: [{ targetRef: { kind: Mesh }, default: ${body} }] }
`;

test.each([
  [
    "{ loadBalancer: { type: RingHash, ringHash: { hashFunction: XXHash, minRingSize: 4096, hashPolicies: [{ type: Header, header: { name: x-user } }] } } }",
    LARGE,
  ],
  ["{ loadBalancer: { type: Maglev, maglev: { tableSize: 131, hashPolicies: [{ type: SourceIP }] } } }", TABLE],
  [
    "{ loadBalancer: { type: RingHash, ringHash: { hashPolicies: [{ type: SourceIP }] } }, hashPolicies: [{ type: Header, header: { name: x-user } }] }",
    ring(USER),
  ],
  ["{ loadBalancer: { type: RingHash } }", { policy: "random" }],
])("Kuma's %s is read", (body, balancing) => {
  expect(backFrom("kuma", strategy("cart", body))).toEqual(balancing);
});

test("Kuma merges a balancer and its keys from several policies", () => {
  const all = [
    strategy("b-keys", "{ hashPolicies: [{ type: QueryParameter, queryParameter: { name: user } }] }"),
    strategy("a-type", "{ loadBalancer: { type: Maglev } }"),
  ];
  expect(backFrom("kuma", all.join("---"))).toEqual({ policy: "maglev", hash: [QUERY] });
});

test("of Kuma, what the model has no word for goes back as it came", () => {
  const balancer = { type: "RingHash", ringHash: { hashFunction: "MurmurHash2" } };
  const hashPolicies = [
    { type: "Header", header: { name: "x-user" } },
    { type: "FilterState", filterState: { key: "a" } },
  ];
  const text = strategy("cart", JSON.stringify({ loadBalancer: balancer, hashPolicies }));
  const { document } = imported("kuma", [{ text: `${GROUND}---\n${text}` }]);
  expect(specOf(document, KEY)).toMatchObject({ loadBalancing: { policy: "random" } });
  const { text: written } = exportDocument("kuma", document, { channel: "2.x" });
  for (const word of ["MurmurHash2", "FilterState", "x-user"]) expect(written).toContain(word);
});

test("of Consul, a balancer that says more than the model can is kept whole", () => {
  const resolver = (loadBalancer: string) => `
apiVersion: consul.hashicorp.com/v1alpha1
kind: ServiceResolver
metadata: { name: cart, namespace: production }
spec: { loadBalancer: ${loadBalancer} }
`;
  const keys = "hashPolicies: [{ field: cookie, fieldValue: sid, cookieConfig: { session: true } }]";
  expect(backFrom("consul", resolver(`{ policy: ring_hash, ${keys} }`))).toEqual(ring(SESSION));
  for (const loadBalancer of [
    `{ policy: maglev, ${keys}, leastRequestConfig: { choiceCount: 3 } }`,
    "{ policy: ring_hash }",
  ]) {
    const { document } = imported("consul", [{ text: `${GROUND}---\n${resolver(loadBalancer)}` }]);
    expect(specOf(document, KEY)).toBeUndefined();
    const resolved = exportDocument("consul", document).resources.find(({ kind }) => kind === "ServiceResolver");
    expect(resolved?.spec).toHaveProperty("loadBalancer.policy");
  }
});

test.each([
  ["linkerd", "exact"],
  ["istio", "approximate"],
  ["kuma", "approximate"],
  ["consul", "approximate"],
  ["envoy", "approximate"],
  ["app-mesh", "lost"],
  ["gateway-api", "lost"],
] as const)("%s: the choice by latency is %s, and nobody is given a word that it does not have", (dialect, verdict) => {
  const { report, text } = exportDocument(dialect, balanced({ policy: "peak-ewma" }));
  const told = report.filter(({ key, path }) => key === KEY && path === "spec.loadBalancing");
  expect(told.map((each) => each.verdict)).toEqual([verdict]);
  expect(text).not.toMatch(/peak[-_]?ewma/i);
});
