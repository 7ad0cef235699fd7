// Rules that a VirtualService leaves to another one, put together with it as istiod does before it looks at either.
// The rule: a rule of the delegate is in only where it asks for no less than the root's; what both say, the delegate says.
import type { ImportContext, Resource } from "../shared/context";
import { isRecord } from "../shared/fields";
import { fullHost, resolveHost } from "./hosts";

type Json = Record<string, unknown>;
/** What the root gives a rule that does not say it itself. */
const INHERITED = [
  "rewrite",
  "directResponse",
  "timeout",
  "retries",
  "fault",
  "mirror",
  "mirrorPercent",
  "mirrorPercentage",
  "mirrors",
  "corsPolicy",
  "headers",
];
const TEXT_MATCHES = ["uri", "scheme", "method", "authority"];
const MAPS = ["headers", "withoutHeaders", "queryParams"];

/** A VirtualService without hosts is there for others to name. */
export const isDelegate = (spec: unknown): boolean =>
  isRecord(spec) && (!Array.isArray(spec["hosts"]) || spec["hosts"].length === 0) && spec["gateways"] === undefined;

export const hasDelegates = (http: unknown): boolean =>
  Array.isArray(http) && http.some((each) => isRecord(each) && each["delegate"] !== undefined);

/** The rules with those of delegates in place; one whose delegate is not in the text is left out and told. */
export function withDelegates(context: ImportContext, resource: Resource, http: readonly unknown[]): unknown[] {
  return http.flatMap((rule, i) => {
    if (!isRecord(rule) || !isRecord(rule["delegate"])) return [rule];
    const { name, namespace } = rule["delegate"];
    const space = typeof namespace === "string" && namespace !== "" ? namespace : resource.namespace;
    const found = context.resources.find(
      (each) =>
        each.kind === "VirtualService" &&
        each.namespace === space &&
        each.name === name &&
        isDelegate(each.spec) &&
        isVisible(each, resource.namespace),
    );
    const rules = isRecord(found?.spec) && Array.isArray(found.spec["http"]) ? found.spec["http"].filter(isRecord) : [];
    if (!found) {
      const message = `is left out: the VirtualService ${space}/${String(name)} that it leaves the rest to is not in the text, or not exported to ${resource.namespace}`;
      context.warn(resource, ["spec", "http", i, "delegate"], message, "Import both together.", {
        verdict: "lost",
        changesMeaning: true,
      });
    }
    return rules.flatMap((own) => {
      const merged = mergedRule(rule, inFull(own, space));
      if (merged) return [merged];
      const message = `rule ${String(own["name"] ?? rules.indexOf(own) + 1)} of ${space}/${String(name)} has no effect: it asks for less than the rule that leaves calls to it`;
      context.warn(resource, ["spec", "http", i, "delegate"], message, "Narrow its conditions, or remove it.", {
        verdict: "ignored",
      });
      return [];
    });
  });
}

function isVisible({ spec, namespace }: Resource, from: string): boolean {
  const to = isRecord(spec) ? spec["exportTo"] : undefined;
  if (!Array.isArray(to) || to.length === 0) return true;
  return to.includes("*") || to.includes(from) || (to.includes(".") && namespace === from);
}

function mergedRule({ delegate: _, ...root }: Json, own: Json): Json | undefined {
  const match = mergedMatches(listOf(root["match"]), listOf(own["match"]));
  if (!match) return undefined;
  const name = [root["name"], own["name"]].filter((each) => typeof each === "string" && each !== "").join("-");
  const inherited = INHERITED.filter((field) => own[field] === undefined && root[field] !== undefined);
  const { match: _own, ...rest } = own;
  return {
    ...rest,
    ...(name === "" ? {} : { name }),
    ...(match.length > 0 ? { match } : {}),
    ...Object.fromEntries(inherited.map((field) => [field, root[field]])),
  };
}

/** Undefined: nothing that the root takes comes to it. */
function mergedMatches(root: Json[], own: Json[]): Json[] | undefined {
  if (root.length === 0) return own;
  if (own.length === 0) return root;
  const merged = own.map((each) => root.filter((of) => !isBeyond(of, each)).map((of) => mergedMatch(of, each)));
  return merged.some((each) => each.length === 0) ? undefined : merged.flat();
}

function mergedMatch(root: Json, own: Json): Json {
  const maps = [...MAPS, "sourceLabels"].flatMap((field) => {
    const both = { ...recordOf(root[field]), ...recordOf(own[field]) };
    return Object.keys(both).length > 0 ? [[field, both] as const] : [];
  });
  return { ...root, ...own, ...Object.fromEntries(maps) };
}

/** Whether one match asks for something that the root's excludes, or that nobody can compare with it. */
function isBeyond(root: Json, own: Json): boolean {
  const texts = TEXT_MATCHES.some((field) => isOtherText(root[field], own[field]));
  const maps = MAPS.some((field) => {
    const of = recordOf(root[field]);
    return Object.entries(recordOf(own[field])).some(([name, value]) => isOtherText(of[name], value));
  });
  const isOther = (field: string) =>
    root[field] !== undefined && own[field] !== undefined && root[field] !== own[field];
  const labels = recordOf(root["sourceLabels"]);
  return (
    texts ||
    maps ||
    (root["ignoreUriCase"] === true) !== (own["ignoreUriCase"] === true) ||
    isOther("port") ||
    // the delegate has to say it as well
    (typeof root["sourceNamespace"] === "string" && root["sourceNamespace"] !== own["sourceNamespace"]) ||
    Object.entries(recordOf(own["sourceLabels"])).some(([name, value]) => (labels[name] ?? value) !== value) ||
    isBeyondGateways(root["gateways"], own["gateways"])
  );
}

const isBeyondGateways = (root: unknown, own: unknown): boolean =>
  Array.isArray(root) && Array.isArray(own) && own.some((each) => !root.includes(each));

/** Expressions are never compared; a prefix holds what begins with it. */
function isOtherText(root: unknown, own: unknown): boolean {
  if (root === undefined || own === undefined) return false;
  const [of, is] = [recordOf(root), recordOf(own)];
  const { exact, prefix } = of;
  if (typeof exact === "string") return is["exact"] !== exact;
  const text = is["prefix"] ?? is["exact"];
  return typeof prefix !== "string" || typeof text !== "string" || !text.startsWith(prefix);
}

/** Names are those of the namespace that the delegate is in. */
function inFull(rule: Json, namespace: string): Json {
  const place = (value: unknown): unknown => {
    if (!isRecord(value) || typeof value["host"] !== "string") return value;
    const meaning = resolveHost(value["host"], namespace);
    const isShort = meaning.kind === "service" && !value["host"].includes(".");
    return isShort ? { ...value, host: fullHost(meaning.namespace, meaning.name) } : value;
  };
  const places = (value: unknown) =>
    listOf(value).map((each) =>
      each["destination"] === undefined ? each : { ...each, destination: place(each["destination"]) },
    );
  return {
    ...rule,
    ...(rule["route"] === undefined ? {} : { route: places(rule["route"]) }),
    ...(rule["mirrors"] === undefined ? {} : { mirrors: places(rule["mirrors"]) }),
    ...(rule["mirror"] === undefined ? {} : { mirror: place(rule["mirror"]) }),
  };
}

const recordOf = (value: unknown): Json => (isRecord(value) ? value : {});
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);
