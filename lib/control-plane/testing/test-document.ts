// The smallest design worth deploying: services with one workload each.

import { API_VERSION, type MeshDocument } from "@/lib/mesh";

export function testDocument(workloads: readonly string[] = ["cart", "web"]): MeshDocument {
  const object = (kind: string, name: string, namespace: string | undefined, spec: unknown) => ({
    apiVersion: API_VERSION,
    kind,
    metadata: { name, ...(namespace ? { namespace } : {}) },
    spec,
  });
  const port = { name: "http", port: 8080, protocol: "http" };
  const objects = [
    object("Mesh", "shop", undefined, { trustDomain: "shop.test" }),
    ...workloads.flatMap((name) => [
      object("Service", name, "production", { ports: [port] }),
      object("Workload", `${name}-v1`, "production", { service: name, version: "v1", replicas: 1 }),
    ]),
  ];
  return { objects } as unknown as MeshDocument;
}
