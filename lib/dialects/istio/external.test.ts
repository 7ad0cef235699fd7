// What is outside of the mesh, with its addresses, in and out.
import { expect, test } from "vitest";
import { object } from "@/lib/compile/testing/rich";
import { applyCommand, emptyMesh, type MeshDocument, type MeshObject, type SpecOf } from "@/lib/mesh";
import { importIstio } from ".";
import { exportDocument } from "./export";

type External = SpecOf<"ExternalService">;
const HTTP = { name: "http", port: 80, protocol: "http" as const };
const TLS = { name: "https", port: 443, protocol: "tcp" as const };

function out(spec: External) {
  const external = object("ExternalService", "bank", spec) as MeshObject;
  const { resources, report, text } = exportDocument({ objects: [...emptyMesh("mesh").objects, external] });
  const entry = resources.find(({ kind }) => kind === "ServiceEntry")?.spec;
  return { entry, report: report.filter(({ verdict }) => !["exact", "moved"].includes(verdict)), text };
}

function back(text: string) {
  const document: MeshDocument = emptyMesh("mesh");
  const { commands, violations, warnings } = importIstio(text, { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  const external = applied.document.objects.find((each) => each.kind === "ExternalService");
  return { external, warnings };
}

test.each<[string, External]>([
  ["a name", { hosts: ["bank.example"], ports: [HTTP, TLS] }],
  [
    "an address with the port of the entry",
    { hosts: ["bank.example"], ports: [TLS], endpoints: [at("203.0.113.7", 443)] },
  ],
  [
    "one with another port",
    { hosts: ["bank.example"], ports: [HTTP], endpoints: [at("10.0.0.1", 8081), at("10.0.0.2", 80)] },
  ],
  ["a pattern with an address", { hosts: ["*.example"], ports: [HTTP], endpoints: [at("cache.example", 8081)] }],
  [
    "a name of which one address is used",
    { hosts: ["bank.example"], ports: [HTTP, TLS], resolution: "dns-round-robin" },
  ],
  [
    "an endpoint of which one address is used",
    { hosts: ["*.example"], ports: [HTTP], endpoints: [at("bank.example", 80)], resolution: "dns-round-robin" },
  ],
  [
    "an address for each of two ports",
    { hosts: ["b.example"], ports: [HTTP, TLS], endpoints: [at("10.0.0.1", 80), at("10.0.0.1", 443)] },
  ],
])("%s goes out and comes back as it was, without a loss", (_, spec) => {
  const { report, text } = out(spec);
  expect(report).toEqual([]);
  const { external, warnings } = back(text);
  expect(external?.spec).toEqual(spec);
  expect(external?.metadata.origin?.kept?.filter(({ path }) => path.startsWith("spec.endpoints")) ?? []).toEqual([]);
  expect(warnings.filter(({ changesMeaning }) => changesMeaning)).toEqual([]);
});

function at(address: string, port: number) {
  return { address, port };
}

test("a pattern without an address leads where the caller looks it up, which is told: Istio refuses to look it up itself", () => {
  const { entry, report } = out({ hosts: ["*.example"], ports: [HTTP] });
  expect(entry).toMatchObject({ resolution: "NONE" });
  expect(report).toMatchObject([{ path: "spec.hosts", verdict: "approximate" }]);
});

test("an empty list of addresses is none", () => {
  const { entry } = out({ hosts: ["bank.example"], ports: [HTTP], endpoints: [] });
  expect(entry).toMatchObject({ resolution: "DNS" });
  expect(entry).not.toHaveProperty("endpoints");
});

test("addresses for some of the ports are for all of them in Istio, which is told", () => {
  const { entry, report } = out({ hosts: ["b.example"], ports: [HTTP, TLS], endpoints: [at("10.0.0.1", 80)] });
  expect(entry?.["endpoints"]).toEqual([{ address: "10.0.0.1" }]);
  expect(report).toMatchObject([{ path: "spec.endpoints", changesMeaning: true }]);
});

test("ports of an endpoint that the model cannot say are kept, told, and written back", () => {
  const { external, warnings } = back(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bank, namespace: production }
spec:
  hosts: [bank.example]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }, { number: 443, name: https, protocol: HTTPS }]
  endpoints: [{ address: 10.0.0.1, ports: { http: 8081 } }]
`);
  expect(external?.spec).toMatchObject({ endpoints: [at("10.0.0.1", 80), at("10.0.0.1", 443)] });
  expect(warnings.find(({ changesMeaning }) => changesMeaning)?.path).toBe("spec.endpoints[0].ports");
  const { resources } = exportDocument({ objects: [...emptyMesh("mesh").objects, external as MeshObject] });
  expect(resources.find(({ kind }) => kind === "ServiceEntry")?.spec["endpoints"]).toEqual([
    { address: "10.0.0.1", ports: { http: 8081 } },
  ]);
});

test("one address at a time is Istio's DNS_ROUND_ROBIN, also where another word was kept, and of several endpoints it is kept", () => {
  const { external } = back(entryOf("DNS", ""));
  expect(external?.spec).not.toHaveProperty("resolution");
  const origin = external?.metadata.origin;
  expect(origin?.kept).toContainEqual(expect.objectContaining({ path: "spec.resolution", value: "DNS" }));
  const changed = { ...external, spec: { ...external?.spec, resolution: "dns-round-robin" } } as MeshObject;
  const { resources } = exportDocument({ objects: [...emptyMesh("mesh").objects, changed] });
  expect(resources.find(({ kind }) => kind === "ServiceEntry")?.spec["resolution"]).toBe("DNS_ROUND_ROBIN");
  const several = back(entryOf("DNS_ROUND_ROBIN", "endpoints: [{ address: a.example }, { address: b.example }]"));
  expect(several.external?.spec).not.toHaveProperty("resolution");
  expect(several.external?.metadata.origin?.kept).toContainEqual(
    expect.objectContaining({ path: "spec.resolution", value: "DNS_ROUND_ROBIN" }),
  );
});

const entryOf = (resolution: string, more: string) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bank, namespace: production }
spec:
  hosts: [bank.example]
  location: MESH_EXTERNAL
  resolution: ${resolution}
  ports: [{ number: 80, name: http, protocol: HTTP }]
  ${more}
`;
