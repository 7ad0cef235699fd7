// How a host is chosen, in words, and what it means for callers that the way changes.
// The rule: what callers would notice is said: whether equal keys stay at one host, and whether they move.
import { isSameJson } from "../commands/equal";
import { isHashing } from "../schema/load-balancing";
import type { HashKey, LoadBalancing, Path } from "../types";
import { durationText } from "./words";

/** `header x-user`, `cookie sid, given for 1 h to who has none` */
export function hashKeyText(key: HashKey): string {
  switch (key.type) {
    case "header":
      return `header ${key.name}`;
    case "query":
      return `query ${key.name}`;
    case "sourceIp":
      return "the caller's address";
    case "cookie": {
      if (key.ttlSeconds === undefined) return `cookie ${key.name}`;
      const long = key.ttlSeconds === 0 ? "until the browser is closed" : `for ${durationText(key.ttlSeconds * 1000)}`;
      return `cookie ${key.name} (given ${long} to who has none)`;
    }
  }
}

/** `header x-user, else query user`; `header x-user together with cookie sid` */
export function hashKeysText(keys: readonly HashKey[]): string {
  return keys
    .map((key, i) => {
      const before = keys[i - 1];
      return `${before === undefined ? "" : before.terminal ? ", else " : " together with "}${hashKeyText(key)}`;
    })
    .join("");
}

/** `least request`; `a hash of header x-user (ring of 2048 entries at least)` */
export function balancingText({ policy, hash = [], ringHash, maglev }: LoadBalancing): string {
  if (policy === "peak-ewma") return "latency (peak EWMA)";
  if (!isHashing(policy)) return policy.replace("-", " ");
  const { minimumRingSize: least, maximumRingSize: most } = ringHash ?? {};
  const sizes = [
    ...(least === undefined ? [] : [`${least} entries at least`]),
    ...(most === undefined ? [] : [`${most} at most`]),
  ].join(", ");
  const ring = sizes === "" ? "ring" : `ring of ${sizes}`;
  const table = maglev ? `Maglev table of ${maglev.tableSize}` : "Maglev";
  return `a hash of ${hashKeysText(hash)} (${policy === "maglev" ? table : ring})`;
}

const HASHED = ["policy", "hash", "ringHash", "maglev"] as const;

/** One sentence for all but the warm-up: the parts say nothing alone. */
export function balancingSentences(
  subject: string,
  was: LoadBalancing | undefined,
  now: LoadBalancing | undefined,
): { sentence: string; path: Path; before?: unknown; after?: unknown }[] {
  const chosen = (of: LoadBalancing | undefined) => of && Object.fromEntries(HASHED.map((field) => [field, of[field]]));
  if (isSameJson(chosen(was), chosen(now))) return [];
  const [before, after] = [was, now].map((of) => (of ? balancingText(of) : DEFAULT));
  const sentence = `${subject}: hosts are chosen by ${after} (${before} before)${consequence(was, now)}.`;
  return [{ sentence, path: ["spec", "loadBalancing"], before: was, after: now }];
}

/** What is compiled where nothing is said. */
const DEFAULT = "least request, the default,";

function consequence(was: LoadBalancing | undefined, now: LoadBalancing | undefined): string {
  const [old, next] = [was, now].map((of) => (of && isHashing(of.policy) ? hashKeysText(of.hash ?? []) : undefined));
  if (old === undefined && next === undefined) return "";
  if (old === undefined) return `; equal keys now stay at one host`;
  if (next === undefined) return "; equal keys no longer stay at one host";
  return old === next
    ? "; most keys move to another host once, and what hosts kept of them is not there"
    : "; every key is another one now, so requests move to other hosts once";
}
