// The design that the benchmark of the model runs on, and the edits it makes.
// The rule: every edit touches another object each round, so that nothing kept of the round before can answer it.
import { forward, make, svc } from "@/lib/analysis/testing/calm";
import { largeMesh } from "@/lib/analysis/testing/large";
import type { Command, MeshDocument, MeshObject } from "@/lib/mesh";

const NAMESPACE = "production";

/** Three calls and two policies for each service, two replicas, a gateway in front. Calls lead to later services only: no cycle. */
export function benchMesh(services: number): MeshDocument {
  const { objects } = largeMesh(services, 2 * services);
  const more: MeshObject[] = [
    make("Gateway", "edge", {
      type: "ingress",
      listeners: [{ name: "http", port: 80, protocol: "http", hosts: ["shop.example"] }],
    }),
    make("Dependency", "edge-s0", { from: { kind: "Gateway", name: "edge" }, to: svc("s0") }),
    make("Route", "edge", {
      target: { kind: "Gateway", name: "edge" },
      rules: [{ matches: [], action: forward("s0"), timeoutMs: 2000 }],
    }),
  ];
  const isTree = (from: number, to: number) => to === 2 * from + 1 || to === 2 * from + 2;
  let wanted = 3 * services - objects.filter(({ kind }) => kind === "Dependency").length - 1;
  for (let i = 0; wanted > 0; i += 1) {
    const from = i % (services - 60);
    const to = from + 4 + ((i * 13 + Math.floor(i / services)) % 50);
    if (isTree(from, to)) continue;
    more.push(make("Dependency", `more-${i}`, { from: svc(`s${from}`), to: svc(`s${to}`), interaction: "async" }));
    wanted -= 1;
  }
  return { objects: [...objects, ...more] };
}

/** largeMesh writes four policies in turn for every service from s0 up: route, traffic, authorization, mutual TLS. */
const policy = (kind: string, service: number, turn: number) => `${kind}/${NAMESPACE}/p${4 * service + turn}`;

export const EDITS: Record<string, (round: number) => Command> = {
  "a route's timeout": (round) => ({
    type: "patchSpec",
    key: policy("Route", 40 + round, 0),
    path: ["rules", 0, "timeoutMs"],
    value: 500 + round,
  }),
  "a limit of connections": (round) => ({
    type: "patchSpec",
    key: policy("TrafficPolicy", 60 + round, 1),
    path: ["connectionPool", "maxConnections"],
    value: 200 + round,
  }),
  "a policy's rule": (round) => ({
    type: "patchSpec",
    key: policy("AuthorizationPolicy", 80 + round, 2),
    path: ["rules", 0, "to", 0, "paths", 0],
    value: `/admin/${round}/*`,
  }),
  "a new dependency": (round) => ({
    type: "addObject",
    object: make("Dependency", `new-${round}`, { from: svc(`s${100 + round}`), to: svc(`s${700 + round}`) }),
  }),
  "a service's mutual TLS": (round) => ({
    type: "patchSpec",
    key: policy("MutualTls", 120 + round, 3),
    path: ["mode"],
    value: "permissive",
  }),
  "a service's owner": (round) => ({
    type: "patchSpec",
    key: `Service/${NAMESPACE}/s${140 + round}`,
    path: ["owner"],
    value: `team-${round}`,
  }),
};
