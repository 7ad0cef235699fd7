// The resources in force on disk, for a start while the control plane is away. One rule: a file that is damaged or of
// another format counts as none; it never keeps a proxy from starting.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { decodeResource } from "../contract/decode";
import { RESOURCE_KINDS, type ResourceKind } from "../contract/resource-types";
import { writeFileAtomic } from "../identity/atomic-file";
import { type Held, ResourceSet } from "./resource-set";

const FORMAT = 1;

interface StoredResource {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly version: string;
  readonly data: string;
}

export function saveLastKnownGood(path: string, set: ResourceSet): void {
  const resources = RESOURCE_KINDS.flatMap((kind) =>
    Array.from(set.of(kind), ([name, { version, bytes }]): StoredResource => {
      return { kind, name, version, data: Buffer.from(bytes).toString("base64") };
    }),
  );
  const body = JSON.stringify({ format: FORMAT, resources });
  writeFileAtomic(path, `${checksum(body)}\n${body}\n`);
}

/** The stored set, or why there is none. */
export function loadLastKnownGood(path: string): ResourceSet | string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return "there is no last known good configuration";
  }
  const [sum, body] = text.split("\n");
  if (body === undefined || checksum(body) !== sum) {
    return `${path} is damaged and is not used`;
  }
  const stored = JSON.parse(body) as { format?: number; resources: StoredResource[] };
  return stored.format === FORMAT ? setOf(stored.resources) : `${path} is of another version and is not used`;
}

function setOf(stored: readonly StoredResource[]): ResourceSet | string {
  let set = ResourceSet.empty;
  for (const { kind, name, version, data } of stored) {
    const bytes = Buffer.from(data, "base64");
    const decoded = decodeResource(kind, bytes);
    if (!decoded.ok) {
      return `${kind} ${JSON.stringify(name)} of the last known good configuration cannot be decoded`;
    }
    const held = { version, bytes, message: decoded.value } as Held;
    set = set.with(kind, new Map([[name, held]]) as never, []);
  }
  return set;
}

function checksum(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}
