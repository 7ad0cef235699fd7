// What of an entry the model has no word for, as an entry of the same name that says only that.
// The rule: an export puts it back beside what it writes itself: fields by name, list entries by who they are for.
import { pathText } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { isRecord } from "../shared/fields";
import { keepBeside } from "../shared/verbatim";
import type { Part } from "./state";

/** What tells entries of Consul's lists apart. */
const IDENTITY = ["name", "port", "service", "serviceSubset", "peer", "partition", "samenessGroup"];
/** Fields that give calls another answer. */
const LOUD = [
  "failover",
  "envoyExtensions",
  "redirect",
  "envoyClusterJSON",
  "envoyListenerJSON",
  "jwt",
  "mutualTLSMode",
];
/** Entries that reading has told of by themselves. */
const isTold = (kind: string, path: readonly (string | number)[]) =>
  (kind === "ServiceIntentions" && (path[1] === "sources" || path[1] === "jwt")) ||
  (kind === "IngressGateway" && typeof path.at(-1) === "number") ||
  (kind === "ServiceSplitter" && path[1] === "splits") ||
  (kind === "ServiceResolver" && path.at(-1) === "filter");

/** @param isTcp what routes connections is told already */
export function keepRemainder(context: ImportContext, { resource, result, kept }: Part, isTcp = false): void {
  if (kept.length === 0) return;
  const entries = kept.map(({ path, value }) => ({ path: path.slice(1), value }));
  const spec = restOf(resource.spec, entries);
  const isKept = keepBeside(context, { resource: { ...resource, spec }, result });
  const what = isKept ? "it is kept and written back on export" : "it is too large to be kept";
  for (const { path } of kept) {
    if (isTold(resource.kind, path) || (isTcp && path.length === 2)) continue;
    const isLoud = path.some((step) => LOUD.some((each) => each === step));
    const message = `${pathText(path.slice(1))} has no counterpart in the model: ${what}, and has no effect here`;
    context.warn(resource, path, message, "Remove it, or keep Consul for what it does.", {
      verdict: "lost",
      ...(isLoud ? { changesMeaning: true } : {}),
    });
  }
}

type Entry = { path: readonly (string | number)[]; value: unknown };

function restOf(source: unknown, entries: readonly Entry[]): unknown {
  const whole = entries.find(({ path }) => path.length === 0);
  if (whole) return whole.value;
  const steps = [...new Set(entries.map(({ path }) => path[0] ?? ""))];
  const below = (step: string | number) => {
    const own = entries.filter(({ path }) => path[0] === step);
    const next = (source as Record<string | number, unknown> | undefined)?.[step];
    const rest = restOf(
      next,
      own.map(({ path, value }) => ({ path: path.slice(1), value })),
    );
    const isPart = own.every(({ path }) => path.length > 1) && typeof step === "number";
    return isPart && isRecord(rest) && isRecord(next) ? { ...identityOf(next), ...rest } : rest;
  };
  if (steps.every((step) => typeof step === "number")) return steps.sort((a, b) => Number(a) - Number(b)).map(below);
  return Object.fromEntries(steps.map((step) => [step, below(step)]));
}

const identityOf = (value: Record<string, unknown>) =>
  Object.fromEntries(IDENTITY.flatMap((name) => (value[name] === undefined ? [] : [[name, value[name]]])));

/** What is written, with what was kept. */
export function withRest(written: unknown, kept: unknown, field = ""): unknown {
  if (isRecord(written) && isRecord(kept)) {
    const merged = { ...written };
    for (const [name, value] of Object.entries(kept)) {
      merged[name] = name in merged ? withRest(merged[name], value, name) : value;
    }
    return field === "sources" ? withPermissions(merged) : merged;
  }
  if (Array.isArray(written) && Array.isArray(kept)) {
    if (field === "permissions") return beforeAllowances(written, kept);
    const result: unknown[] = [...written];
    for (const each of kept as unknown[]) {
      const at = result.findIndex((one) => isSame(one, each));
      if (at < 0) result.push(field === "sources" && isRecord(each) ? withPermissions(each) : each);
      else result[at] = withRest(result[at], each, field);
    }
    return result;
  }
  return kept;
}

const isSame = (a: unknown, b: unknown) =>
  isRecord(a) &&
  isRecord(b) &&
  IDENTITY.some((name) => b[name] !== undefined) &&
  IDENTITY.every((name) => a[name] === b[name]);

const EVERYTHING = { pathPrefix: "/" };

/** A source has an action or permissions, never both; what the permissions do not take is what the action says. */
function withPermissions({ action, ...source }: Record<string, unknown>): Record<string, unknown> {
  const { permissions } = source;
  if (!Array.isArray(permissions)) return action === undefined ? source : { ...source, action };
  const last: unknown = permissions.at(-1);
  const isClosed = isRecord(last) && JSON.stringify(last["http"]) === JSON.stringify(EVERYTHING);
  return isClosed
    ? source
    : { ...source, permissions: [...(permissions as unknown[]), { action: action ?? "deny", http: EVERYTHING }] };
}

function beforeAllowances(written: readonly unknown[], kept: readonly unknown[]): unknown[] {
  const at = written.findIndex((each) => isRecord(each) && each["action"] === "allow");
  // the last one closes
  const place = at < 0 ? Math.max(0, written.length - 1) : at;
  return [...written.slice(0, place), ...kept, ...written.slice(place)];
}
