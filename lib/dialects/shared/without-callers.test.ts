import { expect, test } from "vitest";
import { demoMesh, type MeshDocument } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { withObjects } from "../../simulate/testing/designs";
import { EXPORT_IDS, exportDocument, lossesOf } from "..";
import { imported, specOf } from "../testing/imported";

const respond = (status: number) => ({ type: "respond" as const, status });
const document: MeshDocument = withObjects(
  demoMesh(),
  object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [
      {
        name: "early",
        matches: [{ caller: { namespace: "production", labels: { ring: "early" } } }],
        action: respond(418),
      },
      {
        name: "both",
        matches: [{ caller: { labels: { ring: "late" } } }, { path: { type: "exact", value: "/both" } }],
        action: respond(204),
      },
    ],
  }),
);

test.each(EXPORT_IDS.filter((id) => !["istio", "envoy", "kubernetes"].includes(id)))(
  "%s: a rule for some callers is left out whole, and told at its place as a change of meaning",
  (id) => {
    const { report, text } = exportDocument(id, document);
    const told = lossesOf(report).filter(({ reason }) => reason.includes("cannot say who calls"));
    expect(told).toEqual([
      expect.objectContaining({ key: "Route/production/cart", path: "spec.rules[0]", changesMeaning: true }),
      expect.objectContaining({ key: "Route/production/cart", path: "spec.rules[1]", changesMeaning: true }),
    ]);
    expect(text).not.toContain("early");
    const others = report.filter(
      ({ key, path }) => key === "Route/production/cart" && path.startsWith("spec.rules[0]"),
    );
    expect(others).toHaveLength(1);
  },
);

const rules = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: production}
spec: {selector: {app: cart}, ports: [{name: http, port: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: production}
spec:
  hosts: [cart]
  http:
  - match:
    - {sourceLabels: {ring: early, version: v2}, sourceNamespace: staging, uri: {exact: /a}}
    - {sourceNamespace: production}
    directResponse: {status: 418}
  - directResponse: {status: 204}
`;

test("Istio has both conditions, in and out", () => {
  const { document: read, warnings } = imported("istio", [{ text: rules }], "shop");
  expect(warnings).toEqual([]);
  const spec = specOf(read, "Route/production/cart");
  expect(spec).toMatchObject({
    rules: [
      {
        matches: [
          {
            caller: { namespace: "staging", labels: { ring: "early", version: "v2" } },
            path: { type: "exact", value: "/a" },
          },
          { caller: { namespace: "production" } },
        ],
      },
      { matches: [] },
    ],
  });
  const { resources, report } = exportDocument("istio", read);
  expect(report.filter(({ key }) => key === "Route/production/cart").map(({ verdict }) => verdict)).toEqual([
    "exact",
    "exact",
  ]);
  const again = imported(
    "istio",
    [{ text: rules.split("---")[0] ?? "" }, { text: resources.map((each) => JSON.stringify(each)).join("\n---\n") }],
    "shop",
  );
  expect(specOf(again.document, "Route/production/cart")).toEqual(spec);
});

test("beside gateways of its own Istio does not look at the caller: such a rule is kept whole", () => {
  const own = rules.replace("{sourceNamespace: production}", "{sourceNamespace: production, gateways: [mesh]}");
  const { document: read, warnings } = imported("istio", [{ text: own }], "shop");
  expect(specOf(read, "Route/production/cart")).toMatchObject({ rules: [{ matches: [] }] });
  expect(warnings).toMatchObject([{ verdict: "lost", changesMeaning: true }]);
});
