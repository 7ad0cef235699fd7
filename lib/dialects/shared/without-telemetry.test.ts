import { expect, test } from "vitest";
import { parse } from "yaml";
import { demoMesh, type MeshDocument, type Tracing } from "@/lib/mesh";
import { EXPORT_IDS, exportDocument, importDocuments, lossesOf } from "..";
import { withoutTelemetry } from "./without-telemetry";

const tracing: Tracing = {
  collector: { host: "otel.observability.svc", port: 4318, protocol: "http" },
  samplingPercent: 0.5,
  tags: [
    { name: "mesh", from: { type: "literal", value: "shop" } },
    { name: "tenant", from: { type: "header", header: "x-tenant", default: "none" } },
    { name: "zone", from: { type: "environment", variable: "ZONE" } },
  ],
};
const traced: MeshDocument = {
  objects: demoMesh().objects.map((each) =>
    each.kind === "Mesh" ? { ...each, spec: { ...each.spec, tracing, accessLog: { to: { type: "stdout" } } } } : each,
  ),
};
const mesh = traced.objects.find(({ kind }) => kind === "Mesh");

test.each(EXPORT_IDS.filter((id) => id !== "istio" && id !== "envoy"))(
  "%s tells that tracing and the access log are lost",
  (id) => {
    const losses = lossesOf(exportDocument(id, traced).report);
    for (const path of ["spec.tracing", "spec.accessLog"])
      expect(losses).toContainEqual(
        expect.objectContaining({ key: `Mesh//${mesh?.metadata.name}`, path, verdict: "lost" }),
      );
  },
);

test("a mesh that does not trace stays the same one", () => {
  const plain = demoMesh();
  expect(withoutTelemetry(plain, "X").document).toBe(plain);
});

test("Istio gets a Telemetry for the whole mesh, is told what belongs into MeshConfig, and brings nothing back twice", () => {
  const { text, report } = exportDocument("istio", traced);
  const telemetry = text
    .split(/^---$/m)
    .map((one) => parse(one) as { kind: string; metadata: object; spec: object })
    .filter(({ kind }) => kind === "Telemetry");
  expect(telemetry).toMatchObject([
    {
      metadata: { namespace: "istio-system" },
      spec: {
        tracing: [
          {
            providers: [{ name: "meshwright-otlp" }],
            randomSamplingPercentage: 0.5,
            customTags: {
              mesh: { literal: { value: "shop" } },
              tenant: { header: { name: "x-tenant", defaultValue: "none" } },
              zone: { environment: { name: "ZONE" } },
            },
          },
        ],
      },
    },
  ]);
  const [told] = lossesOf(report).filter(({ path }) => path === "spec.tracing.collector");
  expect(told).toMatchObject({ verdict: "approximate" });
  expect(told?.reason).toContain("{service: otel.observability.svc, port: 4318, http: {path: /v1/traces}}");
  const again = importDocuments("istio", [{ text, file: undefined }], { document: traced });
  expect(JSON.stringify(again)).not.toContain("meshwright-telemetry");
});
