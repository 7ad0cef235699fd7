// The steps by which a service is adopted, and the commands that go from one to another.
// The rule: each step can be undone by going one back; leaving the mesh needs a reason and somebody who answers for it.
import type { Command, ObjectKey, Service } from "@/lib/mesh";

export const STEPS = ["observe", "permissive", "strict", "enforced"] as const;
export type Step = (typeof STEPS)[number];

/** What a step does, in words of what arrives. */
export const STEP_WORDS: Record<Step, string> = {
  observe: "takes TLS and plain text, counts what it would refuse",
  permissive: "takes TLS and plain text, refuses written denials",
  strict: "takes mutual TLS only, counts callers that nothing allows",
  enforced: "takes mutual TLS only, from allowed callers only",
};

export const stepAfter = (step: Step): Step | null => STEPS[STEPS.indexOf(step) + 1] ?? null;
export const stepBefore = (step: Step): Step | null => STEPS[STEPS.indexOf(step) - 1] ?? null;

export function goToStep(service: ObjectKey, step: Step): Command {
  return { type: "patchSpec", key: service, path: ["mode"], value: step };
}

export type OptOut = NonNullable<Service["spec"]["optOut"]>;

export function optOut(service: ObjectKey, out: OptOut): Command {
  return { type: "patchSpec", key: service, path: ["optOut"], value: out };
}

/** Back into the mesh, at the step that refuses nothing. */
export function optIn(service: ObjectKey): Command {
  return {
    type: "batch",
    label: `Bring ${service.split("/")[2]} into the mesh`,
    commands: [goToStep(service, "observe"), { type: "patchSpec", key: service, path: ["optOut"] }],
  };
}
