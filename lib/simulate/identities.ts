// Who stands behind an identity: logs name a caller by its SPIFFE ID alone.
// The rule: workloads that share an identity call with the same rights; the first of them speaks for all.
import { factsOf, spiffeIdOf } from "@/lib/compile/facts";
import { type MeshIndex, objectKey } from "@/lib/mesh";
import type { Caller } from "./types";

/** Callers by SPIFFE ID; of a gateway, the gateway itself. */
export function callersByIdentity(index: MeshIndex): ReadonlyMap<string, Caller> {
  const facts = factsOf(index.document);
  const callers = new Map<string, Caller>();
  const add = (identity: string, caller: Caller) => {
    if (!callers.has(identity)) callers.set(identity, caller);
  };
  for (const each of index.all("Workload")) {
    add(spiffeIdOf(facts, each), { kind: "workload", workload: objectKey(each) });
  }
  for (const each of index.all("Gateway")) add(spiffeIdOf(facts, each), { kind: "gateway", gateway: objectKey(each) });
  return callers;
}
