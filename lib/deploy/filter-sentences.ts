// What the filters of a configuration do to calls, in words: faults that are made, limits that are kept.
// The rule: it reads what routes say about filters in compiled resources, so it says what the proxy will really do.
type Fields = Record<string, unknown>;

const FAULT = "envoy.filters.http.fault";
const RATE_LIMIT = "envoy.filters.http.local_ratelimit";

/** `makes faults in calls to cart (cart/0)`, for rules whose fault came, went or became another. */
export function faultChanges(callee: string, before: readonly Fields[], after: readonly Fields[]): string[] {
  const [was, is] = [saying(FAULT, before), saying(FAULT, after)];
  return [
    ...[...is].flatMap(([name, fault]) => {
      if (was.get(name) === fault) return [];
      const verb = was.has(name) ? "makes other faults" : "makes faults";
      return [`${verb} in calls to ${callee} (${name})`];
    }),
    ...[...was.keys()].flatMap((name) =>
      is.has(name) ? [] : [`makes no more faults in calls to ${callee} (${name})`],
    ),
  ];
}

/** `limits calls (payment-service/refunds)`, as faults. */
export function limitChanges(before: readonly Fields[], after: readonly Fields[]): string[] {
  const [was, is] = [saying(RATE_LIMIT, before), saying(RATE_LIMIT, after)];
  return [
    ...[...is].flatMap(([name, limit]) => {
      if (was.get(name) === limit) return [];
      return [was.has(name) ? `limits calls otherwise (${name})` : `limits calls (${name})`];
    }),
    ...[...was.keys()].flatMap((name) => (is.has(name) ? [] : [`no longer limits calls (${name})`])),
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

/** A listener without the filters that its routes speak about: they came or went with what the routes say. */
export function withoutRouteFilters(listener: Fields): string {
  return JSON.stringify(listener, (key, value: unknown) =>
    key === "http_filters" && Array.isArray(value)
      ? value.filter((each: Fields) => each["name"] !== FAULT && each["name"] !== RATE_LIMIT)
      : value,
  );
}
