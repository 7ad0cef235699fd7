// The root of trust in words. Rule: a rotation that waits says for whom, and why.
import type { Mark } from "@/components/ui/status-words";
import type { RootRotationDto, TrustDto } from "@/lib/api/schema/trust";

type RotationState = RootRotationDto["state"];

export const rootStateWord: Readonly<Record<TrustDto["roots"][number]["state"], { status: Mark; word: string }>> = {
  active: { status: "ok", word: "signs" },
  prepared: { status: "note", word: "trusted, signs nothing yet" },
  tainted: { status: "attention", word: "signs no more, trusted until nothing of it is in use" },
  retired: { status: "note", word: "not trusted" },
};

/** The steps of a rotation in their order. */
export const ROTATION_STEPS = [
  { state: "preparing", title: "Prepare", text: "A new root is made. It signs nothing yet." },
  { state: "distributing", title: "Distribute", text: "Every proxy trusts the old and the new root." },
  { state: "renewing", title: "Activate and renew", text: "The new root signs; every proxy gets a certificate of it." },
  { state: "retiring", title: "Retire", text: "No proxy trusts the old root any more." },
] as const satisfies readonly { state: RotationState; title: string; text: string }[];

export const isOpenRotation = (rotation: RootRotationDto | null): rotation is RootRotationDto =>
  rotation !== null && rotation.finishedAt === null;

export const mayCancel = (rotation: RootRotationDto): boolean =>
  (rotation.state === "preparing" || rotation.state === "distributing") && rotation.cancelledBy === null;

/** How far each step of a rotation is. */
export function stepStatus(rotation: RootRotationDto, step: RotationState): "done" | "now" | "later" {
  if (rotation.state === "done") return "done";
  const place = (state: RotationState) => ROTATION_STEPS.findIndex((each) => each.state === state);
  const [at, mine] = [place(rotation.state), place(step)];
  if (mine < at) return "done";
  return mine === at ? "now" : "later";
}

export function trustAnswer({ roots, rotation }: TrustDto): string {
  if (isOpenRotation(rotation)) {
    if (rotation.cancelledBy) return `The rotation is being cancelled, as ${rotation.cancelledBy} asked.`;
    const { done, total, waitingFor } = rotation.progress;
    const [first] = waitingFor;
    return first
      ? `The root is being rotated: ${done} of ${total} proxies have done this step. It waits for ${first.proxyKey}: ${first.why}.`
      : "The root is being rotated.";
  }
  return roots.length === 1
    ? "Every certificate of this installation goes back to one root."
    : `${roots.length} roots are trusted.`;
}
