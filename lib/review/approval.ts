// Whether a revision may be deployed to an environment.
// The rule: the answer is about a digest, never about a name. Nothing is allowed by silence: each yes names the review or the
// reason it stands on, each no names what to do.
import { isApproval } from "./decide";
import { testsInTheWay } from "./tests";
import type { Condition, EnvironmentRule, ReviewFacts, Round } from "./types";

export interface Approval {
  allowed: boolean;
  /** One sentence: on what it stands, or why not. */
  sentence: string;
  /** What to do next; empty when allowed. */
  wayOn: string;
  review: { id: string; number: number } | null;
  /** Conditions that hold the deployment back. */
  unmet: Condition[];
}

export interface ApprovalQuestion {
  rule: EnvironmentRule;
  reviews: readonly ReviewFacts[];
  digest: string;
  /** ISO date of today, as `2026-11-21`. */
  today: string;
  /** Set when this goes back to something that ran in this environment before. */
  isRollback?: boolean;
}

const no = (sentence: string, wayOn: string, review?: ReviewFacts, unmet: Condition[] = []): Approval => ({
  allowed: false,
  sentence,
  wayOn,
  review: review ? { id: review.id, number: review.number } : null,
  unmet,
});
const yes = (sentence: string, review?: ReviewFacts): Approval => ({
  allowed: true,
  sentence,
  wayOn: "",
  review: review ? { id: review.id, number: review.number } : null,
  unmet: [],
});

export function approvalFor(question: ApprovalQuestion): Approval {
  const { rule, reviews, digest, today, isRollback = false } = question;
  if (rule.kind === "none") return yes("This environment asks for no approval.");
  const about = reviews.flatMap((review) => {
    const round = review.rounds.find((each) => each.digest === digest);
    return round ? [{ review, round }] : [];
  });
  const approved = about.filter(
    ({ review, round }) =>
      (review.state === "approved" || review.state === "approved-with-conditions") && isLast(review, round),
  );
  const newest = Math.max(0, ...approved.map(({ review }) => review.number));
  const rejected = about.find(
    ({ review, round }) => review.state === "rejected" && review.number > newest && isLast(review, round),
  );
  if (rejected) {
    return no(
      `Review #${rejected.review.number} rejected this revision.`,
      "Change the draft and submit a new review.",
      rejected.review,
    );
  }
  const answers = approved.map(({ review, round }) => enough(rule, review, round, today, isRollback));
  const good = answers.find(({ allowed }) => allowed);
  if (good) return good;
  if (isRollback)
    return yes("It ran in this environment before, and no review rejected it: going back stays possible.");
  return answers[0] ?? notApproved(about);
}

function notApproved(about: readonly { review: ReviewFacts; round: Round }[]): Approval {
  const open = about.find(
    ({ review, round }) => (review.state === "open" || review.state === "changes-asked") && isLast(review, round),
  );
  if (open) {
    return no(
      `Review #${open.review.number} of this revision is not decided yet.`,
      "Wait for its decision, or ask its reviewers.",
      open.review,
    );
  }
  const old = about.find(({ review, round }) => !isLast(review, round));
  if (old) {
    return no(
      `Review #${old.review.number} went on to a newer revision; this one was never approved.`,
      "Deploy the revision that the review approved.",
      old.review,
    );
  }
  const [gone] = about;
  if (gone) {
    return no(
      `Review #${gone.review.number} of this revision was ${gone.review.state}.`,
      "Submit it for review again.",
      gone.review,
    );
  }
  return no("This revision was never reviewed.", "Submit it for review: Reviews, New review.");
}

const isLast = (review: ReviewFacts, round: Round) => review.rounds.at(-1) === round;

function enough(
  rule: Extract<EnvironmentRule, { kind: "approved" }>,
  review: ReviewFacts,
  round: Round,
  today: string,
  isRollback: boolean,
): Approval {
  const approvals = round.votes.filter(
    ({ decision, role, digest, voterId }) =>
      isApproval(decision) &&
      digest === round.digest &&
      rule.roles.includes(role) &&
      !round.authorIds.includes(voterId),
  ).length;
  if (approvals < rule.quorum) {
    return no(
      `Review #${review.number} has ${approvals} of the ${rule.quorum} approvals that this environment asks for.`,
      `${rule.quorum - approvals} more of ${rule.roles.join(" or ")} must approve it in a review.`,
      review,
    );
  }
  const tests = isRollback ? null : testsInTheWay(rule, round);
  if (tests) {
    return no(
      `${tests} This environment takes only revisions for which they all hold.`,
      "Correct the design or the tests, and submit a new round.",
      review,
    );
  }
  const unmet = unmetConditions(review.conditions, today);
  if (unmet.length > 0 && !isRollback) {
    const names = unmet.map(({ text, owner }) => `"${text}" (${owner})`).join(", ");
    return no(
      `Review #${review.number} approved it on ${unmet.length === 1 ? "a condition that is" : `${unmet.length} conditions that are`} not met: ${names}.`,
      "Meet the conditions and mark them as met on the review's decision page.",
      review,
      unmet,
    );
  }
  return yes(`Review #${review.number} approved it.`, review);
}

/** Conditions that stand in the way today: to be met before deployment, or overdue. */
export function unmetConditions(conditions: readonly Condition[], today: string): Condition[] {
  return conditions.filter(({ metAt, beforeDeploy, dueOn }) => metAt === null && (beforeDeploy || dueOn < today));
}
