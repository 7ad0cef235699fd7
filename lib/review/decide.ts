// What a round's votes come to.
// The rule: only votes on the round's own digest, by people of the rule's roles who are no authors of it, count; and one open
// blocking comment, or a failing policy test where the rule asks for passing ones, holds every approval back. Who asks for changes or rejects is heard before who approves.
import { testsInTheWay } from "./tests";
import type { BlockingComment, ReviewRule, ReviewState, Round, Vote } from "./types";

/** Nothing is voted on any more. */
export const FINAL_STATES: ReadonlySet<ReviewState> = new Set([
  "approved",
  "approved-with-conditions",
  "rejected",
  "superseded",
  "withdrawn",
]);

export interface Tally {
  approvals: number;
  needed: number;
  blocking: number;
  /** Votes that count, and votes that do not with the reason. */
  counted: Vote[];
  ignored: { vote: Vote; why: string }[];
  outcome: Extract<ReviewState, "open" | "changes-asked" | "approved" | "approved-with-conditions" | "rejected">;
  /** Where the decision stands, for people. */
  sentence: string;
}

export function tally(rule: ReviewRule, round: Round, comments: readonly BlockingComment[]): Tally {
  const counted: Vote[] = [];
  const ignored: { vote: Vote; why: string }[] = [];
  for (const vote of round.votes) {
    const why = whyIgnored(rule, round, vote);
    if (why) ignored.push({ vote, why });
    else counted.push(vote);
  }
  const blocking = openBlockers(comments).length;
  const approvals = counted.filter(({ decision }) => isApproval(decision)).length;
  const base = { approvals, needed: rule.quorum, blocking, counted, ignored };
  const rejecting = counted.find(({ decision }) => decision === "reject");
  if (rejecting) return { ...base, outcome: "rejected", sentence: `${rejecting.voterName} rejected it.` };
  const asking = counted.filter(({ decision }) => decision === "changes");
  if (asking.length > 0) {
    const names = asking.map(({ voterName }) => voterName).join(", ");
    return { ...base, outcome: "changes-asked", sentence: `${names} asked for changes.` };
  }
  const approved = `${approvals} of ${rule.quorum} ${rule.quorum === 1 ? "approval" : "approvals"}`;
  if (blocking > 0) {
    const comment = blocking === 1 ? "1 blocking comment is" : `${blocking} blocking comments are`;
    return { ...base, outcome: "open", sentence: `${approved}; ${comment} open.` };
  }
  const tests = testsInTheWay(rule, round);
  if (tests)
    return { ...base, outcome: "open", sentence: `${approved}; ${tests.charAt(0).toLowerCase()}${tests.slice(1)}` };
  if (approvals < rule.quorum) return { ...base, outcome: "open", sentence: `${approved}.` };
  const withConditions = counted.some(({ decision }) => decision === "approve-with-conditions");
  return {
    ...base,
    outcome: withConditions ? "approved-with-conditions" : "approved",
    sentence: `${approved}${withConditions ? ", with conditions" : ""}.`,
  };
}

export const isApproval = (decision: Vote["decision"]): boolean =>
  decision === "approve" || decision === "approve-with-conditions";

export const openBlockers = <C extends BlockingComment>(comments: readonly C[]): C[] =>
  comments.filter(({ blocking, resolvedAt }) => blocking && resolvedAt === null);

function whyIgnored(rule: ReviewRule, round: Round, vote: Vote): string | null {
  if (vote.digest !== round.digest) return "it was cast on another digest";
  if (round.authorIds.includes(vote.voterId)) return "its voter is an author of the change";
  if (!rule.roles.includes(vote.role)) return `the rule does not count the role ${vote.role}`;
  return null;
}
