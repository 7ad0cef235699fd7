import { expect, test } from "vitest";
import { applyCommand, buildIndex, demoMesh, emptyMesh, type MeshDocument } from "@/lib/mesh";
import { exportIstio, importIstio } from ".";

const policy = (source: object, when?: object) =>
  JSON.stringify({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "who", namespace: "production" },
    spec: {
      selector: { matchLabels: { app: "cart" } },
      rules: [{ from: [{ source }], ...(when ? { when: [when] } : {}) }],
    },
  });

const meshConfig = (trustDomain: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: "istio-system" },
    data: { mesh: `trustDomain: ${trustDomain}` },
  });

function imported(text: string, document: MeshDocument = demoMesh()) {
  const { commands, violations, warnings } = importIstio(text, { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const index = buildIndex(applied.document);
  const rule = index.find("AuthorizationPolicy", "AuthorizationPolicy/production/who")?.spec.rules[0];
  return { document: applied.document, trustDomain: index.mesh?.spec.trustDomain, rule, warnings };
}

const exported = (document: MeshDocument) =>
  exportIstio(document).resources.find(({ metadata }) => metadata.name === "who")?.spec["rules"];

test("cluster.local of a whole identity is the mesh's own trust domain, both ways", () => {
  const source = {
    principals: ["cluster.local/ns/production/sa/checkout", "cluster.local/ns/production/sa/*"],
    notPrincipals: ["cluster.local/ns/production/sa/catalog"],
  };
  const when = { key: "source.principal", values: ["cluster.local/ns/production/sa/checkout"] };
  const { document, rule, warnings } = imported(policy(source, when));
  expect(warnings).toEqual([]);
  expect(rule).toEqual({
    from: [
      {
        principals: ["shop.mesh.local/ns/production/sa/checkout", "shop.mesh.local/ns/production/sa/*"],
        notPrincipals: ["shop.mesh.local/ns/production/sa/catalog"],
      },
    ],
    when: [{ of: "principal", values: ["shop.mesh.local/ns/production/sa/checkout"] }],
  });
  expect(exported(document)).toEqual([{ from: [{ source }], when: [when] }]);
});

test("a pattern is compared as it stands, and another trust domain is told with its place", () => {
  const source = { principals: ["cluster.local/ns/*", "*/sa/tool", "other.example/ns/a/sa/b"] };
  const { document, rule, warnings } = imported(policy(source));
  expect(rule?.from).toEqual([source]);
  expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "spec.rules[0].from[0].source.principals: names the trust domain cluster.local, and this design's is shop.mesh.local: none of its workloads is meant",
    "spec.rules[0].from[0].source.principals: names the trust domain other.example, and this design's is shop.mesh.local: none of its workloads is meant",
  ]);
  expect(exported(document)).toEqual([{ from: [{ source }] }]);
});

test("the account of a gateway's pods, which nobody in the design has, is told as a change of meaning", () => {
  const account = "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account";
  const { warnings } = imported(policy({ principals: [account] }));
  expect(warnings).toMatchObject([
    {
      changesMeaning: true,
      message: expect.stringContaining("production/shop-gateway is shop.mesh.local/ns/production/sa/shop-gateway"),
    },
  ]);
});

test("the mesh configuration names the trust domain of a new design; one that is there keeps its own", () => {
  const service = JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "cart", namespace: "production" },
    spec: { selector: { app: "cart" }, ports: [{ name: "http", port: 80 }] },
  });
  const who = policy({ serviceAccounts: ["checkout"], principals: ["bank.example/ns/a/sa/b"] });
  const fresh = imported([service, who, meshConfig("bank.example")].join("\n---\n"), emptyMesh("bank"));
  expect(fresh.warnings.map(({ message }) => message)).not.toContainEqual(expect.stringContaining("trust domain"));
  expect(fresh.trustDomain).toBe("bank.example");
  expect(fresh.rule?.from).toEqual([
    { principals: ["bank.example/ns/a/sa/b", "bank.example/ns/production/sa/checkout"] },
  ]);
  const there = imported(meshConfig("bank.example"));
  expect(there.trustDomain).toBe("shop.mesh.local");
  expect(there.warnings).toMatchObject([
    {
      path: "spec.trustDomain",
      message: expect.stringContaining("bank.example there, and shop.mesh.local in this design"),
    },
  ]);
});
