// Where a design runs that no environment runs: every proxy on this machine, in fixed ports. For tests and `meshwright compile`.
// The rule: the same design always gets the same ports, so that files of several proxies fit together.
import type { EnvironmentBinding, InstanceEndpoint } from "@/lib/compile/types";
import type { MeshDocument } from "@/lib/mesh";
import { bindingForDocument } from "./binding";
import { desiredProxies } from "./proxies";

const PORTS_PER_PROXY = 4;
const LISTEN_HOST = "127.0.0.1";

export type Places = { binding: EnvironmentBinding; endpoints: InstanceEndpoint[] };

/** Four ports each from `firstPort` up (inbound, outbound, admin, app), in the order of the proxies' keys; all ready. */
export function localEndpoints(
  document: MeshDocument,
  binding: EnvironmentBinding,
  firstPort = 20_000,
): InstanceEndpoint[] {
  return desiredProxies(document, binding).map(({ proxyKey, namespace, workload, app }, index) => {
    const port = firstPort + index * PORTS_PER_PROXY;
    return {
      proxyId: proxyKey,
      namespace,
      workload,
      host: LISTEN_HOST,
      inboundPort: port,
      outboundPort: port + 1,
      adminPort: port + 2,
      ...(app.kind === "demo" || app.kind === "echo" ? { appPort: port + 3 } : {}),
      ready: true,
      draining: false,
    };
  });
}

/** Every instance with an app at a port of its own: beside its proxy, or after all proxies where the service has none. */
export function localPlaces(document: MeshDocument, firstPort: number): Places {
  const bound = bindingForDocument(document);
  const binding = { ...bound, instances: bound.instances.map((each) => ({ ...each, app: { kind: "echo" as const } })) };
  const endpoints = localEndpoints(document, binding, firstPort);
  const withProxy = new Set(endpoints.map(({ proxyId }) => proxyId));
  let next = firstPort + endpoints.length * PORTS_PER_PROXY;
  const instances = binding.instances.map((each) =>
    withProxy.has(each.id) ? each : { ...each, app: { kind: "address" as const, host: LISTEN_HOST, port: next++ } },
  );
  return { binding: { ...binding, instances }, endpoints };
}
