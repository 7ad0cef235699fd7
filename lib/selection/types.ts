// What an evaluation of mesh products is made of. Pure: no clock, no network; dates come in as text.

/** A mesh product as it is run: one product in two modes is two, because most facts differ. */
export type ProductId = "istio-sidecar" | "istio-ambient" | "linkerd" | "consul" | "kuma" | "cilium" | "meshwright";

export type Product = {
  id: ProductId;
  name: string;
  /** The version that the facts are about. */
  version: string;
  /** The dialect that a design is exported to, to see what it would lose; none: Meshwright's own data plane. */
  exportTarget?: string;
  /** An https address; for ourselves a page of the repository, as README.md. */
  homepage: string;
  /** One sentence: what kind of thing it is. */
  summary: string;
};

export const CRITERION_GROUPS = [
  "identity",
  "authorization",
  "routing",
  "resilience",
  "observability",
  "operation",
  "platform",
  "project",
] as const;
export type CriterionGroup = (typeof CRITERION_GROUPS)[number];

export type Criterion = {
  /** kebab-case, stable: it stands in stored evaluations. */
  id: string;
  group: CriterionGroup;
  name: string;
  /** The question that a fact answers with yes, partly or no; yes is always the better answer. */
  question: string;
};

export type Verdict = "yes" | "partly" | "no";

/** What is known of one product by one criterion. No fact: unknown, which is told and widens the score, and is never a no. */
export type Fact = {
  criterion: string;
  verdict: Verdict;
  /** At most 200 characters: what holds, with numbers and limits. */
  text: string;
  /** Where it says so: an https address of the product's own documents, a page of our repository, or the path of the measurement. */
  source: string;
  /** The day it was looked at, as 2026-11-23. */
  asOf: string;
};

/** Facts by product. */
export type FactBook = Readonly<Record<ProductId, readonly Fact[]>>;
