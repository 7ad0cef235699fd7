// What a technical design document is made from. The rule: plain data, so that it can come from a database or from a file alone.
import type { MeshDocument, Positions } from "@/lib/mesh";
import type { Condition, Decision, EnvironmentRule, ReviewState } from "@/lib/review";

export interface DocumentReview {
  number: number;
  title: string;
  what: string;
  why: string;
  state: ReviewState;
  author: string;
  decidedAt: string | null;
  revision: number;
  digest: string;
  votes: { voter: string; role: string; decision: Decision; comment: string }[];
  conditions: (Condition & { setBy: string })[];
  openQuestions: string[];
}

export interface DocumentEnvironment {
  name: string;
  rule: EnvironmentRule;
  running: number | null;
  instances: number;
  proxies: { total: number; ready: number };
  lastDeployments: { revision: number; state: string; by: string; at: string }[];
}

export interface DocumentControl {
  id: string;
  title: string;
  design: string;
  compiled: string;
  live: string;
  /** When it was last proved live. */
  provedAt: string | null;
  summary: string;
}

export interface DocumentRisk {
  code: string;
  severity: string;
  message: string;
  cause: string;
  accepted: { reason: string; owner: string; expiresAt: string } | null;
}

/** Everything that is known. */
export interface DocumentInput {
  mesh: { name: string; slug: string };
  /** `r3`, or `draft`. */
  at: string;
  digest: string;
  frozenAt: string | null;
  author: string | null;
  message: string;
  madeAt: string;
  document: MeshDocument;
  positions: Positions;
  /** Proxy configuration per workload or gateway, counted. */
  proxies: { owner: string; listeners: string[]; clusters: number; routes: number }[];
  reviews: DocumentReview[];
  environments: DocumentEnvironment[];
  controls: DocumentControl[];
  risks: DocumentRisk[];
}
