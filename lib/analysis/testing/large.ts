// A large mesh for figures: services in a tree of calls, and as many policies as asked.
import type { MeshDocument, MeshObject } from "@/lib/mesh";
import { forward, make, svc } from "./calm";

export function largeMesh(services: number, policies: number): MeshDocument {
  const objects: MeshObject[] = [
    make("Mesh", "large", {
      trustDomain: "large.mesh.local",
      defaults: { mutualTls: "strict", authorization: "drawn" },
      certificateTtlHours: 24,
    }),
    make("Namespace", "production", { ownerTeam: "platform" }),
  ];
  for (let i = 0; i < services; i++) {
    const name = `s${i}`;
    objects.push(
      make("Service", name, {
        ports: [{ name: "http", port: 80, protocol: "http" }],
        owner: "team",
        criticality: i % 5 === 0 ? "high" : "medium",
      }),
      make("Workload", `${name}-v1`, {
        service: name,
        version: "v1",
        replicas: 2,
        sidecar: { cpuMillicores: 100, memoryMb: 64 },
      }),
    );
    for (const to of [2 * i + 1, 2 * i + 2].filter((each) => each < services)) {
      objects.push(
        make("Dependency", `${name}-s${to}`, {
          from: svc(name),
          to: svc(`s${to}`),
          interaction: i % 3 === 0 ? "async" : "sync",
        }),
      );
    }
  }
  for (let i = 0; i < policies; i++) objects.push(policyOf(i, services));
  return { objects };
}

function policyOf(i: number, services: number): MeshObject {
  const name = `s${(i >> 2) % services}`;
  const id = `p${i}`;
  const action = forward(name);
  switch (i % 4) {
    case 0:
      return make("Route", id, {
        target: svc(name),
        rules: [
          { matches: [{ path: { type: "prefix", value: "/a" } }], action, timeoutMs: 900, retries: { attempts: 1 } },
          { matches: [], action, timeoutMs: 900 },
        ],
      });
    case 1:
      return make("TrafficPolicy", id, {
        service: { name },
        outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 50 },
        connectionPool: { maxConnections: 100 },
      });
    case 2:
      return make("AuthorizationPolicy", id, {
        target: { service: name },
        action: "deny",
        rules: [{ from: [{ services: [svc(`s${(i * 7) % services}`)] }], to: [{ paths: ["/admin/*"] }] }],
      });
    default:
      return make("MutualTls", id, { target: { service: name }, mode: "strict" });
  }
}
