// The words of a review. Job: what a review, a round, a vote, a condition and a comment are, as plain data.
// The rule: pure shapes; who may do what with them stands in the files beside, and nothing here knows a database or a screen.

export const REVIEW_STATES = [
  "draft",
  "open",
  "changes-asked",
  "approved",
  "approved-with-conditions",
  "rejected",
  "superseded",
  "withdrawn",
] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

export const DECISIONS = ["approve", "approve-with-conditions", "changes", "reject"] as const;
export type Decision = (typeof DECISIONS)[number];

/** The roles whose word can count. Authors and operators see and comment. */
export const VOTING_ROLES = ["reviewer", "administrator"] as const;
export type VotingRole = (typeof VOTING_ROLES)[number];

/** How a mesh decides: so many approvals, by people of these roles. */
export interface ReviewRule {
  quorum: number;
  roles: readonly VotingRole[];
  /** Nothing is approved, or deployed, whose policy tests do not all hold. */
  testsMustPass?: boolean | undefined;
}

/** What the policy tests said of a design. */
export interface TestCounts {
  total: number;
  failed: number;
  /** The time for one submission was over. */
  notRun: number;
}

/** What an environment asks of a revision before it runs there. */
export type EnvironmentRule = { kind: "none" } | ({ kind: "approved" } & ReviewRule);

export const MAX_QUORUM = 9;
export const DEFAULT_REVIEW_RULE: ReviewRule = { quorum: 1, roles: ["reviewer", "administrator"] };
export const NO_RULE: EnvironmentRule = { kind: "none" };

export interface Vote {
  voterId: string;
  voterName: string;
  /** The role it was cast with. */
  role: VotingRole;
  decision: Decision;
  /** What was voted on. A vote on another digest than the round's counts for nothing. */
  digest: string;
}

export interface Condition {
  id: string;
  text: string;
  owner: string;
  /** ISO date, `2026-12-01`: met on that day is in time. */
  dueOn: string;
  /** True: nothing of this revision is deployed before it is met. False: it may run, until the day is over. */
  beforeDeploy: boolean;
  metAt: string | null;
  metBy: string | null;
}

export interface BlockingComment {
  id: string;
  authorName: string;
  blocking: boolean;
  resolvedAt: string | null;
}

/** A round: one frozen revision, and what was said about it. */
export interface Round {
  number: number;
  revision: number;
  digest: string;
  /** Everybody whose edits are in it. None of them may vote. */
  authorIds: readonly string[];
  votes: readonly Vote[];
  /** What the policy tests said when it was submitted; null: they were not asked. */
  tests: TestCounts | null;
}

export interface ReviewFacts {
  id: string;
  number: number;
  title: string;
  state: ReviewState;
  rule: ReviewRule;
  rounds: readonly Round[];
  conditions: readonly Condition[];
}
