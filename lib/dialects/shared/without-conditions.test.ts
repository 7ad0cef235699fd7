import { expect, test } from "vitest";
import { API_VERSION, demoMesh, type MeshObject } from "@/lib/mesh";
import { EXPORT_IDS, exportDocument, lossesOf } from "..";
import { withoutConditions } from "./without-conditions";

const policy = (action: string, ...rules: object[]) =>
  ({
    apiVersion: API_VERSION,
    kind: "AuthorizationPolicy",
    metadata: { name: action, namespace: "production" },
    spec: { target: { service: "cart" }, action, rules },
  }) as MeshObject;
const services = [{ kind: "Service", name: "checkout" }];
const to = [{ paths: ["/x"] }];
const rules = [
  { from: [{ addresses: ["10.0.0.0/8"] }], to },
  { from: [{ services }, { services, notNamespaces: ["edge"] }], to },
  { from: [{ services }], to: [{ paths: ["/x"], notPaths: ["/x/y"] }] },
  { from: [{ services }], when: [{ of: "targetPort", values: ["80"] }] },
  { from: [{ services }], to: [{ paths: ["/a/{*}"] }] },
  { from: [{ services }], to },
];
const document = { objects: [...demoMesh().objects, policy("allow", ...rules), policy("deny", ...rules)] };
const rulesOf = (objects: readonly MeshObject[]) =>
  objects.flatMap((each) => (each.kind === "AuthorizationPolicy" ? [each.spec.rules] : [])).slice(-2);

test("a grant with what cannot be said goes, a denial is for all that it meant and more", () => {
  expect(rulesOf(withoutConditions(document, "X").document.objects)).toEqual([
    [
      { from: [{ services }], to },
      { from: [{ services }], to },
    ],
    [
      { to },
      { from: [{ services }, { services }], to },
      { from: [{ services }], to },
      { from: [{ services }] },
      { from: [{ services }] },
      { from: [{ services }], to },
    ],
  ]);
});

test("a design without them stays the same one", () => {
  const plain = demoMesh();
  expect(withoutConditions(plain, "X")).toEqual({ document: plain, losses: [] });
  expect(withoutConditions(plain, "X").document).toBe(plain);
});

test.each(EXPORT_IDS.filter((id) => id !== "istio" && id !== "envoy"))("%s tells each of them", (id) => {
  const told = lossesOf(exportDocument(id, document).report).filter(({ reason }) => reason.includes("has no word for"));
  const paths = rules.slice(0, 5).map((_, r) => `spec.rules[${r}]`);
  expect(told.map(({ path }) => path)).toEqual([...paths, ...paths]);
  expect(told.every(({ changesMeaning }) => changesMeaning)).toBe(true);
});
