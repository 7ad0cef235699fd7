// MW1033: a service that is out of the mesh without an end, or past it.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { isSensitive } from "../protection";

export const mw1033OptOutWithoutEnd: ObjectAnalyzer<"Service"> = {
  code: "MW1033",
  title: "Opt-out without an end",
  area: "ownership",
  scope: "object",
  kind: "Service",
  run(_index, service, facts) {
    const { optOut } = service.spec;
    if (!optOut) return [];
    const isOver = optOut.expiresOn !== undefined && facts.today !== undefined && optOut.expiresOn < facts.today;
    if (optOut.expiresOn !== undefined && !isOver) return [];
    const key = objectKey(service);
    const { name } = service.metadata;
    return [
      {
        code: "MW1033",
        severity: isOver || isSensitive(service) ? "warning" : "info",
        message: isOver
          ? `${name} was to be out of the mesh until ${optOut.expiresOn}.`
          : `${name} is out of the mesh for ever (${optOut.reason}).`,
        cause: `Without a sidecar its calls have no identity, no encryption and no golden signals. ${optOut.owner} answers for it.`,
        refs: [key],
        path: "spec.optOut.expiresOn",
        fixes: [
          {
            title: "Bring it in, observing only",
            command: {
              type: "batch",
              label: `Bring ${name} into the mesh`,
              commands: [
                { type: "patchSpec", key, path: ["mode"], value: "observe" },
                { type: "patchSpec", key, path: ["optOut"] },
              ],
            },
          },
        ],
      },
    ];
  },
};
