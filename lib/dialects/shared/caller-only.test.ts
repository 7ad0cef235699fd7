import { expect, test } from "vitest";
import { demoMesh, type MeshDocument } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import { withObjects } from "../../simulate/testing/designs";
import { EXPORT_IDS, exportDocument } from "..";
import { imported, specOf } from "../testing/imported";

const calling: MeshDocument = withObjects(
  demoMesh(),
  object("Workload", "nightly", { version: "v1", serviceAccount: "night-shift" }),
  object("Dependency", "nightly-to-cart", {
    from: { kind: "Workload", name: "nightly" },
    to: { kind: "Service", name: "cart" },
  }),
);

// Gateway API has no policies of who may call.
/** Under which name each product knows who calls: by account, by service, by label. */
const NAMES: Record<string, RegExp> = {
  "app-mesh": /nightly/,
  consul: /nightly/,
  kuma: /nightly/,
  cilium: /nightly|night-shift/,
  kubernetes: /nightly/,
};

test.each(EXPORT_IDS.filter((id) => id !== "gateway-api"))(
  "%s: a workload that serves nothing may call what it may here",
  (id) => {
    const wanted = NAMES[id] ?? /night-shift/;
    expect(exportDocument(id, demoMesh()).text).not.toMatch(wanted);
    expect(exportDocument(id, calling).text).toMatch(wanted);
  },
);

const entry = `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: mainframe, namespace: books}
spec: {address: 192.0.2.9, ports: {http: 80}, labels: {app: mainframe, version: "7"}, serviceAccount: mainframe}
`;

test("a machine of Istio without a service only calls; its address is kept and comes back", () => {
  const { document, warnings } = imported("istio", [{ text: entry }], "books");
  expect(warnings).toEqual([]);
  expect(specOf(document, "Workload/books/mainframe")).toEqual({
    version: "7",
    serviceAccount: "mainframe",
    labels: { app: "mainframe" },
  });
  const { resources } = exportDocument("istio", document);
  expect(resources.filter(({ kind }) => kind === "WorkloadEntry")).toEqual([
    {
      apiVersion: "networking.istio.io/v1",
      kind: "WorkloadEntry",
      metadata: { name: "mainframe", namespace: "books" },
      spec: {
        address: "192.0.2.9",
        ports: { http: 80 },
        labels: { app: "mainframe", version: "7" },
        serviceAccount: "mainframe",
      },
    },
  ]);
  expect(exportDocument("kubernetes", document).text).not.toContain("Deployment");
});
