// Calls that a design does not draw. Here the caller finds no such service; on Istio everybody finds it, and only the callee's list refuses.
// The rule: only where the list is enforced and names nobody but drawn callers, so that nothing but who calls can decide.
import { dependenciesOn, factsOf, principalsOf, spiffeIdOf } from "@/lib/compile/facts";
import { protectionIn } from "@/lib/compile/modes";
import { type Service, workloadOwnerName } from "@/lib/mesh";
import { carriedPorts, objectOfHost } from "../names";
import type { Scene } from "../scene";
import type { Question } from "../types";
import type { LiveAnswer } from "./live-ground";

/** The service whose list has to refuse this caller; undefined: something else may decide. */
export function refusing({ index, document }: Scene, { from, to }: Question): Service | undefined {
  const caller = from.kind === "workload" ? index.find("Workload", from.workload) : undefined;
  const key = objectOfHost(index, to.host, caller?.metadata.namespace);
  const service = key === undefined ? undefined : index.find("Service", key);
  if (!caller || !service || key === undefined || service.spec.optOut) return undefined;
  const carried = carriedPorts(index, key);
  const port = to.port ?? carried[0];
  const facts = factsOf(document);
  const isListed = index.authorizationsOn(key).some(({ spec }) => spec.action === "allow" && spec.shadow !== true);
  if (port === undefined || !carried.includes(port) || isListed || facts.defaults.authorization !== "drawn")
    return undefined;
  if (protectionIn(facts, service, port).allowed !== "enforced") return undefined;
  const id = spiffeIdOf(facts, caller);
  const isDrawn = dependenciesOn(facts, key).some(
    ({ spec, metadata }) => (spec.port ?? port) === port && principalsOf(facts, spec.from, { metadata }).includes(id),
  );
  return isDrawn ? undefined : service;
}

/** Whether an app of it answered all the same. A route may have sent the call elsewhere. */
export function isReached({ index }: Scene, { metadata }: Service, { app }: LiveAnswer): boolean {
  return index
    .all("Workload")
    .some(
      (each) =>
        each.metadata.namespace === metadata.namespace &&
        workloadOwnerName(each) === metadata.name &&
        each.metadata.name === app?.name,
    );
}
