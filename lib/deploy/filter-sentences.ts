// What a configuration does to calls beside sending them on, in words: copies and faults that are made, pages that may call, limits that are kept.
// The rule: it reads what routes say about filters in compiled resources, so it says what the proxy will really do.
import { CORS_FILTER, FAULT_FILTER, RATE_LIMIT_FILTER, ROUTE_FILTERS } from "@/lib/compile/http-filters";

type Fields = Record<string, unknown>;
/** For a rule that says something about the filter now, that says something else, and that says nothing any more. */
type Words = { comes: string; changes: string; goes: string };

const LIMITS: Words = { comes: "limits calls", changes: "limits calls otherwise", goes: "no longer limits calls" };

/** `makes faults in calls to cart (cart/0)`, for rules whose fault or CORS policy came, went or became another. */
export function callChanges(callee: string, before: readonly Fields[], after: readonly Fields[]): string[] {
  const calls = `in calls to ${callee}`;
  const faults: Words = {
    comes: `makes faults ${calls}`,
    changes: `makes other faults ${calls}`,
    goes: `makes no more faults ${calls}`,
  };
  const cors: Words = {
    comes: `lets pages of other origins read answers ${calls}`,
    changes: `lets pages of other origins read answers otherwise ${calls}`,
    goes: `no longer lets pages of other origins read answers ${calls}`,
  };
  const copies: Words = {
    comes: `also sends copies ${calls}`,
    changes: `sends other copies ${calls}`,
    goes: `sends no more copies ${calls}`,
  };
  return [
    ...wordsOf(copies, copied(before), copied(after)),
    ...changesOf(FAULT_FILTER, faults, before, after),
    ...changesOf(CORS_FILTER, cors, before, after),
  ];
}

/** `limits calls (payment-service/refunds)`. */
export function limitChanges(before: readonly Fields[], after: readonly Fields[]): string[] {
  return changesOf(RATE_LIMIT_FILTER, LIMITS, before, after);
}

function changesOf(filter: string, words: Words, before: readonly Fields[], after: readonly Fields[]): string[] {
  return wordsOf(words, saying(filter, before), saying(filter, after));
}

function wordsOf(words: Words, was: Map<string, string>, is: Map<string, string>): string[] {
  return [
    ...[...is].flatMap(([name, said]) =>
      was.get(name) === said ? [] : [`${was.has(name) ? words.changes : words.comes} (${name})`],
    ),
    ...[...was.keys()].flatMap((name) => (is.has(name) ? [] : [`${words.goes} (${name})`])),
  ];
}

/** What routes say about one filter, by the name of the route. */
function saying(filter: string, routes: readonly Fields[]): Map<string, string> {
  const said = new Map<string, string>();
  for (const route of routes) {
    const config = (route["typed_per_filter_config"] as Fields | undefined)?.[filter];
    if (config !== undefined) said.set(String(route["name"] ?? ""), JSON.stringify([config, route["match"]]));
  }
  return said;
}

/** Where routes send copies, by the name of the route. */
function copied(routes: readonly Fields[]): Map<string, string> {
  return new Map(
    routes.flatMap((route): [string, string][] => {
      const policies = (route["route"] as Fields | undefined)?.["request_mirror_policies"];
      return policies === undefined ? [] : [[String(route["name"] ?? ""), JSON.stringify(policies)]];
    }),
  );
}

/** A listener without the filters that its routes speak about: they came or went with what the routes say. */
export function withoutRouteFilters(listener: Fields): string {
  return JSON.stringify(listener, (key, value: unknown) =>
    key === "http_filters" && Array.isArray(value)
      ? value.filter((each: Fields) => !ROUTE_FILTERS.has(String(each["name"])))
      : value,
  );
}
