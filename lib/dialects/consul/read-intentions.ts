// ServiceIntentions -> who may call a service, as written: sources with an action or with permissions.
// The rule: what the model cannot ask of a call is never left away: what it would allow stays refused, what it would refuse is refused as a whole.
import { type AuthorizationOperation, type HeaderCondition, pathText } from "@/lib/mesh";
import { Fields, type Sink } from "../shared/fields";
import { DEFAULT } from "./documents";
import { partOf, type Reader } from "./read-defaults";
import type { Condition, ConsulState, Permission, Source } from "./state";

export function importIntentions(state: ConsulState): Reader {
  return (context, resource, spec, sink) => {
    const part = partOf(state, resource, sink);
    const destination = spec.object("destination");
    const name = destination?.text("name") ?? resource.name;
    destination?.take("namespace");
    destination?.keepRest();
    const needsToken = spec.has("jwt");
    const sources = spec.list("sources").flatMap((fields, index) => sourceOf(fields, index, sink) ?? []);
    spec.keepRest();
    if (needsToken) {
      const message = `asks every caller of ${name} for a token, which the model cannot; here nobody is let in`;
      context.warn(resource, ["spec", "jwt"], message, "Allow callers by hand, where they may come without a token.", {
        verdict: "lost",
        changesMeaning: true,
      });
    }
    for (const source of sources) {
      if (!Array.isArray(source.decision)) continue;
      for (const { condition, action, index } of source.decision) {
        if (!("reason" in condition)) continue;
        const what =
          action === "allow" ? "what it allows is refused here" : "every call of this source is refused here";
        context.warn(
          resource,
          ["spec", "sources", source.index, "permissions", index],
          `${condition.reason}: ${what}`,
          "It is kept and written back on export. Say it in words that the model has.",
          { verdict: "lost", changesMeaning: true },
        );
      }
    }
    for (const { path } of sink.kept.filter((each) => each.path.length === 3 && each.path[1] === "sources")) {
      const message = "is a caller of another partition, peer or namespace: it is nobody in this design";
      const fix = "It is kept and written back on export.";
      context.warn(resource, path, message, fix, { verdict: "lost", changesMeaning: true });
    }
    state.intentions.push({ ...part, destination: name, sources, needsToken });
    return part.result;
  };
}

const AWAY = ["partition", "peer", "samenessGroup"] as const;

function sourceOf(fields: Fields, index: number, sink: Sink): Source | undefined {
  const written = fields.everything();
  const name = fields.text("name");
  const action = fields.text("action");
  const description = fields.text("description");
  if (description !== undefined) fields.keep("description", description);
  fields.take("namespace");
  const isAway = AWAY.some((each) => {
    const value = fields.peek(each);
    return value !== undefined && value !== "" && value !== DEFAULT;
  });
  if (isAway) {
    sink.kept.push({ path: fields.path, value: written });
    return undefined;
  }
  for (const each of AWAY) fields.take(each);
  const isL7 = fields.has("permissions");
  const permissions = fields.list("permissions").flatMap((each, i) => permissionOf(each, i, sink) ?? []);
  fields.keepRest();
  if (name === undefined) {
    fields.problem("name", "is missing", "Name the service that calls, or * for all.");
    return undefined;
  }
  if (isL7 && action !== undefined && action !== "") {
    fields.problem("action", "stands beside permissions", "Keep one of them: Consul takes no entry with both.");
  }
  if (isL7) return { name, index, decision: permissions };
  const decision = actionOf(action);
  if (!decision) fields.problem("action", `is ${action ?? "missing"}`, "Write allow or deny, or permissions.");
  return { name, index, decision: decision ?? "deny" };
}

const actionOf = (word: string | undefined) => (word === "allow" || word === "deny" ? word : undefined);

function permissionOf(fields: Fields, index: number, sink: Sink): Permission | undefined {
  const written = fields.everything();
  const action = actionOf(fields.text("action"));
  if (!action) {
    fields.problem("action", "is missing or unknown", "Write allow or deny.");
    return undefined;
  }
  const own: Sink = { kept: [], problems: sink.problems };
  const placed = new Fields(written, fields.path, own);
  placed.take("action");
  const http = placed.object("http");
  const condition = http ? httpOf(http) : { operations: [{}] };
  http?.keepRest();
  placed.keepRest();
  const unknown = own.kept.map(({ path }) => pathText(path.slice(5))).join(", ");
  const strange = unknown === "" ? undefined : { reason: `asks for ${unknown}` };
  const found: Condition = strange ?? condition;
  if ("reason" in found) sink.kept.push({ path: fields.path, value: written });
  return { action, condition: found, index };
}

function httpOf(http: Fields): Condition {
  const exact = http.text("pathExact");
  const prefix = http.text("pathPrefix");
  const regex = http.text("pathRegex");
  const methods = http.texts("methods") ?? [];
  const headers = http.list("header").map(headerOf);
  const path = exact ? [exact] : prefix && prefix !== "/" ? [`${prefix}*`] : regex ? pathsOfRegex(regex) : [];
  if (path === undefined) return { reason: `path ${regex} is an expression, which policies here do not take` };
  const odd = [exact, prefix].find((each) => each?.includes("*"));
  if (odd !== undefined) return { reason: `path ${odd} has a star, which stands for any text here` };
  const operation: AuthorizationOperation = {
    ...(path.length > 0 ? { paths: path } : {}),
    ...(methods.length > 0 ? { methods: methods.map((each) => each.toUpperCase()) } : {}),
  };
  const conditions = headers.flatMap((each) => each ?? []);
  return { operations: [conditions.length > 0 ? { ...operation, headers: conditions } : operation] };
}

/** Expressions that are alternatives of plain paths, or open at one end. */
function pathsOfRegex(regex: string): string[] | undefined {
  const paths = regex
    .replace(/^\^/, "")
    .replace(/\$$/, "")
    .split("|")
    .map((each) => /^(\.\*)?((?:[\w/-]|\\\.)+)(\.\*)?$/.exec(each));
  const found = paths.map((each) => {
    if (!each || (each[1] !== undefined && each[3] !== undefined)) return undefined;
    return `${each[1] ? "*" : ""}${(each[2] ?? "").replaceAll("\\.", ".")}${each[3] ? "*" : ""}`;
  });
  return found.every((each) => each !== undefined) ? found : undefined;
}

const TYPES = ["exact", "prefix", "suffix", "contains", "regex"] as const;

/** Envoy's "not" does not hold where the header is absent, the model's does: it is asked for besides. */
function headerOf(fields: Fields): HeaderCondition[] | undefined {
  const name = fields.text("name");
  const isInverted = fields.flag("invert") === true;
  const isPresent = fields.flag("present") === true;
  const ignoresCase = fields.flag("ignoreCase") === true;
  const found = TYPES.flatMap((type) => {
    const value = fields.text(type);
    return value === undefined || value === "" ? [] : [{ type, value }];
  });
  fields.keepRest();
  if (name === undefined) {
    fields.problem("name", "is missing", "Name the header.");
    return undefined;
  }
  const [only] = found;
  if (found.length + Number(isPresent) !== 1) {
    const fix = "Write one of exact, prefix, suffix, contains, regex and present.";
    fields.problem(undefined, "needs one way to compare", fix);
  }
  const invert = isInverted ? { invert: true } : {};
  if (!only) return [{ name, type: "present", ...invert }];
  const said = ignoresCase ? { type: "regex" as const, value: withoutCase(only) } : only;
  const condition = { name, type: said.type, values: [said.value], ...invert };
  return isInverted ? [condition, { name, type: "present" }] : [condition];
}

export const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

function withoutCase({ type, value }: { type: (typeof TYPES)[number]; value: string }): string {
  const text = type === "regex" ? value : escaped(value);
  const body = { exact: text, prefix: `${text}.*`, suffix: `.*${text}`, contains: `.*${text}.*`, regex: text }[type];
  return `(?i)${body}`;
}
