// MW1042: an external service that is the whole internet.
import { objectKey } from "@/lib/mesh";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1042EgressAnywhere: ObjectAnalyzer<"ExternalService"> = {
  code: "MW1042",
  title: "A way out to anywhere",
  area: "access",
  scope: "object",
  kind: "ExternalService",
  run(index, external) {
    const key = objectKey(external);
    const isOpen = index.egressesTo(key).length > 0;
    return external.spec.hosts.flatMap((host, i): FindingBody[] => {
      // *.example.com is one owner's; *.com and * are not
      if (host !== "*" && !/^\*\.[^.]+$/.test(host)) return [];
      return [
        {
          code: "MW1042",
          severity: isOpen ? "error" : "warning",
          message: `${external.metadata.name} stands for ${host === "*" ? "every host" : `every host under ${host.slice(2)}`}.`,
          cause: "An egress to it lets data leave to wherever a taken-over workload wants.",
          refs: [key],
          path: `spec.hosts[${i}]`,
        },
      ];
    });
  },
};
