// MW1053: a health check of a kind that no port of the service can answer, so no host is ever asked.
import { type HealthCheck, healthCheckAnswers, objectKey, type Protocol, serviceRefKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

const KINDS: Readonly<Record<HealthCheck["type"], string>> = { http: "HTTP", grpc: "gRPC", tcp: "TCP" };

export const mw1053CheckNobodyAnswers: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1053",
  title: "Health check that no port answers",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(index, policy) {
    const check = policy.spec.healthCheck;
    const service = serviceRefKey(policy.spec.service, policy);
    const ports = index.find("Service", service)?.spec.ports ?? [];
    if (!check || ports.length === 0) return [];
    if (ports.some(({ protocol }) => healthCheckAnswers(protocol, check.type))) return [];
    const key = objectKey(policy);
    const spoken = [...new Set(ports.map(({ protocol }) => protocol))].join(" and ");
    const other = instead(ports.map(({ protocol }) => protocol));
    return [
      {
        code: "MW1053",
        severity: "warning",
        message: `${policy.metadata.name} checks hosts of ${policy.spec.service.name} by ${KINDS[check.type]}, and its ports speak ${spoken}.`,
        cause:
          "A check of one protocol fails at a port of another one, so such a port is not asked: nobody checks these hosts.",
        refs: [key, service],
        path: "spec.healthCheck.type",
        fixes: [
          {
            title: `Check them by ${KINDS[other]}`,
            command: { type: "patchSpec", key, path: ["healthCheck"], value: { ...timesOf(check), type: other } },
          },
        ],
      },
    ];
  },
};

function instead(protocols: readonly Protocol[]): "grpc" | "tcp" {
  return protocols.some((protocol) => healthCheckAnswers(protocol, "grpc")) ? "grpc" : "tcp";
}

/** What every kind of check has. */
function timesOf(check: HealthCheck): Partial<HealthCheck> {
  const own = new Set([
    "type",
    "path",
    "method",
    "host",
    "headers",
    "expectedStatuses",
    "serviceName",
    "send",
    "receive",
  ]);
  return Object.fromEntries(Object.entries(check).filter(([field]) => !own.has(field)));
}
