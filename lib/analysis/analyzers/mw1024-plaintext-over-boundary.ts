// MW1024: a dependency that leaves a trust boundary and may run in plain text.
import { API_VERSION, type Dependency, keyOf, type MeshIndex, objectKey, type Service } from "@/lib/mesh";
import { endsOf } from "../calls";
import type { Fix, ObjectAnalyzer } from "../finding";
import { protectionIn, takesPlaintext } from "../protection";

export const mw1024PlaintextOverBoundary: ObjectAnalyzer<"Dependency"> = {
  code: "MW1024",
  title: "Plain text over a trust boundary",
  area: "encryption",
  scope: "object",
  kind: "Dependency",
  run(index, dependency) {
    if (index.all("TrustBoundary").length === 0) return [];
    const { from: caller, to: callee } = endsOf(dependency);
    const service = index.find("Service", callee);
    if (!service) return [];
    const from = index.boundariesOf(caller);
    const to = index.boundariesOf(callee);
    const left = from.filter((each) => !to.includes(each));
    const entered = to.filter((each) => !from.includes(each));
    if (left.length + entered.length === 0 || !takesPlaintext(index, service, dependency.spec.port)) return [];
    const crossed = [...left, ...entered];
    const isCertain = service.spec.optOut || protectionIn(index, service, dependency.spec.port).tls === "disable";
    return [
      {
        code: "MW1024",
        severity: isCertain ? "error" : "warning",
        message: `${dependency.spec.from.name} -> ${dependency.spec.to.name} crosses ${crossed.map((each) => each.metadata.name).join(" and ")} and ${isCertain ? "is" : "may be"} plain text.`,
        cause: service.spec.optOut
          ? `${service.metadata.name} is out of the mesh, so no sidecar ends TLS there.`
          : "Between two trust boundaries nobody answers for the network, so only mutual TLS protects the call.",
        refs: [objectKey(dependency), callee, ...crossed.map(objectKey)],
        fixes: fixesFor(index, service, dependency),
      },
    ];
  },
};

function fixesFor(index: MeshIndex, service: Service, dependency: Dependency): Fix[] {
  const { name, namespace } = service.metadata;
  const from = protectionIn(index, service, dependency.spec.port).tlsFrom?.object;
  const isOwn = from?.kind === "MutualTls" && from.spec.target?.service !== undefined;
  if (service.spec.optOut || isOwn || index.get(keyOf("MutualTls", namespace, name))) return [];
  return [
    {
      title: `Require mutual TLS of ${name}`,
      command: {
        type: "addObject",
        object: {
          apiVersion: API_VERSION,
          kind: "MutualTls",
          metadata: { name, namespace },
          spec: { target: { service: name }, mode: "strict" },
        },
      },
    },
  ];
}
