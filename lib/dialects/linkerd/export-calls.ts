// Operations of a policy -> matches of a route on a Server.
// The rule: what a route cannot say is left out and told; a match takes no call that the operation does not.
import type { AuthorizationOperation, HeaderCondition, RouteMatch } from "@/lib/mesh";
import { type ApiMatch, lowerMatch } from "../gateway-api/lower";
import { quoted } from "../gateway-api/match";

const MAX_MATCHES = 64;

/** A reason where the operation cannot be said. */
export function matchesOfOperation(operation: AuthorizationOperation): ApiMatch[] | string {
  if (operation.hosts) return `hosts (${operation.hosts.join(", ")}) are no condition on the way in`;
  const odd = operation.headers?.find(({ invert }) => invert);
  if (odd) return `"not" on header ${odd.name} cannot be said`;
  const paths = pathMatches(operation.paths);
  const headers = headerChoices(operation.headers ?? []);
  if (paths.length * headers.length > MAX_MATCHES) return `more than ${MAX_MATCHES} matches`;
  const found: ApiMatch[] = [];
  for (const path of paths) {
    for (const choice of headers) {
      const lowered = lowerMatch({
        ...path,
        ...(operation.methods ? { methods: operation.methods } : {}),
        ...(choice.length > 0 ? { headers: choice } : {}),
      });
      if ("reason" in lowered) return lowered.reason;
      found.push(...lowered.matches);
    }
  }
  return found;
}

/** `/a` and `/a/*` together are a prefix by segments; a prefix alone is an expression, for PathPrefix would take `/a` as well. */
function pathMatches(paths: readonly string[] | undefined): Pick<RouteMatch, "path">[] {
  if (!paths || paths.includes("*")) return [{}];
  const all = new Set(paths);
  const prefixes = paths.flatMap((each) =>
    each.endsWith("/*") && !each.startsWith("*") && all.has(each.slice(0, -2)) ? [each.slice(0, -2)] : [],
  );
  return paths.flatMap((each): Pick<RouteMatch, "path">[] => {
    const bare = each.replace(/\/\*$/, "");
    if (prefixes.includes(bare)) {
      return each === bare ? [{ path: { type: "pathPrefix", value: bare } }] : [];
    }
    if (each.startsWith("*")) return [{ path: { type: "regex", value: `.*${quoted(each.slice(1))}` } }];
    if (each.endsWith("*")) return [{ path: { type: "regex", value: `${quoted(each.slice(0, -1))}.*` } }];
    return [{ path: { type: "exact", value: each } }];
  });
}

type Headers = NonNullable<RouteMatch["headers"]>;

/** Every header holds, by any of its values: one list for each way. */
function headerChoices(conditions: readonly HeaderCondition[]): Headers[] {
  return conditions.reduce<Headers[]>(
    (lists, { name, type, values = [] }) => {
      const own: Headers =
        type === "present"
          ? [{ name, type }]
          : values.map((value) =>
              type === "contains"
                ? { name, type: "regex" as const, value: `.*${quoted(value)}.*` }
                : { name, type, value },
            );
      // bounded: more is refused by who asks
      return lists.flatMap((list) => own.map((each) => [...list, each])).slice(0, MAX_MATCHES + 1);
    },
    [[]],
  );
}
