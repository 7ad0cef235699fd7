// The tokens that a request brings, found where Envoy looks for them and in its order. Rule: every token of a place counts, so
// that a good one cannot hide a bad one.

import type { HttpRequestView, JwtPlaces } from "../plan/types";

/** Where a token stood: what has to go when it is not to reach the app. */
export type TokenPlace =
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "param"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string };

export interface FoundToken {
  readonly token: string;
  /** Whose tokens may stand there; null: everybody's. */
  readonly issuers: readonly string[] | null;
  readonly place: TokenPlace;
}

const NOT_IN_A_TOKEN = /[A-Za-z0-9\-_.]/;

/** @param removed headers that an earlier provider took out of this request */
export function tokensIn(
  request: HttpRequestView,
  path: string,
  places: JwtPlaces,
  removed: ReadonlySet<string>,
): FoundToken[] {
  const found: FoundToken[] = [];
  for (const { name, prefix, issuers } of places.headers) {
    if (removed.has(name)) continue;
    for (const value of valuesOf(request, name)) {
      const token = afterPrefix(value, prefix);
      if (token !== null) found.push({ token, issuers, place: { kind: "header", name } });
    }
  }
  if (places.params.length > 0 && path.includes("?")) {
    const params = queryOf(path);
    for (const { name, issuers } of places.params) {
      const token = params.find(([key]) => key === name)?.[1];
      if (token !== undefined) found.push({ token, issuers, place: { kind: "param", name } });
    }
  }
  if (places.cookies.length > 0) {
    const cookies = cookiesOf(request);
    for (const { name, issuers } of places.cookies) {
      const token = cookies.get(name);
      if (token !== undefined) found.push({ token, issuers, place: { kind: "cookie", name } });
    }
  }
  return found;
}

/** Envoy makes one field of several that may stand once only. */
function valuesOf({ headers }: HttpRequestView, name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < headers.count; i++) if (headers.nameAt(i) === name) values.push(headers.valueAt(i));
  return name === "authorization" && values.length > 1 ? [values.join(",")] : values;
}

/** The prefix may stand anywhere in the value, as Envoy takes it; what follows begins with the first letter of a token. */
function afterPrefix(value: string, prefix: string): string | null {
  if (prefix === "") return value;
  const at = value.indexOf(prefix);
  if (at < 0) return null;
  const rest = value.slice(at + prefix.length);
  const begin = rest.search(NOT_IN_A_TOKEN);
  return begin < 0 ? value : rest.slice(begin);
}

export function queryOf(path: string): [string, string][] {
  const start = path.indexOf("?");
  if (start < 0) return [];
  const hash = path.indexOf("#", start);
  const pairs = path.slice(start + 1, hash < 0 ? undefined : hash).split("&");
  return pairs.map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [decode(pair), ""] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
  });
}

/** Percent-decoded byte by byte; what is no escape stays. */
function decode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** First value of each name, from every Cookie field. */
function cookiesOf({ headers }: HttpRequestView): Map<string, string> {
  const cookies = new Map<string, string>();
  for (let i = 0; i < headers.count; i++) {
    if (headers.nameAt(i) !== "cookie") continue;
    for (const part of headers.valueAt(i).split(";")) {
      const equals = part.indexOf("=");
      if (equals < 0) continue;
      const name = part.slice(0, equals).trim();
      const value = part.slice(equals + 1).trim();
      if (cookies.has(name)) continue;
      cookies.set(name, value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value);
    }
  }
  return cookies;
}
