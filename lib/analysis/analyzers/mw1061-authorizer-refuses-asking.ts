// MW1061: a sidecar or a gateway has to ask an authorizer that does not let it in: no line and no grant leads there.
import {
  API_VERSION,
  type Command,
  keyOf,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  refTo,
  type Service,
} from "@/lib/mesh";
import { authorizerOf, isRefused, serviceBehind } from "../authorizers";
import type { Fix, KindsAnalyzer } from "../finding";
import { keepersOf } from "../tokens";

const MOST_NAMED = 4;

export const mw1061AuthorizerRefusesAsking: KindsAnalyzer = {
  code: "MW1061",
  title: "Not allowed to ask the authorizer",
  area: "access",
  scope: "object",
  kinds: ["AuthorizationPolicy"],
  looksWide: true,
  run(index, policy) {
    if (policy.kind !== "AuthorizationPolicy" || policy.spec.rules.length === 0) return [];
    const authorizer = authorizerOf(index, policy);
    const target = authorizer && serviceBehind(index, authorizer);
    if (!authorizer?.address || !target) return [];
    const { port } = authorizer.address;
    const key = objectKey(target);
    const asking = keepersOf(index, policy).filter((keeper) => keeper !== key);
    const refused = asking.filter((keeper) => isRefused(index, keeper, target, key, port));
    if (refused.length === 0) return [];
    const becomes =
      authorizer.whenAway === "allow" ? "what it would decide is let on" : "what it would decide is refused";
    return [
      {
        code: "MW1061",
        severity: "error",
        message: `${namesOf(refused)} may not call ${target.metadata.name}, so authorizer ${authorizer.name} is never asked: ${becomes}.`,
        cause:
          "The proxy of what is protected asks, in mutual TLS, and the authorizer's own sidecar lets in only whom the design allows.",
        refs: [objectKey(policy), key, ...refused.slice(0, 8)],
        path: "spec.authorizer",
        fixes: fixesFor(index, refused, target),
      },
    ];
  },
};

function namesOf(keys: readonly ObjectKey[]): string {
  const names = keys.slice(0, MOST_NAMED).map((key) => key.split("/")[2] ?? key);
  return keys.length > MOST_NAMED ? `${names.join(", ")} and ${keys.length - MOST_NAMED} more` : names.join(" and ");
}

/** Where lines are what allows a call, lines are the fix. */
function fixesFor(index: MeshIndex, refused: readonly ObjectKey[], target: Service): Fix[] {
  if ((index.mesh?.spec.defaults.authorization ?? "drawn") !== "drawn") return [];
  const commands = refused.flatMap((caller): Command[] => {
    const from = index.find("Service", caller) ?? index.find("Gateway", caller);
    if (!from) return [];
    const { namespace, name: callerName } = from.metadata;
    const name = `${callerName}-to-${target.metadata.name}`;
    if (index.get(keyOf("Dependency", namespace, name))) return [];
    const spec = { from: refTo(from, namespace), to: refTo(target, namespace) };
    return [
      {
        type: "addObject",
        object: { apiVersion: API_VERSION, kind: "Dependency", metadata: { name, namespace }, spec },
      },
    ];
  });
  if (commands.length < refused.length) return [];
  return [{ title: `Draw ${namesOf(refused)} -> ${target.metadata.name}`, command: { type: "batch", commands } }];
}
