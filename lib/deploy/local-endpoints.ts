// Made-up addresses on this machine for every proxy a design asks for: for tests, and for compiling without an environment.
import type { EnvironmentBinding, InstanceEndpoint } from "@/lib/compile/types";
import type { MeshDocument } from "@/lib/mesh";
import { desiredProxies } from "./proxies";

const PORTS_PER_PROXY = 4;

/** Four ports each from `firstPort` up, in the order of the proxies' keys; all ready. */
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
      host: "127.0.0.1",
      inboundPort: port,
      outboundPort: port + 1,
      adminPort: port + 2,
      ...(app.kind === "demo" || app.kind === "echo" ? { appPort: port + 3 } : {}),
      ready: true,
      draining: false,
    };
  });
}
