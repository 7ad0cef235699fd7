// HTTPMatchRequest -> one match of a rule. What is not taken is kept in the sink of the fields: the caller decides what that means.
import type { CallerMatch, HeaderMatch, PathMatch, QueryMatch, RouteMatch } from "@/lib/mesh";
import type { Fields } from "../shared/fields";

export function importMatch(fields: Fields, gateways: string[]): RouteMatch {
  const path = importPath(fields);
  const methods = importMethods(fields);
  const headers: HeaderMatch[] = fields.map("headers").flatMap(([name, value]) => {
    const match = valueMatch(value);
    return name.startsWith("@") || !match ? keepWhole(fields, "headers", name, value) : [{ name, ...match }];
  });
  for (const [name, value] of fields.map("withoutHeaders")) {
    const match = valueMatch(value);
    if (match) headers.push({ name, ...match, invert: true });
    else keepWhole(fields, "withoutHeaders", name, value);
  }
  const query: QueryMatch[] = fields.map("queryParams").flatMap(([name, value]) => {
    const match = valueMatch(value);
    return match ? [{ name, ...match }] : keepWhole(fields, "queryParams", name, value);
  });
  const own = fields.take("gateways");
  const caller = own === undefined ? importCaller(fields) : undefined;
  // a match for exactly the gateways of the whole resource says nothing new
  if (own !== undefined && JSON.stringify(own) !== JSON.stringify(gateways)) fields.keep("gateways", own);
  fields.take("name");
  fields.keepRest();
  return {
    ...(caller ? { caller } : {}),
    ...(path ? { path } : {}),
    ...(methods ? { methods } : {}),
    ...(headers.length > 0 ? { headers } : {}),
    ...(query.length > 0 ? { query } : {}),
  };
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

function importMethods(fields: Fields): string[] | undefined {
  const method = fields.object("method");
  if (!method) return undefined;
  const match = valueMatch(method);
  if (match?.type === "exact" && match.value) return [match.value];
  if (match?.type === "regex" && match.value && /^[A-Z]+(\|[A-Z]+)*$/.test(match.value)) return match.value.split("|");
  fields.keep("method", match ? { [match.type]: match.value } : method.everything());
  return undefined;
}
