import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { object } from "../../compile/testing/rich";
import { seedMesh, withObjects } from "../../simulate/testing/designs";
import { randomOf, randomPolicies, randomQuestion } from "../../simulate/testing/random";
import { exportDocument } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import type { Manifest } from "../shared/dialect";
import { GENERATED_LABEL } from "../shared/generated";
import { imported } from "../testing/imported";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.yaml`, import.meta.url), "utf8");
const texts = (resources: readonly Manifest[]) => [
  { text: resources.map((each) => JSON.stringify(each)).join("\n---\n") },
];
const specs = (document: MeshDocument) =>
  Object.fromEntries(document.objects.map((each) => [objectKey(each), each.spec]).sort());
const exported = (...objects: MeshObject[]) => {
  const made = exportDocument("kubernetes", withObjects(seedMesh(), ...objects));
  expect(schemaErrors(made.resources, "kubernetes")).toEqual([]);
  return made;
};
const find = (resources: readonly Manifest[], kind: string, name: string) =>
  resources.find((each) => each.kind === kind && each.metadata.name === name)?.spec;

test("a shop of Kubernetes goes out as its schemas have it, and comes back as the same design", () => {
  const { document } = imported("kubernetes", [{ text: fixture("shop") }, { text: fixture("policies") }], "books");
  const { resources } = exportDocument("kubernetes", document);
  expect(schemaErrors(resources, "kubernetes")).toEqual([]);
  expect(specs(imported("kubernetes", texts(resources), "books").document)).toEqual(specs(document));
  // a version that was a Service, a name outside that was one, and what was kept whole
  expect(resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
    expect.arrayContaining([
      "Service reviews-v1",
      "Service covers",
      "NetworkPolicy by-address",
      "NetworkPolicy going-out-egress",
    ]),
  );
});

test("workloads have their account, labels and version, and no image: Kubernetes refuses them until there is one", () => {
  const { resources, report } = exported();
  expect(find(resources, "Deployment", "payment-service-v2")).toEqual({
    replicas: expect.any(Number),
    selector: { matchLabels: { app: "payment-service", version: "v2" } },
    template: {
      metadata: { labels: { app: "payment-service", version: "v2" } },
      spec: { serviceAccountName: "payment-service", containers: [{ name: "payment-service" }] },
    },
  });
  expect(resources.filter(({ kind }) => kind === "ServiceAccount").map(({ metadata }) => metadata.name)).toContain(
    "payment-service",
  );
  expect(report.filter(({ key }) => key.endsWith("/payment-service-v2")).map(({ verdict }) => verdict)).toContain(
    "approximate",
  );
});

test("drawn callers are pods, by the port of the pods; what a mesh alone has is lost, loudly where calls notice", () => {
  const { resources, report } = exported();
  const pods = (app: string) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "production" } },
    podSelector: { matchLabels: { app } },
  });
  expect(find(resources, "NetworkPolicy", "drawn-callers-of-catalog")).toEqual({
    podSelector: { matchLabels: { app: "catalog" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [pods("storefront")], ports: [{ protocol: "TCP", port: 8080 }] }],
  });
  const of = (kind: string) =>
    new Set(
      report
        .filter(({ key }) => key.startsWith(`${kind}/`))
        .map(({ verdict, changesMeaning }) => `${verdict}${changesMeaning ? "!" : ""}`),
    );
  expect([of("Route"), of("Egress"), of("TrafficPolicy"), of("Gateway")]).toEqual([
    new Set(["lost!"]),
    new Set(["lost!"]),
    new Set(["lost"]),
    new Set(["lost!"]),
  ]);
});

test("denials and conditions on requests have no word and are told first", () => {
  const rule = (spec: Record<string, unknown>) =>
    object("AuthorizationPolicy", "rule", { target: { service: "catalog" }, action: "allow", ...spec } as never);
  const judged = (made: ReturnType<typeof exportDocument>) =>
    made.report
      .filter(({ key }) => key === "AuthorizationPolicy/production/rule")
      .map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning]);
  expect(judged(exported(rule({ action: "deny", rules: [{ to: [{ ports: [8080] }] }] })))).toEqual([
    ["spec", "lost", true],
  ]);
  const some = exported(rule({ rules: [{ to: [{ paths: ["/a"] }] }] }));
  expect(judged(some)).toEqual([["spec.rules[0].to", "lost", true]]);
  expect(find(some.resources, "NetworkPolicy", "rule")).toMatchObject({ ingress: [] });
  const whole = exported(rule({ rules: [{ from: [{ principals: ["*/cart"] }] }] }));
  expect(judged(whole)).toEqual([["spec", "exact", undefined]]);
});

const SEED = Number(process.env["SEED"] ?? 5);
const DESIGNS = Number(process.env["DESIGNS"] ?? 1);

/** A design that only lets in: Kubernetes has no denials. */
function grantingDesign(random: ReturnType<typeof randomOf>): MeshDocument {
  const { objects } = randomPolicies(seedMesh(), random);
  return {
    objects: objects.flatMap((each): MeshObject[] => {
      if (each.kind === "MutualTls" || each.kind === "Route") return [];
      if (each.kind === "Mesh") {
        return [{ ...each, spec: { ...each.spec, defaults: { mutualTls: "strict", authorization: "deny" } } }];
      }
      return [each.kind === "AuthorizationPolicy" ? { ...each, spec: { ...each.spec, action: "allow" } } : each];
    }),
  };
}

test(`${DESIGNS} random designs from seed ${SEED}: nobody is let in without a word whom the design refuses`, () => {
  const random = randomOf(SEED);
  const counts = { letIn: 0, refused: 0 };
  for (let n = 0; n < DESIGNS; n++) {
    const design = grantingDesign(random);
    const made = exportDocument("kubernetes", design);
    const policies = made.resources
      .filter(({ kind }) => kind === "NetworkPolicy")
      .map(({ metadata: { labels = {}, ...metadata }, ...each }) => {
        const { [GENERATED_LABEL]: _generated, ...own } = labels;
        return { ...each, metadata: { ...metadata, labels: own } };
      });
    const ground = made.resources.filter(({ kind }) => kind === "Service" || kind === "Deployment");
    const { document } = imported("kubernetes", texts([...ground, ...policies]), "shop");
    const read = document.objects.filter(({ kind }) => kind === "AuthorizationPolicy");
    const after = buildScene({
      objects: [...design.objects.filter(({ kind }) => kind !== "AuthorizationPolicy"), ...read],
    });
    const before = buildScene(design);
    const isSaid = (wider: boolean) =>
      made.report.some(
        ({ key, verdict, changesMeaning }) =>
          key.startsWith("AuthorizationPolicy/") && changesMeaning && (verdict === "approximate") === wider,
      );
    for (let i = 0; i < 20; i++) {
      const question = randomQuestion(design, random);
      if (question.from.kind !== "workload") continue;
      const [isRefused, isRefusedThere] = [before, after].map((scene) => ask(scene, question).outcome === "denied");
      counts[isRefused ? "refused" : "letIn"] += 1;
      if (isRefused === isRefusedThere) continue;
      expect({ question, isRefused, isSaid: isSaid(isRefused ?? false) }).toEqual({
        question,
        isRefused,
        isSaid: true,
      });
    }
  }
  if (process.env["DESIGNS"]) console.log(counts);
  expect(Math.min(counts.letIn, counts.refused)).toBeGreaterThan(0);
}, 60_000);
