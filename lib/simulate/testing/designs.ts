// Designs that the simulator's tests begin from.
import { demoMesh, type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import { object, seedObjects } from "../../compile/testing/rich";
import type { Question } from "../types";

/** The demo with these objects added, or put in place of those of the same key. */
export function demoWith(...objects: MeshObject[]): MeshDocument {
  return withObjects(demoMesh(), ...objects);
}

export function withObjects(document: MeshDocument, ...objects: MeshObject[]): MeshDocument {
  const keys = new Set(objects.map(objectKey));
  return { objects: [...document.objects.filter((each) => !keys.has(objectKey(each))), ...objects] };
}

export const without = (document: MeshDocument, ...keys: string[]): MeshDocument => ({
  objects: document.objects.filter((each) => !keys.includes(objectKey(each))),
});

export const seedMesh = (): MeshDocument => demoWith(...seedObjects());

/** The seed's route with another share for v2. */
export function splitOf(percent: number): MeshObject {
  const to = (subset: string, weight: number) => ({ service: { name: "payment-service" }, subset, weight });
  return object("Route", "payment-service", {
    target: { kind: "Service", name: "payment-service" },
    rules: [{ matches: [], action: { type: "forward", destinations: [to("v1", 100 - percent), to("v2", percent)] } }],
  });
}

export const get = (workload: string, host: string, path = "/", more: Partial<Question> = {}): Question => ({
  from: { kind: "workload", workload: `Workload/production/${workload}` },
  to: { host },
  method: "GET",
  path,
  headers: {},
  ...more,
});

/** A mesh of this many services, each calling three others, with two policies each. */
export function largeMesh(services: number): MeshDocument {
  const [mesh] = demoMesh().objects.filter(({ kind }) => kind === "Mesh");
  const objects: MeshObject[] = mesh ? [mesh] : [];
  for (let i = 0; i < services; i++) {
    const name = `service-${i}`;
    objects.push(
      object("Service", name, { ports: [{ name: "http", port: 8080, protocol: "http" }], owner: `team-${i % 20}` }),
      object("Workload", `${name}-v1`, { service: name, version: "v1" }),
      object("Workload", `${name}-v2`, { service: name, version: "v2" }),
      object("Subset", `${name}-v1`, { service: { name }, name: "v1", labels: { version: "v1" } }),
      object("Subset", `${name}-v2`, { service: { name }, name: "v2", labels: { version: "v2" } }),
      object("Route", name, {
        target: { kind: "Service", name },
        rules: [
          {
            matches: [{ path: { type: "pathPrefix", value: "/v2" } }],
            action: { type: "forward", destinations: [{ service: { name }, subset: "v2", weight: 1 }] },
          },
          {
            matches: [],
            action: {
              type: "forward",
              destinations: [
                { service: { name }, subset: "v1", weight: 90 },
                { service: { name }, subset: "v2", weight: 10 },
              ],
            },
            timeoutMs: 1000 + i,
          },
        ],
      }),
      object("AuthorizationPolicy", `${name}-no-admin`, {
        target: { service: name },
        action: "deny",
        rules: [{ to: [{ paths: ["/admin*"] }] }],
      }),
    );
    for (const step of [1, 7, 31]) {
      const callee = `service-${(i + step) % services}`;
      objects.push(
        object("Dependency", `${name}-to-${callee}`, {
          from: { kind: "Service", name },
          to: { kind: "Service", name: callee },
          port: 8080,
        }),
      );
    }
  }
  return { objects };
}
