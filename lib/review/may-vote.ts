// Whether a vote is taken at all, and if not, why in words a person can act on.
// The rule: the same function answers the API (which refuses) and the screen (which says so before anybody clicks).
import { FINAL_STATES, isApproval, openBlockers } from "./decide";
import { testsInTheWay } from "./tests";
import type { BlockingComment, Decision, ReviewRule, ReviewState, Round, VotingRole } from "./types";

export type Refusal =
  | { code: "not-open"; sentence: string }
  | { code: "author"; sentence: string }
  | { code: "role"; sentence: string }
  | { code: "old-digest"; sentence: string; digest: string }
  | { code: "blocked"; sentence: string }
  | { code: "tests"; sentence: string }
  | { code: "conditions"; sentence: string };

export interface VoteAsked {
  voterId: string;
  /** The voter's roles on this mesh that can vote. */
  roles: readonly VotingRole[];
  decision: Decision;
  digest: string;
  conditions: number;
}

interface Situation {
  state: ReviewState;
  rule: ReviewRule;
  round: Round | undefined;
  comments: readonly BlockingComment[];
}

const STATE_WORDS: Readonly<Record<ReviewState, string>> = {
  draft: "not submitted yet",
  open: "open",
  "changes-asked": "waiting for changes",
  approved: "approved",
  "approved-with-conditions": "approved with conditions",
  rejected: "rejected",
  superseded: "superseded",
  withdrawn: "withdrawn",
};

/** Why this person may not vote on this round at all; null when they may. */
export function whyNotVoter(
  { state, rule, round }: Omit<Situation, "comments">,
  voter: { voterId: string; roles: readonly VotingRole[] },
): Refusal | null {
  if (!round || state === "draft" || FINAL_STATES.has(state)) {
    return { code: "not-open", sentence: `This review is ${STATE_WORDS[state]}: nothing is voted on.` };
  }
  if (round.authorIds.includes(voter.voterId)) {
    return { code: "author", sentence: "You are an author of this change: somebody else has to decide on it." };
  }
  if (!voter.roles.some((role) => rule.roles.includes(role))) {
    return { code: "role", sentence: `This mesh counts votes of ${rule.roles.join(" and ")} only.` };
  }
  return null;
}

/** What an open review waits for from this person: their vote, their answer to the changes that were asked for, or nothing. */
export function waitsFor(
  situation: Omit<Situation, "comments">,
  voter: { voterId: string; roles: readonly VotingRole[] },
): "decision" | "answer" | null {
  const { state, round } = situation;
  if (state === "changes-asked") return round?.authorIds.includes(voter.voterId) ? "answer" : null;
  if (state !== "open" || whyNotVoter(situation, voter)) return null;
  return round?.votes.some(({ voterId, digest }) => voterId === voter.voterId && digest === round.digest)
    ? null
    : "decision";
}

export function whyNotVote(situation: Situation, asked: VoteAsked): Refusal | null {
  const { round, comments, rule } = situation;
  const personal = whyNotVoter(situation, asked);
  if (personal || !round) return personal;
  if (asked.digest !== round.digest) {
    return {
      code: "old-digest",
      digest: round.digest,
      sentence: `The vote is on digest ${asked.digest.slice(0, 12)}, but round ${round.number} is ${round.digest.slice(0, 12)}: read what changed and vote on that.`,
    };
  }
  const blocking = openBlockers(comments);
  if (isApproval(asked.decision) && blocking.length > 0) {
    const names = [...new Set(blocking.map(({ authorName }) => authorName))].join(", ");
    return {
      code: "blocked",
      sentence: `${blocking.length === 1 ? "A blocking comment" : `${blocking.length} blocking comments`} of ${names} ${blocking.length === 1 ? "is" : "are"} open: resolve ${blocking.length === 1 ? "it" : "them"} first.`,
    };
  }
  const tests = isApproval(asked.decision) ? testsInTheWay(rule, round) : null;
  if (tests) {
    return { code: "tests", sentence: `${tests} This mesh approves only what they all hold for: ask for changes.` };
  }
  if ((asked.decision === "approve-with-conditions") !== asked.conditions > 0) {
    return {
      code: "conditions",
      sentence:
        asked.conditions > 0
          ? "Only an approval with conditions carries conditions."
          : "Approving with conditions needs at least one condition: a check, its owner and a date.",
    };
  }
  return null;
}
