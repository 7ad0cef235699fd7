// The marks of what is kept of an object beside the fields of its source: a whole resource, and a consumer route that its rules came of.
import type { Origin } from "@/lib/mesh";

export const WHOLE = "resource ";
export const isWholeResource = (path: string) => path.startsWith(WHOLE);

export const CONSUMERS = "consumers";
/** Nothing but the name and the labels of the source: its rules are in the model. */
export const isBareConsumer = ({ path, value }: NonNullable<Origin["kept"]>[number]) =>
  path.startsWith(CONSUMERS) && typeof value === "object" && value !== null && !("kept" in value);
