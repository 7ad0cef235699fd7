// Variants of the products that a design is written for.
// The rule: a channel of another product is wrong use, never passed over.
import { dialectEntries, dialectOf } from "@/lib/dialects";
import type { ExportId } from "@/lib/dialects/catalogue";
import type { Given } from "./command";
import { UsageError } from "./io";

export const channelsText = dialectEntries
  .filter(({ hasExport, channels }) => hasExport && channels)
  .map(({ id, channels = [] }) => `${id}: ${channels.join(" or ")}`)
  .join("; ");

/** The one that was named, or the product's first; undefined where it has none. */
export function channelOf(given: Given, id: ExportId): string | undefined {
  const { channels } = dialectOf(id);
  if (channels) return given.choice("channel", channels, channels[0]);
  if (given.text("channel") !== undefined) throw new UsageError(`--channel has no meaning for ${id}`);
  return undefined;
}
