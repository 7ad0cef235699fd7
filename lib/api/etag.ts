// ETags: `"v12"` where a row has a version, a hash of what was shown where it has none.
import { createHash } from "node:crypto";
import type { BaseVersion } from "@/lib/data/drafts";
import { AppError } from "@/lib/errors";

export const versionTag = (version: number): string => `"v${version}"`;

export function contentTag(content: unknown): string {
  return `"${createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 24)}"`;
}

/** `"v12"` is 12; `*` and a missing header are null: whatever is there. */
export function baseVersionOf(ifMatch: string | null): BaseVersion {
  if (ifMatch === null || ifMatch.trim() === "*") return null;
  const version = /^\s*(?:W\/)?"v(\d{1,9})"\s*$/.exec(ifMatch)?.[1];
  if (version === undefined) {
    throw new AppError("version-mismatch", { detail: 'If-Match must be the ETag that was read, like "v12".' });
  }
  return Number(version);
}

/** For what has no version of its own. */
export function requireTag(ifMatch: string | null, current: string): void {
  if (ifMatch !== null && ifMatch.trim() !== "*" && ifMatch.trim() !== current) throw new AppError("version-mismatch");
}
