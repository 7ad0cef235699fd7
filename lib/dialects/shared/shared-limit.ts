// Rate limits whose one budget all instances share: products that limit rates do it in each proxy for itself.
import type { Path, RateLimit } from "@/lib/mesh";
import type { ExportContext } from "./export-context";

/** True: it was one, and its loss is told. */
export function loseSharedLimit(
  context: ExportContext,
  limit: RateLimit,
  product: string,
  path: Path = ["spec"],
): boolean {
  if (limit.spec.scope !== "global") return false;
  const reason = `${product} counts in each proxy for itself: a budget that all instances share needs a rate limit service`;
  context.lose(limit, path, "lost", reason, limit.spec.shadow ? {} : { changesMeaning: true });
  return true;
}
