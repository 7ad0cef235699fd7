// The nine stations of the walkthrough, in the order in which a board reads a change.
// The rule: the list is closed and ordered; a station's id is its URL and never changes its meaning.

export const STATIONS = [
  { id: "purpose", short: "Why", title: "What and why", question: "What is this change, and why is it made?" },
  { id: "changes", short: "Changes", title: "What changes", question: "What is added, removed and changed?" },
  {
    id: "trust",
    short: "Trust",
    title: "Trust boundaries and mTLS",
    question: "Where does trust end, and is every crossing encrypted?",
  },
  { id: "access", short: "Access", title: "Who may call whom", question: "Who gains access, and who loses it?" },
  {
    id: "routing",
    short: "Routing",
    title: "Routing and resilience",
    question: "Which calls are answered differently?",
  },
  {
    id: "findings",
    short: "Findings",
    title: "Findings and accepted risks",
    question: "What does the analysis say, and what was accepted?",
  },
  { id: "checklist", short: "Checklist", title: "Checklist", question: "Would we pass, and can we prove it?" },
  {
    id: "rollout",
    short: "Rollout",
    title: "Rollout and way back",
    question: "How does it get live, and how does it get back?",
  },
  { id: "decision", short: "Decision", title: "Decision", question: "What do we decide?" },
] as const;

export type StationId = (typeof STATIONS)[number]["id"];
export const STATION_IDS = STATIONS.map(({ id }) => id) as [StationId, ...StationId[]];

export function isStation(text: string): text is StationId {
  return STATIONS.some(({ id }) => id === text);
}

/** The station before and after; null at the ends. */
export function neighboursOf(id: StationId): { before: StationId | null; after: StationId | null } {
  const place = STATIONS.findIndex((station) => station.id === id);
  return { before: STATIONS[place - 1]?.id ?? null, after: STATIONS[place + 1]?.id ?? null };
}

/** 1 to 9, as people say "station two". */
export const numberOf = (id: StationId): number => STATIONS.findIndex((station) => station.id === id) + 1;
