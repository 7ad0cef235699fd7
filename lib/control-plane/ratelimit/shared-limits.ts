// The limits of a design that all instances of a service share, as sidecars ask for them, and which count a question is about.
// One rule: the numbers come from the design that the asking proxy is served, never from the question.

import { createHash } from "node:crypto";
import {
  type MeshDocument,
  type ObjectKey,
  objectKey,
  type RateLimit,
  type RequestLimit,
  serviceRefKey,
} from "@/lib/mesh";

export interface SharedPolicy {
  readonly service: ObjectKey;
  readonly policy: RateLimit;
}

/** Entries of one descriptor, as lib/compile writes them. */
export type Descriptor = readonly { readonly key: string; readonly value: string }[];

export interface AskedLimit {
  /** The limit, whatever the value; the same in every design that has it. */
  readonly group: string;
  /** Whose requests; "" where all count together. */
  readonly value: string;
  readonly limit: RequestLimit;
}

const LONGEST_VALUE = 128;
const policiesOf = new WeakMap<MeshDocument, ReadonlyMap<string, SharedPolicy>>();

/** By domain: the key of the policy. Documents are never changed in place. */
export function sharedPolicies(document: MeshDocument): ReadonlyMap<string, SharedPolicy> {
  const known = policiesOf.get(document);
  if (known) return known;
  const found = new Map<string, SharedPolicy>();
  for (const object of document.objects) {
    if (object.kind !== "RateLimit" || object.spec.scope !== "global") continue;
    found.set(objectKey(object), { service: serviceRefKey(object.spec.service, object), policy: object });
  }
  policiesOf.set(document, found);
  return found;
}

/** null: the design has no such limit (any more). */
export function askedLimit(environmentId: string, { policy }: SharedPolicy, asked: Descriptor): AskedLimit | null {
  const index = asked.find(({ key }) => key === "limit")?.value ?? "";
  const limit = /^\d+$/.test(index) ? policy.spec.limits?.[Number(index)] : undefined;
  if (!limit) return null;
  const value = limit.per ? (asked.find(({ key }) => key === "value")?.value ?? "") : "";
  return {
    group: [environmentId, objectKey(policy), limit.name ?? index, limit.perMs].join(" "),
    value: short(limit.per?.type === "caller" ? callerIn(value) : value),
    limit,
  };
}

/** The identity in x-forwarded-client-cert, which the sidecar wrote from the caller's certificate; "" for plain text. */
function callerIn(header: string): string {
  return /(?:^|[;,])URI=([^;,"]+)/.exec(header)?.[1] ?? "";
}

const short = (value: string): string =>
  value.length <= LONGEST_VALUE ? value : createHash("sha256").update(value).digest("base64");
