// Callers without a sidecar, and questions that no proxy can be asked.
// The rule: nobody between the app and the callee makes a status; what the callee's sidecar closes is null.
import { keyOf, type ObjectKey, parseKey, workloadOwnerKey } from "@/lib/mesh";
import { arriveAt } from "./arrive";
import type { Message } from "./message";
import { nameOf, objectOfHost } from "./names";
import type { Scene } from "./scene";
import type { Answer, Outcome } from "./types";

export function dead(outcome: Outcome, sentence: string): Answer {
  return { outcome, status: outcome === "unreachable" ? 503 : null, sentence, hops: [], destinations: [] };
}

/** A workload out of the mesh: its app calls by itself, in plain text. */
export function isBare(scene: Scene, caller: ObjectKey): boolean {
  const workload = scene.index.find("Workload", caller);
  if (!workload) return false;
  const service = scene.index.find("Service", workloadOwnerKey(workload));
  return service?.spec.optOut !== undefined;
}

export function bareAnswer(scene: Scene, caller: ObjectKey, message: Message, isExplained: boolean): Answer {
  const { index } = scene;
  const callee = objectOfHost(index, message.authority, parseKey(caller)?.namespace);
  const name = nameOf(caller);
  if (callee === undefined)
    return dead("no-route", `${name} has no sidecar, and nothing in this design is called "${message.authority}".`);
  const destination = { service: callee, probability: 1 };
  const service = index.find("Service", callee);
  const workloads = index
    .workloadsOf(callee)
    .map(({ metadata }) => keyOf("Workload", metadata.namespace, metadata.name));
  if (!service || service.spec.optOut) {
    const outcome = "forwarded" as const;
    const sentence = `${name} has no sidecar: it reaches ${nameOf(callee)} in plain text, and the mesh decides nothing.`;
    return {
      outcome,
      status: null,
      sentence,
      hops: [],
      destinations: [{ ...destination, workloads, outcome, status: null }],
    };
  }
  const [first] = workloads;
  if (first === undefined) return dead("unreachable", `${nameOf(callee)} has no workload.`);
  const arrival = arriveAt(
    scene,
    first,
    { identity: null, tls: null, message, from: { address: message.address, isBehindGateway: false } },
    isExplained,
  );
  const { outcome, hop, why } = arrival;
  // Nobody between the two makes a status of a connection that the callee closed.
  const status = outcome === "refused" && hop?.mtls === "refused" ? null : arrival.status;
  const sentence = `${name} has no sidecar. ${why ?? hop?.sentence ?? ""}`.trim();
  return {
    outcome,
    status,
    sentence,
    hops: hop ? [hop] : [],
    destinations: [{ ...destination, workloads, outcome, status }],
  };
}
