// Ports of a service as a Service of Kubernetes has them: what they speak is said, and the port of the pods where it is known.
import type { Service } from "@/lib/mesh";
import { podPorts } from "./selectors";

export function portsOfService(service: Service): Record<string, unknown>[] {
  const pods = podPorts(service);
  return service.spec.ports.map(({ name, port, protocol }, i) => ({
    name,
    port,
    ...(pods[i]?.isSaid ? { targetPort: pods[i].pod } : {}),
    appProtocol: APP_PROTOCOLS[protocol],
  }));
}

const APP_PROTOCOLS = { http: "http", http2: "kubernetes.io/h2c", grpc: "grpc", tcp: "tcp" } as const;
