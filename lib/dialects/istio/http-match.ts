// HTTPMatchRequest -> one match of a rule. What is not taken is kept in the sink of the fields: the caller decides what that means.
import { RE2JS } from "re2js";
import type { AuthorityMatch, CallerMatch, HeaderMatch, PathMatch, QueryMatch, RouteMatch } from "@/lib/mesh";
import type { Fields } from "../shared/fields";

/** `gateways`: the match is for these only, of those that the resource is for. */
export type ScopedMatch = { match: RouteMatch; gateways: string[] | undefined };

/** @param ports that may be a condition: what every service that it is for has */
export function importMatch(fields: Fields, ports: readonly number[] = []): ScopedMatch[] {
  const asked = fields.peek("port");
  const port = ports.find((each) => each === asked);
  if (port !== undefined) fields.take("port");
  const path = importPath(fields);
  const scheme = importScheme(fields);
  const authority = importAuthority(fields);
  const methods = importMethods(fields);
  const headers: HeaderMatch[] = fields.map("headers").flatMap(([name, value]) => {
    const match = valueMatch(value);
    return name.startsWith("@") || !match ? keepWhole(fields, "headers", name, value) : [{ name, ...match }];
  });
  const without: HeaderMatch[] = fields.map("withoutHeaders").flatMap(([name, value]) => {
    const match = valueMatch(value);
    return match ? [{ name, ...match, invert: true }] : keepWhole(fields, "withoutHeaders", name, value);
  });
  const query: QueryMatch[] = fields.map("queryParams").flatMap(([name, value]) => {
    const match = valueMatch(value);
    return match ? [{ name, ...match }] : keepWhole(fields, "queryParams", name, value);
  });
  const gateways = fields.texts("gateways");
  const isScoped = gateways !== undefined && gateways.length > 0;
  const caller = isScoped ? undefined : importCaller(fields);
  fields.take("name");
  fields.keepRest();
  const choices = withAbsent(headers, without);
  if (choices.length > MAX_CHOICES) {
    fields.keep(
      "withoutHeaders",
      Object.fromEntries(without.map(({ name, type, value }) => [name, { [type]: value }])),
    );
    return [];
  }
  return choices.map((own) => ({
    match: {
      ...(caller ? { caller } : {}),
      ...(port === undefined ? {} : { port }),
      ...(scheme ? { scheme } : {}),
      ...(authority ? { authority } : {}),
      ...(path ? { path } : {}),
      ...(methods ? { methods } : {}),
      ...(own.length > 0 ? { headers: own } : {}),
      ...(query.length > 0 ? { query } : {}),
    },
    gateways: isScoped ? gateways : undefined,
  }));
}

/** Of one match; more stay as they were written. */
const MAX_CHOICES = 8;

/**
 * To Istio a header that is missing is an empty one, so what an empty one is not is either there and something else, or not there. In the
 * model a header that is missing is never something else: that is a match of its own. What asks for the header anyway needs none.
 */
function withAbsent(headers: readonly HeaderMatch[], without: readonly HeaderMatch[]): HeaderMatch[][] {
  const isAsked = (name: string) => headers.some((each) => each.name.toLowerCase() === name.toLowerCase());
  let choices: HeaderMatch[][] = [[]];
  for (const each of without) {
    const absent: HeaderMatch = { name: each.name, type: "present", invert: true };
    const isPlain = each.type === "present" || isAsked(each.name) || holdsForEmpty(each);
    choices = choices.flatMap((own) => [[...own, each], ...(isPlain ? [] : [[...own, absent]])]);
  }
  const isSaidAnyway = ({ name, type }: HeaderMatch) =>
    type === "present" && without.some((each) => each.type !== "present" && each.name === name);
  const rest = headers.filter((each) => !isSaidAnyway(each));
  return choices.map((own) => [...rest, ...own]);
}

function holdsForEmpty({ type, value = "" }: HeaderMatch): boolean {
  if (type !== "regex") return value === "";
  try {
    return RE2JS.matches(value, "");
  } catch {
    // the model says what is wrong with it
    return false;
  }
}

/** Beside gateways of its own, Istio does not look at the caller: the conditions are left over then. */
export function importCaller(fields: Fields): CallerMatch | undefined {
  const labels = fields.textMap("sourceLabels");
  const namespace = fields.text("sourceNamespace");
  const asked = labels && Object.keys(labels).length > 0 ? { labels } : {};
  const caller = { ...(namespace ? { namespace } : {}), ...asked };
  return Object.keys(caller).length > 0 ? caller : undefined;
}

function keepWhole(fields: Fields, list: string, name: string, value: Fields): [] {
  fields.keep(`${list}.${name}`, value.everything());
  return [];
}

/** exact, prefix, regex, or nothing for "present". */
function valueMatch(fields: Fields): { type: "exact" | "prefix" | "regex" | "present"; value?: string } | undefined {
  const names = fields.names();
  if (names.length === 0) return { type: "present" };
  const [name] = names;
  if (names.length > 1 || (name !== "exact" && name !== "prefix" && name !== "regex")) return undefined;
  const value = fields.text(name);
  // no expression, but Istio's word for any value
  if (name === "regex" && value === "*") return { type: "present" };
  return value === undefined ? undefined : { type: name, value };
}

function importPath(fields: Fields): PathMatch | undefined {
  const ignoreCase = fields.flag("ignoreUriCase");
  const uri = fields.object("uri");
  if (!uri) return undefined;
  const match = valueMatch(uri);
  if (match?.value === undefined || match.type === "present") {
    if (match?.type !== "present") fields.keep("uri", uri.everything());
    return undefined;
  }
  // Istio ignores case for exact and prefix only
  const caseRule = ignoreCase && match.type !== "regex" ? { ignoreCase: true } : {};
  return { type: match.type, value: match.value, ...caseRule };
}

function importScheme(fields: Fields): RouteMatch["scheme"] {
  const scheme = fields.object("scheme");
  const match = scheme && valueMatch(scheme);
  if (!scheme || match?.type === "present") return undefined;
  if (match?.type === "exact" && (match.value === "http" || match.value === "https")) return match.value;
  fields.keep("scheme", match ? { [match.type]: match.value } : scheme.everything());
  return undefined;
}

/** Every request has one. */
function importAuthority(fields: Fields): AuthorityMatch | undefined {
  const authority = fields.object("authority");
  const match = authority && valueMatch(authority);
  if (!authority || match?.type === "present") return undefined;
  if (match?.value) return { type: match.type, value: match.value };
  fields.keep("authority", match ? { [match.type]: match.value } : authority.everything());
  return undefined;
}

function importMethods(fields: Fields): string[] | undefined {
  const method = fields.object("method");
  if (!method) return undefined;
  const match = valueMatch(method);
  if (match?.type === "exact" && match.value) return [match.value];
  if (match?.type === "regex" && match.value && /^[A-Z]+(\|[A-Z]+)*$/.test(match.value)) return match.value.split("|");
  fields.keep("method", match ? { [match.type]: match.value } : method.everything());
  return undefined;
}
