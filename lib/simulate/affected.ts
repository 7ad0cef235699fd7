// Whether a change of the design can reach a call at all.
// The rule: an answer depends on the slice of the caller and on those of everything a route may send it to; equal slices, equal answer.
import { type MeshIndex, type ObjectKey, refKey, serviceRefKey } from "@/lib/mesh";
import type { Scene } from "./scene";
import type { Call } from "./types";

export function hasSameInputs(before: Scene, after: Scene, call: Call): boolean {
  if (!isSameSlice(before, after, call.caller)) return false;
  return calleesOf(after.index, call).every((callee) => isSameSlice(before, after, callee));
}

function isSameSlice(before: Scene, after: Scene, owner: ObjectKey): boolean {
  return before.slice(owner).key === after.slice(owner).key;
}

/** The caller's slice is the same in both, so its routes are too: those of one version are enough. */
function calleesOf(index: MeshIndex, { caller, callee }: Call): ObjectKey[] {
  const callees = new Set([callee]);
  for (const target of [callee, caller]) {
    for (const route of index.routesOf(target)) {
      for (const { action } of route.spec.rules) {
        if (action.type !== "forward") continue;
        for (const { service } of action.destinations) callees.add(serviceRefKey(service, route));
      }
    }
  }
  if (index.find("Gateway", caller)) {
    for (const dependency of index.dependenciesFrom(caller)) callees.add(refKey(dependency.spec.to, dependency));
  }
  return [...callees];
}
