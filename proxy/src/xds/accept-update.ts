// One ADS response against what is held: a candidate set, or every reason to refuse it. One rule: a response is taken
// whole or not at all, and each problem begins with the name of its resource.

import { decodeResource } from "../contract/decode";
import { type ResourceKind, resourceName, TYPE_URLS } from "../contract/resource-types";
import type { Violation } from "../contract/violations";
import { checkResource } from "../plan/plan";
import { versionOf } from "./digest";
import type { Held, ResourceSet } from "./resource-set";
import type { AdsUpdate } from "./wire";

export type Acceptance =
  | {
      readonly ok: true;
      readonly candidate: ResourceSet;
      readonly changed: readonly string[];
      readonly removed: readonly string[];
    }
  | { readonly ok: false; readonly violations: readonly Violation[] };

export function acceptUpdate(set: ResourceSet, kind: ResourceKind, update: AdsUpdate): Acceptance {
  const violations: Violation[] = [];
  const changed = new Map<string, Held>();
  for (const resource of update.resources) {
    const found = readResource(kind, resource, changed.has(resource.name));
    if (Array.isArray(found)) {
      violations.push(...found.map((violation) => ({ ...violation, resource: { kind, name: resource.name } })));
    } else {
      changed.set(resource.name, found);
    }
  }
  if (violations.length > 0) {
    return { ok: false, violations };
  }
  const removed = update.isComplete ? set.names(kind).filter((name) => !changed.has(name)) : update.removed;
  return { ok: true, candidate: set.with(kind, changed as never, removed), changed: [...changed.keys()], removed };
}

function readResource(
  kind: ResourceKind,
  { name, version, bytes, typeUrl }: AdsUpdate["resources"][number],
  isRepeated: boolean,
): Held | Violation[] {
  if (typeUrl !== TYPE_URLS[kind]) {
    return [{ path: "", message: `is a ${typeUrl}; expected ${TYPE_URLS[kind]}` }];
  }
  const decoded = decodeResource(kind, bytes);
  if (!decoded.ok) {
    return [...decoded.violations];
  }
  const ownName = resourceName(kind, decoded.value);
  if (ownName !== name || isRepeated) {
    return [
      { path: "", message: isRepeated ? "stands twice in the response" : `is named ${JSON.stringify(ownName)} inside` },
    ];
  }
  const violations = checkResource(kind, decoded.value);
  return violations.length > 0
    ? [...violations]
    : { version: version || versionOf(bytes), bytes: Uint8Array.from(bytes), message: decoded.value };
}
