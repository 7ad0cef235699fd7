// extends: a service that begins as another one of the same file.
// The rule: maps are merged, lists joined, everything else replaced; what another file holds is told, not guessed.
import type { Path } from "@/lib/mesh";
import { isRecord, type Sink } from "../shared/fields";

/** Longer chains and larger results are no project; without them one service could copy all others. */
const MAX_CHAIN = 32;
const MAX_COPIED = 200_000;

/** Written as a list or as a map with the same meaning. */
const LIST_OR_MAP = ["environment", "labels", "annotations", "depends_on", "networks"];
/** Lists that are one value. */
const REPLACED = ["command", "entrypoint", "test"];

export type Extended = { value: Record<string, unknown>; elsewhere?: string };

export class Extending {
  private copied = 0;
  constructor(
    private readonly services: Record<string, unknown>,
    private readonly sink: Sink,
  ) {}

  /** The service with everything that it begins as. */
  of(name: string): Extended {
    const chain: Record<string, unknown>[] = [];
    const seen = new Set<string>();
    let elsewhere: string | undefined;
    for (let at: string | undefined = name; at !== undefined; ) {
      const value: unknown = Object.hasOwn(this.services, at) ? this.services[at] : undefined;
      if (!isRecord(value)) break;
      chain.push(value);
      seen.add(at);
      const path = ["services", at, "extends"];
      const said: unknown = value["extends"];
      if (said === undefined || said === null) break;
      const base: unknown = typeof said === "string" ? said : isRecord(said) ? said["service"] : undefined;
      const file = isRecord(said) ? said["file"] : undefined;
      if (typeof file === "string") {
        elsewhere = file;
        break;
      }
      if (typeof base !== "string") this.problem(path, "must name a service", "Write service: NAME.");
      else if (seen.has(base)) this.problem(path, "leads back to itself", "Take it away in one of them.");
      else if (seen.size >= MAX_CHAIN) this.problem(path, `is longer than ${MAX_CHAIN} steps`, "Shorten the chain.");
      else if (!Object.hasOwn(this.services, base))
        this.problem(path, `${base.slice(0, 64)} is no service of this file`, "Correct the name, or add the service.");
      else {
        at = base;
        continue;
      }
      break;
    }
    const { extends: _own, ...merged } = chain.reduceRight<Record<string, unknown>>(
      (base, own) => this.merge(base, own),
      {},
    );
    return { value: merged, ...(elsewhere === undefined ? {} : { elsewhere }) };
  }

  private merge(base: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
    if (Object.keys(base).length === 0) return own;
    const merged = new Map(Object.entries(base));
    for (const [key, value] of Object.entries(own)) {
      merged.set(key, merged.has(key) ? this.both(key, merged.get(key), value) : value);
    }
    return Object.fromEntries(merged);
  }

  private both(key: string, base: unknown, own: unknown): unknown {
    if (own === null || own === undefined) return base;
    if (REPLACED.includes(key)) return own;
    const isMapped = LIST_OR_MAP.includes(key);
    const [first, second] = isMapped ? [asMap(base), asMap(own)] : [base, own];
    if (isRecord(first) && isRecord(second)) return this.merge(first, second);
    if (!Array.isArray(first) || !Array.isArray(second)) return second;
    this.copied += first.length + second.length;
    if (this.copied > MAX_COPIED) {
      this.problem(["services"], "extend each other into more than can be read", "Say less by extends.");
      this.copied = Number.NEGATIVE_INFINITY;
    }
    return this.copied < 0 ? second : [...first, ...second];
  }

  private problem(path: Path, message: string, fix: string): void {
    const isThere = this.sink.problems.some((each) => each.message === message && each.path[1] === path[1]);
    if (!isThere) this.sink.problems.push({ path, message, fix });
  }
}

/** `["A=b", "c"]` as `{A: "b", c: null}`; anything else as it is. */
export function asMap(value: unknown): unknown {
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) return value;
  return Object.fromEntries(
    value.map((each: string) => {
      const at = each.indexOf("=");
      return at < 0 ? [each, null] : [each.slice(0, at), each.slice(at + 1)];
    }),
  );
}
