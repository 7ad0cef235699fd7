// Addresses for a design that no environment runs: every instance on one machine, in fixed ports.
// The rule: the same design always gets the same ports, so that files of several proxies fit together.
import type { EnvironmentBinding, InstanceEndpoint } from "@/lib/compile";
import { inWritingOrder, type MeshDocument } from "@/lib/mesh";

const PORTS_PER_PROXY = 10;

export type Places = { binding: EnvironmentBinding; endpoints: InstanceEndpoint[] };

/** Each proxy takes ten ports from `basePort` on: inbound, outbound, admin, app; in the order of gateways, then workloads. */
export function localPlaces(document: MeshDocument, basePort: number): Places {
  const places: Places = { binding: { instances: [], externals: [], gateways: [] }, endpoints: [] };
  const add = (namespace: string, workload: string, instance: number) => {
    const first = basePort + places.endpoints.length * PORTS_PER_PROXY;
    const proxyId = `${namespace}/${workload}/${instance}`;
    const ports = { inboundPort: first, outboundPort: first + 1, adminPort: first + 2, appPort: first + 3 };
    places.endpoints.push({ proxyId, namespace, workload, host: "127.0.0.1", ...ports, ready: true, draining: false });
    return { proxyId, ...ports };
  };
  for (const object of inWritingOrder(document)) {
    if (object.kind === "Gateway") {
      const { namespace, name } = object.metadata;
      const { inboundPort } = add(namespace, name, 0);
      places.binding.gateways.push({ namespace, name, publicPort: inboundPort });
    } else if (object.kind === "Workload") {
      const { namespace, name } = object.metadata;
      for (let i = 0; i < (object.spec.replicas ?? 1); i++) {
        const { proxyId, appPort } = add(namespace, name, i);
        const app = { kind: "address" as const, host: "127.0.0.1", port: appPort };
        places.binding.instances.push({ id: proxyId, workload: { namespace, name }, app });
      }
    }
  }
  return places;
}
