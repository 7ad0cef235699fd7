// How products say by what a host is chosen -> the model's words, where the model takes them.
// The rule: keys and sizes that the model would refuse are for the caller to keep as they were written.
import {
  type HashKey,
  hashKeySchema,
  isHashing,
  type LoadBalancing,
  loadBalancingSchema,
  type TrafficPolicy,
} from "@/lib/mesh";
import { balancingText } from "@/lib/mesh/diff/balancing-text";
import type { ExportContext } from "./export-context";
import { Fields, type Sink } from "./fields";
import type { Verdict } from "./verdict";

/** Undefined where the model does not take it. */
export function takenBalancing(value: unknown): LoadBalancing | undefined {
  return loadBalancingSchema.safeParse(value).data;
}

/** Undefined where the model does not take one of them, or there is none. */
export function takenKeys(values: readonly unknown[]): HashKey[] | undefined {
  const keys = values.map((value) => hashKeySchema.safeParse(value).data);
  return keys.length > 0 && keys.every((key) => key !== undefined) ? keys : undefined;
}

/** Reads a field aside: it is taken where all of it was understood, else it stays and is kept as it was written. */
export function takenWhole<T>(fields: Fields, name: string, read: (own: Fields) => T | undefined): T | undefined {
  const sink: Sink = { kept: [], problems: [] };
  const own = new Fields({ [name]: fields.peek(name) }, fields.path, sink);
  const value = read(own);
  own.keepRest();
  if (value === undefined || sink.kept.length + sink.problems.length > 0) return undefined;
  fields.take(name);
  return value;
}

/** Products that choose hosts their own way. Where equal keys no longer meet at one host, callers notice. */
export function loseBalancing(
  context: ExportContext,
  policy: TrafficPolicy,
  verdict: Exclude<Verdict, "exact">,
  reason: string,
): void {
  const { loadBalancing } = policy.spec;
  if (!loadBalancing) return;
  const isHashed = isHashing(loadBalancing.policy);
  const words = isHashed ? `; hosts are chosen by ${balancingText(loadBalancing)} here` : "";
  context.lose(
    policy,
    ["spec", "loadBalancing"],
    verdict,
    `${reason}${words}`,
    isHashed ? { changesMeaning: true } : {},
  );
}

/** Of products that choose by the requests under way at best. */
export const PEAK_EWMA_REASON =
  "does not choose hosts by latency: the one of two with fewer requests is chosen instead";

/** What they are told instead. */
export const withoutPeakEwma = (policy: LoadBalancing["policy"]): Exclude<LoadBalancing["policy"], "peak-ewma"> =>
  policy === "peak-ewma" ? "least-request" : policy;
