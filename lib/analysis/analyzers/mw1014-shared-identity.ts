// MW1014: two services (or a service and a gateway) with one identity. What one is granted, the other has too.
import { objectKey, serviceAccountOf } from "@/lib/mesh";
import type { FindingBody, MeshAnalyzer } from "../finding";

export const mw1014SharedIdentity: MeshAnalyzer = {
  code: "MW1014",
  title: "Shared identity",
  area: "access",
  scope: "mesh",
  run(index) {
    const users = new Map<string, Map<string, string[]>>();
    for (const object of [...index.all("Workload"), ...index.all("Gateway")]) {
      const account = `${object.metadata.namespace}/${serviceAccountOf(object)}`;
      const who = object.kind === "Workload" ? `service ${object.spec.service}` : `gateway ${object.metadata.name}`;
      const of = users.get(account) ?? new Map<string, string[]>();
      of.set(who, [...(of.get(who) ?? []), objectKey(object)]);
      users.set(account, of);
    }
    return [...users].flatMap(([account, who]): FindingBody[] => {
      if (who.size < 2) return [];
      return [
        {
          code: "MW1014",
          severity: "warning",
          message: `${[...who.keys()].join(" and ")} share the service account ${account}.`,
          cause: "A permission is granted to an identity, so each of them can do what the others may.",
          refs: [...who.values()].flat(),
          path: "spec.serviceAccount",
        },
      ];
    });
  },
};
