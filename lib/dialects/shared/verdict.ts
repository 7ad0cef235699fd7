// What may become of a part on its way from one product to another.

/**
 * exact: means the same; approximate: nearly; moved: the same, said in another place; escape: only by a product's own extension;
 * lost: not said; ignored: taken by the product's API and without effect.
 */
export const VERDICTS = ["exact", "approximate", "moved", "escape", "lost", "ignored"] as const;
export type Verdict = (typeof VERDICTS)[number];
