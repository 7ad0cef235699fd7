// Who calls, as --from names it. The rule: whether anybody of that name is there is for who asks.
import type { MeshIndex } from "@/lib/mesh";
import type { Question } from "@/lib/simulate";

/** @param name `namespace/name` of a gateway, whose client calls, or of a workload */
export function callerNamed(index: MeshIndex, name: string): Question["from"] {
  return index.find("Gateway", `Gateway/${name}`)
    ? { kind: "outside", gateway: `Gateway/${name}` }
    : { kind: "workload", workload: `Workload/${name}` };
}
