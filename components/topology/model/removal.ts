// What a removal takes along, said in numbers before it happens. Rule: pure; the model's own removal decides what goes.
import { listInWords, plural } from "@/components/ui/format";
import { applyCommand, type Command, type MeshDocument, objectKey, type Positions, parseKey } from "@/lib/mesh";
import { find } from "./document";

export interface Removal {
  command: Command;
  /** "payment-service goes, and with it 2 workloads, 1 dependency and 1 route." */
  sentence: string;
  also: number;
}

/** What a removal takes along, said in numbers before it happens. */
export function removalOf(document: MeshDocument, positions: Positions, keys: readonly string[]): Removal | null {
  const present = keys.filter((key) => find(document, key));
  if (present.length === 0) return null;
  const commands: Command[] = [];
  let state = { document, positions };
  for (const key of present) {
    const result = applyCommand(state.document, state.positions, { type: "removeObject", key });
    if (!result.ok) continue;
    commands.push({ type: "removeObject", key });
    state = result;
  }
  const left = new Set(state.document.objects.map(objectKey));
  const chosen = new Set(present);
  const also = document.objects.filter((object) => !left.has(objectKey(object)) && !chosen.has(objectKey(object)));
  const counts = new Map<string, number>();
  for (const object of also) counts.set(object.kind, (counts.get(object.kind) ?? 0) + 1);
  const who = listInWords(present.map((key) => parseKey(key)?.name ?? key));
  const goes = present.length === 1 ? "goes" : "go";
  const along = listInWords(
    [...counts].map(([kind, count]) => plural(count, kindWords[kind] ?? kind, kindPlurals[kind])),
    6,
  );
  return {
    command: { type: "batch", commands, label: `Delete ${who}` },
    sentence:
      also.length > 0
        ? `${who} ${goes}, and with ${present.length === 1 ? "it" : "them"} ${along}.`
        : `${who} ${goes}; nothing else depends on ${present.length === 1 ? "it" : "them"}.`,
    also: also.length,
  };
}

const kindWords: Record<string, string> = {
  Workload: "workload",
  Dependency: "dependency",
  Subset: "subset",
  Route: "route",
  TcpRoute: "TCP route",
  TrafficPolicy: "traffic policy",
  RateLimit: "rate limit",
  MutualTls: "mTLS policy",
  RequestAuthentication: "request authentication",
  AuthorizationPolicy: "authorization policy",
  Egress: "egress rule",
  Service: "service",
};
const kindPlurals: Record<string, string> = {
  Dependency: "dependencies",
  TrafficPolicy: "traffic policies",
  MutualTls: "mTLS policies",
  AuthorizationPolicy: "authorization policies",
};
