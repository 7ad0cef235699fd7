// MW1081: a hash of the caller's address where the callers are sidecars: each of them sees its own app alone.
import { objectKey, serviceRefKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { keysOf } from "../hashing";

export const mw1081OneAddressForAll: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1081",
  title: "Hash of an address that all callers have",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(index, policy) {
    const keys = keysOf(policy);
    if (!keys?.every(({ type }) => type === "sourceIp")) return [];
    const service = serviceRefKey(policy.spec.service, policy);
    const callers = index.dependenciesTo(service).filter(({ spec }) => spec.from.kind !== "Gateway");
    if (callers.length === 0) return [];
    const names = [...new Set(callers.map(({ spec }) => spec.from.name))];
    return [
      {
        code: "MW1081",
        severity: "warning",
        message: `${policy.spec.service.name} is chosen a host by the caller's address alone, and its callers ${names.join(", ")} all call from beside their own sidecar.`,
        cause:
          "A sidecar sees the address of its app. Where both share a machine that is 127.0.0.1 for every caller, and all of them meet at one host; in pods of their own, all calls of one pod do. Only an app that passes x-forwarded-for on, or a gateway, brings the client's.",
        refs: [objectKey(policy), service],
        path: "spec.loadBalancing.hash",
      },
    ];
  },
};
