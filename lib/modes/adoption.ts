// Where each service stands in its adoption, and what the next steps would break.
// The rule: a step is safe only when calls were seen and none of them would fail; without traffic nobody knows, and it says so.
import { protectionOf } from "@/lib/compile/modes";
import {
  buildIndex,
  type MeshDocument,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  parseKey,
  type Service,
} from "@/lib/mesh";
import { buildScene, type ObservedCall, replay, type Scene } from "@/lib/simulate";
import { type OptOut, STEPS, type Step, stepAfter, stepBefore } from "./steps";

/** Requests that arrived without TLS; `caller` null: nobody knows who it was. */
export type PlaintextCalls = { caller: ObjectKey | null; callee: ObjectKey; requests: number };

export type Blocker = {
  kind: "plaintext" | "refused";
  /** Null: a caller without an identity. */
  caller: ObjectKey | null;
  requests: number;
  /** What would happen, with who and how often. */
  sentence: string;
};

export type StepEffect = { step: Step; blockers: Blocker[] };

export type Adoption = {
  service: ObjectKey;
  current: Step;
  /** False: the service says nothing, and the mesh's defaults make it so. */
  isOwn: boolean;
  previous: Step | null;
  next: Step | null;
  /** Requests seen; 0: nobody can say what a step would break. */
  requests: number;
  /** For every later step. */
  ahead: StepEffect[];
  optOut: OptOut | null;
  sentence: string;
};

export type Seen = { calls: readonly ObservedCall[]; plaintext: readonly PlaintextCalls[] };

export function adoptionOf(document: MeshDocument, seen: Seen): Adoption[] {
  const index = buildIndex(document);
  const now = buildScene(document);
  const refused = new Map(STEPS.map((step) => [step, refusedAt(document, now, step, seen.calls)]));
  return index.all("Service").map((service) => {
    const key = objectKey(service);
    const current = stepOf(index, service);
    const ahead = STEPS.slice(STEPS.indexOf(current) + 1).map((step): StepEffect => {
      const needsTls = step === "strict" || step === "enforced";
      const plain = needsTls ? seen.plaintext.filter((each) => each.callee === key).map(plaintextBlocker) : [];
      return { step, blockers: [...plain, ...(refused.get(step)?.get(key) ?? [])] };
    });
    const requests = sum(seen.calls.filter((each) => each.callee === key).map((each) => each.count));
    const adoption = {
      service: key,
      current,
      isOwn: service.spec.mode !== undefined,
      previous: stepBefore(current),
      next: stepAfter(current),
      requests,
      ahead,
      optOut: service.spec.optOut ?? null,
    };
    return { ...adoption, sentence: sentenceOf(adoption) };
  });
}

/** What the service says; else what the mesh makes of it. */
function stepOf(index: MeshIndex, service: Service): Step {
  if (service.spec.mode) return service.spec.mode;
  const root = index.mesh;
  const defaults = root?.spec.defaults ?? { mutualTls: "strict" as const, authorization: "drawn" as const };
  const { tls } = protectionOf({ mutualTls: index.mutualTlsOn(objectKey(service)), root, defaults }, service);
  return tls === "strict" ? "enforced" : "permissive";
}

/** Calls that would be refused, by callee, if every service were at this step. A callee's answer depends on its own step only. */
function refusedAt(document: MeshDocument, now: Scene, step: Step, calls: readonly ObservedCall[]) {
  const objects = document.objects.map((object) =>
    object.kind === "Service" && !object.spec.optOut ? { ...object, spec: { ...object.spec, mode: step } } : object,
  );
  const blockers = new Map<ObjectKey, Blocker[]>();
  for (const { call, count, after } of replay(now, buildScene({ objects }), calls).differences) {
    if (after.outcome !== "denied" && after.outcome !== "refused") continue;
    const what = `${nameOf(call.caller)} called ${call.method} ${call.path} ${times(count)}`;
    const blocker: Blocker = {
      kind: "refused",
      caller: call.caller,
      requests: count,
      sentence: `${what}; it would get ${after.status ?? "no answer"}.`,
    };
    blockers.set(call.callee, [...(blockers.get(call.callee) ?? []), blocker]);
  }
  return blockers;
}

function plaintextBlocker({ caller, requests }: PlaintextCalls): Blocker {
  const who = caller ? nameOf(caller) : "Somebody without an identity";
  return {
    kind: "plaintext",
    caller,
    requests,
    sentence: `${who} called ${times(requests)} without TLS; the connection would be refused.`,
  };
}

function sentenceOf({ service, current, next, requests, ahead, optOut }: Omit<Adoption, "sentence">): string {
  const name = nameOf(service);
  if (optOut)
    return `${name} is out of the mesh: ${optOut.reason} (${optOut.owner}${optOut.expiresOn ? `, until ${optOut.expiresOn}` : ""}).`;
  if (!next) return `${name} is enforced: there is no step left.`;
  if (requests === 0)
    return `${name} is at ${current}. No calls were seen, so nobody can say what ${next} would break.`;
  const broken = ahead[0]?.blockers ?? [];
  if (broken.length === 0) return `${name} can go on to ${next}: none of the ${requests} calls seen would fail.`;
  const failing = sum(broken.map((each) => each.requests));
  return `${name} stays at ${current}: ${failing} of the calls seen would fail at ${next}.`;
}

const nameOf = (key: ObjectKey) => parseKey(key)?.name ?? key;
const times = (count: number) => (count === 1 ? "once" : `${count} times`);
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
