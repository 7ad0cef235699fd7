// Every screen in each of its states: what it says when there is nothing, while it reads, when reading fails, when what it shows is
// old, and to somebody who may only look. Checked by states.spec.ts and rendered by screens.ts. A new screen is one entry here.

export const STATES = ["empty", "loading", "error", "stale", "no-permission"] as const;
export type StateName = (typeof STATES)[number];

export type Words = string | RegExp;

interface Plan {
  screen: string;
  /** Under the mesh; in the fresh mesh too, unless `empty` has a path of its own. */
  path: string;
  empty: Words | { path: string; words: Words };
  /** Only what this matches is held or fails; else everything that belongs to the mesh. */
  reads?: RegExp;
  loading: Words;
  error: Words;
  /** Measured: the server says that nobody scrapes any more. Else: the connection is lost. */
  stale: { measured: Words } | "lost";
  /** Beside the mark in the bar on top. */
  viewer?: Words;
  /** What a person presses before there is something to read. */
  presses?: readonly string[];
}

const PLANS: readonly Plan[] = [
  {
    screen: "overview",
    path: "overview",
    empty: "This mesh is empty. One protected call is four steps away.",
    loading: "Reading this mesh.",
    error: "This mesh could not be read.",
    stale: { measured: "The last measurements are old" },
  },
  {
    screen: "topology",
    path: "topology",
    empty: "Nothing is drawn yet",
    loading: "Reading the topology.",
    error: "The topology could not be read.",
    stale: { measured: "what was measured is stale" },
  },
  {
    screen: "topology-table",
    path: "topology?show=table",
    empty: "Add a service above, or import a document.",
    loading: "Reading the topology.",
    error: "The topology could not be read.",
    stale: { measured: "what was measured is stale" },
  },
  {
    screen: "services",
    path: "services",
    empty: "No service is drawn yet",
    loading: "Reading the services of this mesh.",
    error: "The services of this mesh could not be read.",
    stale: { measured: /What was measured of \d+ of \d+ services is stale/ },
  },
  {
    screen: "service",
    path: "services/production/payment-service",
    empty: "There is no service payment-service in what you look at.",
    loading: "Reading payment-service.",
    error: "payment-service could not be read.",
    stale: { measured: "payment-service: what was measured is stale." },
  },
  {
    screen: "import",
    path: "import",
    reads: /\/api\/.*\/import$/,
    presses: ["Use an example", "Show what it would do"],
    empty: "What do you have already?",
    loading: "Reading the documents.",
    error: "That did not work; nothing was changed.",
    stale: "lost",
    viewer: "Putting it into the draft takes the role author.",
  },
  {
    screen: "export",
    path: "export",
    reads: /\/export\?/,
    empty: "There is nothing to export yet.",
    loading: "Reading the export.",
    error: "The export could not be read.",
    stale: "lost",
  },
  {
    screen: "merge",
    path: "merge?base=r1&mine=r1",
    reads: /\/draft\/merge$/,
    empty: { path: "merge", words: "Nothing of yours was overtaken" },
    loading: "Reading both designs.",
    error: "Both designs could not be read.",
    stale: "lost",
    viewer: "You may read the draft, not change it.",
  },
  {
    screen: "policies",
    path: "policies",
    empty: "No policy yet",
    loading: "Reading the policies.",
    error: "The policies could not be read.",
    stale: "lost",
  },
  {
    screen: "policy",
    path: "policies/Route/production/payment-service",
    empty: "There is no Route payment-service in the draft",
    loading: "Reading payment-service.",
    error: "payment-service could not be read.",
    stale: "lost",
    viewer: "You may read, not change",
  },
  {
    screen: "policy-new",
    path: "policies/new?template=deny-caller",
    empty: "What do you want to be so?",
    loading: "What do you want to be so?",
    error: "This could not be loaded",
    stale: "lost",
    viewer: "You may read the draft, not change it.",
  },
  {
    screen: "findings",
    path: "findings",
    empty: "Nothing to do",
    loading: "Reading the draft.",
    error: "The findings could not be read.",
    stale: "lost",
  },
  {
    screen: "simulate",
    path: "simulate",
    empty: "Ask what would happen",
    loading: "What would happen to a request?",
    error: "This could not be loaded",
    stale: "lost",
  },
  {
    screen: "checklist",
    path: "checklist",
    empty: "nothing was measured yet",
    loading: "Reading the controls.",
    error: "The controls could not be read.",
    stale: "lost",
  },
  {
    screen: "reviews",
    path: "reviews",
    empty: "No review yet",
    loading: "Reading the reviews.",
    error: "The reviews could not be read.",
    stale: "lost",
    viewer: /waits? for (a|somebody else's) decision/,
  },
  {
    screen: "review",
    path: "reviews/{review}/changes",
    empty: { path: "reviews/1/changes", words: "The review could not be read." },
    loading: "Reading the review.",
    error: "The review could not be read.",
    stale: "lost",
  },
  {
    screen: "review-new",
    path: "reviews/new",
    empty: "Nothing runs yet: the whole design is new.",
    reads: /\/diff\?/,
    loading: "Submit the draft for review.",
    error: "This could not be loaded",
    stale: "lost",
    viewer: "An author submits a change",
  },
  {
    screen: "rollouts",
    path: "rollouts",
    empty: "No deployment yet",
    loading: "Reading the deployments.",
    error: "The deployments could not be read.",
    stale: "lost",
  },
  {
    screen: "signals",
    path: "signals",
    empty: "The mesh was never measured",
    loading: "Reading what was measured of the mesh.",
    error: "The signals could not be read.",
    stale: { measured: "the last measurements are old" },
  },
  {
    screen: "proxies",
    path: "proxies",
    empty: "No proxy yet",
    loading: "Reading the proxies.",
    error: "The proxies could not be read.",
    stale: "lost",
  },
  {
    screen: "selection",
    path: "selection",
    empty: "Nothing is drawn yet, so there is nothing to measure",
    loading: "Reading the evaluation.",
    error: "The evaluation could not be read.",
    stale: "lost",
    viewer: "Authors may change it.",
  },
  {
    screen: "document",
    path: "document",
    empty: /service/,
    loading: "Writing the document",
    error: "This could not be loaded",
    stale: "lost",
  },
  {
    screen: "settings-tokens",
    path: "settings?tab=tokens",
    reads: /\/api\/v1\/tokens/,
    empty: "No token yet",
    loading: "API tokens",
    error: "This could not be loaded",
    stale: "lost",
  },
  {
    screen: "settings-environments",
    path: "settings?tab=environments",
    empty: "nothing",
    loading: "What local asks of a revision",
    error: "This could not be loaded",
    stale: "lost",
  },
  {
    screen: "settings-audit",
    path: "settings?tab=audit",
    empty: { path: "settings?tab=audit&kind=deployment", words: "Nothing of this kind yet" },
    loading: "The chain",
    error: "This could not be loaded",
    stale: "lost",
  },
];

/** How a state is reached: see states.ts. */
export type How = "fresh mesh" | "held answers" | "failing answers" | "old measurements" | "lost connection" | "viewer";

export interface ScreenState {
  /** `overview-empty`: the name of its picture. */
  name: string;
  path: string;
  how: How;
  reads: RegExp;
  presses: readonly string[];
  words: readonly Words[];
}

/** Everything of a mesh but what the frame around the screen needs. */
const OF_THE_MESH = /\/api\/v1\/meshes\/[^/]+\/(?!environments(\?|$)|revisions(\?|$)|presence)/;

export const SCREEN_STATES: readonly ScreenState[] = PLANS.flatMap((plan) => {
  const { path, reads = OF_THE_MESH } = plan;
  const empty = typeof plan.empty === "object" && "path" in plan.empty ? plan.empty : { path, words: plan.empty };
  const of = (state: StateName, how: How, words: readonly Words[], at = path): ScreenState => ({
    name: `${plan.screen}-${state}`,
    path: at,
    how,
    reads,
    presses: how === "held answers" || how === "failing answers" ? (plan.presses ?? []) : [],
    words,
  });
  return [
    of("empty", "fresh mesh", [empty.words], empty.path),
    of("loading", "held answers", [plan.loading]),
    of("error", "failing answers", [plan.error, "It restarts by itself; try again in some seconds."]),
    plan.stale === "lost"
      ? of("stale", "lost connection", ["What you see is stale; it comes back by itself."])
      : of("stale", "old measurements", [plan.stale.measured]),
    of("no-permission", "viewer", plan.viewer ? [plan.viewer] : []),
  ];
});
