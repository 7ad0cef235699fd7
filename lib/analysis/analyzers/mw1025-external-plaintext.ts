// MW1025: a call that leaves the mesh as plain HTTP.
import { objectKey } from "@/lib/mesh";
import { endsOf } from "../calls";
import type { ObjectAnalyzer } from "../finding";
import { isSensitive } from "../protection";

export const mw1025ExternalPlaintext: ObjectAnalyzer<"Dependency"> = {
  code: "MW1025",
  title: "Plain text to an external service",
  area: "encryption",
  scope: "object",
  kind: "Dependency",
  run(index, dependency) {
    if (dependency.spec.to.kind !== "ExternalService") return [];
    const { from: caller, to: callee } = endsOf(dependency);
    const external = index.find("ExternalService", callee);
    if (!external || external.spec.tls) return [];
    const { port } = dependency.spec;
    const plain = external.spec.ports.filter(
      (each) => (port === undefined || each.port === port) && each.protocol !== "tcp",
    );
    if (plain.length === 0) return [];
    const sensitive = isSensitive(index.find("Service", caller));
    return [
      {
        code: "MW1025",
        severity: sensitive ? "warning" : "info",
        message: `${dependency.spec.from.name} calls ${external.metadata.name} in plain HTTP on port ${plain.map((each) => each.port).join(", ")}.`,
        cause: `Its design has no tls, so sidecars send what the app says as it is${sensitive ? `, and ${dependency.spec.from.name} holds ${index.find("Service", caller)?.spec.dataClass} data` : ""}. Give the external service tls, let the app speak it over a tcp port, use a private line, or accept the risk with its reason.`,
        refs: [objectKey(dependency), callee, caller],
        path: "spec.port",
      },
    ];
  },
};
