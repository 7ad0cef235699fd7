// MW1080: hosts of a TCP port that are chosen by a hash of what only requests have.
import { objectKey, serviceRefKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { keysOf } from "../hashing";

export const mw1080ConnectionsWithoutKey: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1080",
  title: "Connections without a key",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(index, policy) {
    const keys = keysOf(policy);
    const service = serviceRefKey(policy.spec.service, policy);
    const ports = index.find("Service", service)?.spec.ports ?? [];
    const tcp = ports.filter(({ protocol }) => protocol === "tcp");
    if (!keys || tcp.length === 0 || keys.some(({ type }) => type === "sourceIp")) return [];
    const key = objectKey(policy);
    const hasRequests = tcp.length < ports.length;
    return [
      {
        code: "MW1080",
        severity: "warning",
        message: `Connections to TCP port ${tcp.map(({ port }) => port).join(", ")} of ${policy.spec.service.name} go to any host: none of the keys of ${policy.metadata.name} is there.`,
        cause:
          "Headers, cookies and parameters are in requests, and on TCP nobody reads any. The caller's address is the one key of a connection.",
        refs: [key, service],
        path: "spec.loadBalancing.hash",
        // beside requests it would become a part of their keys
        fixes: hasRequests
          ? []
          : [
              {
                title: "Hash the caller's address",
                command: { type: "patchSpec", key, path: ["loadBalancing", "hash"], value: [{ type: "sourceIp" }] },
              },
            ],
      },
    ];
  },
};
