// MW1037: a port that carries HTTP by its name, but is treated as TCP: no routes, no retries, no methods and paths.
import { type ExternalService, objectKey, type Protocol, type Service } from "@/lib/mesh";
import type { FindingBody, KindsAnalyzer } from "../finding";

export const mw1037PortAsTcp: KindsAnalyzer = {
  code: "MW1037",
  title: "HTTP port treated as TCP",
  area: "routing",
  scope: "object",
  kinds: ["Service", "ExternalService"],
  run(_index, object) {
    return object.kind === "Service" || object.kind === "ExternalService" ? check(object) : [];
  },
};

function check(object: Service | ExternalService): FindingBody[] {
  return object.spec.ports.flatMap((port, i): FindingBody[] => {
    const protocol = port.protocol === "tcp" ? protocolByName(port.name) : undefined;
    if (!protocol) return [];
    const key = objectKey(object);
    return [
      {
        code: "MW1037",
        severity: "warning",
        message: `Port ${port.port} of ${object.metadata.name} is called ${port.name} and treated as tcp.`,
        cause:
          "Istio reads the protocol from the name, here it is written. On TCP there are no retries, golden signals per request, and no routes and rules by methods, paths and headers.",
        refs: [key],
        path: `spec.ports[${i}].protocol`,
        fixes: [
          {
            title: `Treat it as ${protocol}`,
            command: { type: "patchSpec", key, path: ["ports", i, "protocol"], value: protocol },
          },
        ],
      },
    ];
  });
}

/** Istio's naming: `<protocol>` or `<protocol>-<suffix>`. */
function protocolByName(name: string): Protocol | undefined {
  const [first] = name.split("-");
  return first === "http" || first === "http2" || first === "grpc" ? first : undefined;
}
