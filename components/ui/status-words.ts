// The five states and their words; the picture of each is in status.tsx. Rule: "not measured" is never better than a measurement, and
// stands for nothing else.
export type Status = "ok" | "attention" | "failing" | "unmeasured" | "stale";
/** What a line or a pill is marked with: a state, or that it has none (a hint, a step in a log, a withdrawn token). */
export type Mark = Status | "note";

export const statusWord: Record<Mark, string> = {
  ok: "ok",
  attention: "attention",
  failing: "failing",
  unmeasured: "not measured",
  stale: "stale",
  note: "note",
};

/** What an analyzer found, as a state and as a word: a hint says nothing of how well it works. */
export const severityStatus = { error: "failing", warning: "attention", info: "note" } as const;
export const severityWord = { error: "error", warning: "warning", info: "hint" } as const;

/** The worst of several states; measured ones win over not measured. */
export function worstStatus(statuses: readonly Status[]): Status {
  const order: Status[] = ["failing", "attention", "stale", "ok", "unmeasured"];
  return order.find((status) => statuses.includes(status)) ?? "unmeasured";
}
