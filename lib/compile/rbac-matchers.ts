// One value of an authorization rule -> one principal or permission of Envoy's RBAC.
// The rule: a * stands at the beginning or end and is compared as text; a value without one is the whole.
import { type JsonObject, quoteRegex } from "./envoy-json";

export const ANY: JsonObject = { any: true };

/** Null: anything that is there. */
function patternMatcher(text: string): JsonObject | null {
  if (text === "*") return null;
  if (text.startsWith("*")) return { suffix: text.slice(1) };
  return text.endsWith("*") ? { prefix: text.slice(0, -1) } : { exact: text };
}

export const stringPattern = (text: string): JsonObject => patternMatcher(text) ?? { safe_regex: { regex: ".+" } };

/** `td/ns/x/sa/y` without the scheme, `*` at the beginning or end; `*` alone is anybody with an identity. */
export function principalMatcher(text: string): JsonObject {
  if (text === "*") return { authenticated: {} };
  const isBare = !text.startsWith("*") && !text.startsWith("spiffe://");
  return authenticated(stringPattern(isBare ? `spiffe://${text}` : text));
}

export function authenticated(matcher: JsonObject): JsonObject {
  return { authenticated: { principal_name: matcher } };
}

/** A namespace of the mesh's own trust domain. */
export function namespaceMatcher(trustDomain: string, name: string): JsonObject {
  if (!name.includes("*")) return authenticated({ prefix: `spiffe://${trustDomain}/ns/${name}/` });
  const pattern = name.split("*").map(quoteRegex).join("[^/]*");
  return authenticated({ safe_regex: { regex: `spiffe://${quoteRegex(trustDomain)}/ns/${pattern}/.*` } });
}

function range(block: string): JsonObject {
  const [address = "", length] = block.split("/");
  return {
    address_prefix: address,
    prefix_len: length === undefined ? (address.includes(":") ? 128 : 32) : Number(length),
  };
}

export const directAddress = (block: string): JsonObject => ({ direct_remote_ip: range(block) });
/** Of the client, as x-forwarded-for has it. */
export const clientAddress = (block: string): JsonObject => ({ remote_ip: range(block) });
export const targetAddress = (block: string): JsonObject => ({ destination_ip: range(block) });

export function header(name: string, matcher: JsonObject): JsonObject {
  return { header: { name, string_match: matcher } };
}

export const methodMatcher = (text: string): JsonObject => header(":method", stringPattern(text));

/** `*` is any path; `{*}` and `{**}` are Envoy's templates, written as the regular expressions that Envoy makes of them. */
export function pathMatcher(path: string): JsonObject {
  if (path === "*") return ANY;
  const matcher = path.includes("{*") ? { safe_regex: { regex: templateRegex(path) } } : stringPattern(path);
  return { url_path: { path: matcher } };
}

const SEGMENT = "[a-zA-Z0-9-._~%!$&'()+,;:@=]+";
const SEGMENTS = "[a-zA-Z0-9-._~%!$&'()+,;:@=/]*";

function templateRegex(path: string): string {
  return path
    .split(/(\{\*\*?\})/)
    .map((part) => (part === "{*}" ? SEGMENT : part === "{**}" ? SEGMENTS : quoteRegex(part)))
    .join("");
}

/** A host with or without its port, in any case; `*` at its beginning is at least one letter. */
export function hostMatcher(host: string): JsonObject {
  if (host === "*") return ANY;
  const port = /:\d+$/.test(host) ? "" : "(:[0-9]+)?";
  const isSuffix = host.startsWith("*");
  const isPrefix = !isSuffix && host.endsWith("*");
  const text = quoteRegex(isSuffix ? host.slice(1) : isPrefix ? host.slice(0, -1) : host);
  const name = isSuffix ? `.+${text}` : isPrefix ? `${text}.*` : text;
  return header(":authority", { safe_regex: { regex: `(?i)${name}${port}` } });
}

export function anyOf(list: "ids" | "rules", parts: JsonObject[]): JsonObject {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  return { [list === "ids" ? "or_ids" : "or_rules"]: { [list]: parts } };
}

export function allOf(list: "ids" | "rules", parts: JsonObject[]): JsonObject {
  const [only] = parts;
  if (!only) return ANY;
  if (parts.length === 1) return only;
  return { [list === "ids" ? "and_ids" : "and_rules"]: { [list]: parts } };
}
