// States and decisions of a review in words. Rule: pure; colour never stands without one of these words.
import { plural } from "@/components/ui/format";
import type { Mark, Status } from "@/components/ui/status-words";
import { type Decision, FINAL_STATES, type ReviewState, type TestCounts } from "@/lib/review";

export const stateWord: Readonly<Record<ReviewState, string>> = {
  draft: "not submitted",
  open: "open",
  "changes-asked": "changes asked",
  approved: "approved",
  "approved-with-conditions": "approved with conditions",
  rejected: "rejected",
  superseded: "superseded",
  withdrawn: "withdrawn",
};

export function stateStatus(state: ReviewState): Mark {
  if (state === "approved") return "ok";
  if (state === "rejected") return "failing";
  if (state === "changes-asked" || state === "approved-with-conditions") return "attention";
  return "note";
}

interface Waiting {
  state: ReviewState;
  waitsForYou: "decision" | "answer" | null;
}

/** What waits in the undecided reviews of a mesh: for this person first, then for others. */
export function reviewsAnswer(open: readonly Waiting[]): { status?: Mark; answer: string } {
  const mine = (what: Waiting["waitsForYou"]) => open.filter(({ waitsForYou }) => waitsForYou === what).length;
  const wait = (count: number, what: string) =>
    `${plural(count, "review")} ${count === 1 ? "waits" : "wait"} for ${what}.`;
  if (mine("decision") > 0) return { status: "attention", answer: wait(mine("decision"), "your decision") };
  if (mine("answer") > 0) return { status: "attention", answer: wait(mine("answer"), "your answer") };
  const undecided = open.filter(({ state }) => state === "open").length;
  if (undecided > 0) return { status: "note", answer: wait(undecided, "somebody else's decision") };
  if (open.length > 0)
    return { answer: `${plural(open.length, "review")} with the author, none waits for a decision.` };
  return { answer: "No review waits for a decision." };
}

export const decisionWord: Readonly<Record<Decision, string>> = {
  approve: "approves",
  "approve-with-conditions": "approves with conditions",
  changes: "asks for changes",
  reject: "rejects",
};

export function decisionStatus(decision: Decision): Status {
  if (decision === "approve") return "ok";
  return decision === "reject" ? "failing" : "attention";
}

export function testsStatus(tests: TestCounts | null): Mark {
  if (!tests) return "unmeasured";
  if (tests.total === 0) return "note";
  if (tests.failed > 0) return "failing";
  return tests.notRun > 0 ? "attention" : "ok";
}

export function testsWord(tests: TestCounts | null): string {
  if (!tests) return "not asked";
  if (tests.total === 0) return "none";
  if (tests.failed > 0) return "failing";
  return tests.notRun > 0 ? "not all asked" : "passing";
}

/** The revision that runs now, when an undecided review is compared with an older one; else null. */
export function movedOnTo(
  { state, base }: { state: ReviewState; base: { revision: number } | null },
  running: number | undefined,
): number | null {
  if (running === undefined || FINAL_STATES.has(state)) return null;
  return running > (base?.revision ?? 0) ? running : null;
}

/** "12:04"; negative times are over the plan. */
export function clockText(ms: number): string {
  const total = Math.floor(Math.abs(ms) / 1000);
  const text = `${String(Math.floor(total / 60)).padStart(2, "0")}:${String(total % 60).padStart(2, "0")}`;
  return ms < 0 ? `-${text}` : text;
}
