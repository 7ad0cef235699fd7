// Envoy HeaderMutation -> HeaderMutationPlan. Rule: changes keep the order in which they are written; levels are kept apart, most
// specific first, for the filter says in which order they are applied.

import type { HeaderMutation } from "../contract/gen/envoy/config/common/mutation_rules/v3/mutation_rules_pb";
import type { HeaderMutations } from "../contract/messages";
import type { HeaderMutationPlan } from "./filter-types";
import { headerAddition, headerRemoval } from "./header-ops";
import type { HeaderOp } from "./rule-types";
import type { Scope } from "./scope";

/** The codec's: they say where a message ends. */
const FRAMING = new Set(["content-length", "transfer-encoding", "connection"]);

export function headerMutationPlan(mutations: HeaderMutations | undefined, scope: Scope): HeaderMutationPlan {
  const at = scope.field("mutations");
  const operations = (list: readonly HeaderMutation[], field: string): HeaderOp[] =>
    list.flatMap((one, index) => operationsOf(one, field, at.item(field, index)));
  return {
    request: operations(mutations?.requestMutations ?? [], "request_mutations"),
    response: operations(mutations?.responseMutations ?? [], "response_mutations"),
  };
}

function operationsOf({ action }: HeaderMutation, field: string, scope: Scope): HeaderOp[] {
  if (action.case === undefined) return []; // refused by the constraints
  const at = scope.field(action.case);
  const operations = action.case === "remove" ? [headerRemoval(action.value, at)] : headerAddition(action.value, at);
  for (const { op, name } of operations) {
    if (FRAMING.has(name)) at.fail(`${name} belongs to the codec and cannot be changed`);
    if (field === "request_mutations" && op !== "remove" && name.startsWith("x-envoy-")) {
      at.fail(`${name} steers Envoy's router; this proxy is steered by its routes alone`);
    }
  }
  return operations;
}
