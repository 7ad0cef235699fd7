// MW1013: a service that nothing runs. Calls to it get 503.
import { API_VERSION, keyOf, objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";

export const mw1013ServiceWithoutWorkload: ObjectAnalyzer<"Service"> = {
  code: "MW1013",
  title: "Service without a workload",
  area: "broken",
  scope: "object",
  kind: "Service",
  run(index, service) {
    const key = objectKey(service);
    if (service.spec.optOut || index.workloadsOf(key).length > 0) return [];
    const { name, namespace } = service.metadata;
    const free = !index.get(keyOf("Workload", namespace, `${name}-v1`));
    return [
      {
        code: "MW1013",
        severity: "warning",
        message: `Nothing runs ${name}: calls to it get 503.`,
        cause: "A service is a name; a workload is what answers under it.",
        refs: [key],
        ...(free
          ? {
              fixes: [
                {
                  title: `Add workload ${name}-v1`,
                  command: {
                    type: "addObject",
                    object: {
                      apiVersion: API_VERSION,
                      kind: "Workload",
                      metadata: { name: `${name}-v1`, namespace },
                      spec: { service: name, version: "v1", replicas: 1 },
                    },
                  },
                },
              ],
            }
          : {}),
      },
    ];
  },
};
