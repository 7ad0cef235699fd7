// HTTPCORSFilter <-> the CORS policy of a rule.
// The rule: an origin with a star is an expression here and comes back as the star; what the filter cannot say loses pages, never lets in more.
import type { Cors, OriginMatch } from "@/lib/mesh";
import type { Fields } from "../shared/fields";
import type { Judgement } from "./entries";

/** Any host, or what stands before a dot; greedy, as the standard says, but never over a port. */
const ANY_HOST = "[^:/]+";

/** Undefined: it allows nobody, and stays as it was written. */
export function importCors(fields: Fields | undefined): Cors | undefined {
  const origins = fields?.texts("allowOrigins") ?? [];
  if (!fields || origins.length === 0) return undefined;
  const [methods, headers, exposed] = ["allowMethods", "allowHeaders", "exposeHeaders"].map((name) =>
    fields.texts(name),
  );
  const credentials = fields.flag("allowCredentials");
  const maxAge = fields.number("maxAge");
  fields.keepRest();
  return {
    allowOrigins: origins.map(importOrigin),
    ...(methods && methods.length > 0 ? { allowMethods: methods } : {}),
    ...(headers && headers.length > 0 ? { allowHeaders: headers } : {}),
    ...(exposed && exposed.length > 0 ? { exposeHeaders: exposed } : {}),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: maxAge }),
    ...(credentials === undefined ? {} : { allowCredentials: credentials }),
  };
}

function importOrigin(value: string): OriginMatch {
  if (value === "*" || !value.includes("*")) return { type: "exact", value };
  const [before = "", after = ""] = value.split("*");
  return { type: "regex", value: `${before}${ANY_HOST}${after.replaceAll(".", "\\.")}` };
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"]);
const ORIGIN = /^(\*|https?:\/\/(((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:[0-9]{1,5})?))$/;
const HEADER = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}$/;

export function exportCors(cors: Cors, judge: (judgement: Judgement) => void): Record<string, unknown> | undefined {
  const lose = (reason: string) => judge({ verdict: "lost", reason, changesMeaning: true });
  const origins = cors.allowOrigins.flatMap((origin) => {
    const written = exportOrigin(origin);
    if (written === undefined)
      lose(`origins by ${origin.type} ${origin.value} cannot be said: their pages are refused`);
    return written ?? [];
  });
  if (origins.length === 0) return undefined;
  const methods = (cors.allowMethods ?? []).filter((method) => METHODS.has(method));
  if (methods.length < (cors.allowMethods ?? []).length) lose("methods beyond those of HTTP and PATCH cannot be said");
  const headers = (cors.allowHeaders ?? []).filter((name) => HEADER.test(name));
  const { exposeHeaders = [], maxAgeSeconds, allowCredentials } = cors;
  if (maxAgeSeconds === 0) {
    judge({ verdict: "approximate", reason: "a preflight holds 1 second at least", changesMeaning: false });
  }
  if (cors.unmatchedPreflights === "ignore") {
    const reason = "who answers preflights of other origins is the product's choice";
    judge({ verdict: "approximate", reason, changesMeaning: false });
  }
  return {
    allowOrigins: starAlone(origins),
    ...(allowCredentials === undefined ? {} : { allowCredentials }),
    ...(methods.length > 0 ? { allowMethods: starAlone(methods) } : {}),
    ...(headers.length > 0 ? { allowHeaders: starAlone(headers) } : {}),
    ...(exposeHeaders.length > 0 ? { exposeHeaders: starAlone(exposeHeaders) } : {}),
    ...(maxAgeSeconds === undefined ? {} : { maxAge: Math.max(1, maxAgeSeconds) }),
  };
}

function exportOrigin({ type, value }: OriginMatch): string | undefined {
  const text = type === "regex" ? value.replace(ANY_HOST, "*").replaceAll("\\.", ".") : value;
  const isWritable = type !== "prefix" && ORIGIN.test(text) && text.length <= 253;
  const back = isWritable ? importOrigin(text) : undefined;
  return back?.type === type && back.value === value ? text : undefined;
}

/** The filter takes no other entry beside a star, and none twice. */
const starAlone = (list: readonly string[]) => (list.includes("*") ? ["*"] : [...new Set(list)]);
