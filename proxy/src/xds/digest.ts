// What is in force, in 16 hex digits: the control plane computes the same of what it sent.

import { createHash } from "node:crypto";
import { type ResourceKind, TYPE_URLS } from "../contract/resource-types";

export interface VersionedName {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly version: string;
}

export function digestOf(resources: readonly VersionedName[]): string {
  const lines = resources.map(({ kind, name, version }) => `${TYPE_URLS[kind]} ${name} ${version}`).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16);
}

/** The version of a resource that brings none: a hash of its bytes. */
export function versionOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}
