// What a rule asks of the request's token -> what Envoy asks of the metadata that the JWT filter left.
// The rule: issuer and subject stand apart there and together in a rule, so a pattern is every way to cut it in two.
import type { ClaimCondition } from "@/lib/mesh";
import type { JsonObject } from "./envoy-json";
import { JWT_FILTER, JWT_PAYLOAD } from "./request-authentication";

const PRESENT: JsonObject = { string_match: { safe_regex: { regex: ".+" } } };

/** `issuer/subject`, a * at the beginning or end. */
export function requestPrincipal(pattern: string): JsonObject {
  const pair = (issuer: JsonObject, subject: JsonObject): JsonObject => ({
    and_ids: { ids: [claim(["iss"], issuer), claim(["sub"], subject)] },
  });
  if (pattern === "*") return pair(PRESENT, PRESENT);
  const isSuffix = pattern.startsWith("*");
  const isPrefix = !isSuffix && pattern.endsWith("*");
  const text = isSuffix ? pattern.slice(1) : isPrefix ? pattern.slice(0, -1) : pattern;
  const compared = (kind: "exact" | "prefix" | "suffix", value: string) =>
    value === "" ? PRESENT : { string_match: { [kind]: value } };
  const cuts = [...text].flatMap((letter, at) =>
    letter === "/" ? [[text.slice(0, at), text.slice(at + 1)] as const] : [],
  );
  const ways = cuts.flatMap(([issuer, subject]) => {
    if ((issuer === "" && !isSuffix) || (subject === "" && !isPrefix)) return [];
    return [pair(compared(isSuffix ? "suffix" : "exact", issuer), compared(isPrefix ? "prefix" : "exact", subject))];
  });
  if (isPrefix) ways.push(pair(compared("prefix", text), PRESENT));
  if (isSuffix) ways.push(pair(PRESENT, compared("suffix", text)));
  const [only] = ways;
  if (!only) return { not_id: { any: true } };
  return ways.length === 1 ? only : { or_ids: { ids: ways } };
}

/** A claim that is a list holds when one of its entries does. */
export function claimPrincipal({ claim: path, type, values = [], invert }: ClaimCondition): JsonObject {
  const matchers = type === "present" ? [PRESENT] : values.map((value) => ({ string_match: { [type]: value } }));
  const any = matchers.flatMap((matcher) => [matcher, { list_match: { one_of: matcher } }]);
  const holds = claim(path, { or_match: { value_matchers: any } });
  return invert ? { not_id: holds } : holds;
}

function claim(path: readonly string[], value: JsonObject): JsonObject {
  const keys = [JWT_PAYLOAD, ...path].map((key) => ({ key }));
  return { metadata: { filter: JWT_FILTER, path: keys, value } };
}
