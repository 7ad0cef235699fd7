// What a rule or one of its destinations does to headers -> Envoy's fields, the same of a route and of a weighted cluster.
// The rule: removed before set, set before added, in the order of the names.
import type { HeaderChanges, MeshObject, RouteRule } from "@/lib/mesh";
import { compact, type Json, type JsonObject } from "./envoy-json";
import type { Problems } from "./problems";

/** @param place of what has the headers, within the route */
export function headerOperations(
  { route, problems }: { route: MeshObject; problems: Problems },
  headers: RouteRule["headers"],
  place: string,
): JsonObject {
  for (const [side, changes] of Object.entries(headers ?? {})) {
    if (namesOf(changes).some((name) => name.toLowerCase() === "host")) {
      problems.refuse(route, `${place}.headers.${side}`, "Host cannot be changed as a header", "Use rewrite.host.");
    }
  }
  return compact({
    request_headers_to_add: additions(headers?.request),
    request_headers_to_remove: removals(headers?.request),
    response_headers_to_add: additions(headers?.response),
    response_headers_to_remove: removals(headers?.response),
  });
}

function namesOf(changes: HeaderChanges | undefined): string[] {
  return [...Object.keys(changes?.set ?? {}), ...Object.keys(changes?.add ?? {}), ...(changes?.remove ?? [])];
}

function additions(changes: HeaderChanges | undefined): Json | undefined {
  const entry =
    (append_action: string) =>
    ([key, value]: [string, string]): JsonObject => ({
      // Envoy reads % as the start of a command.
      header: { key, value: value.replaceAll("%", "%%") },
      append_action,
      ...(value === "" ? { keep_empty_value: true } : {}),
    });
  const list = [
    ...Object.entries(changes?.set ?? {})
      .sort(byName)
      .map(entry("OVERWRITE_IF_EXISTS_OR_ADD")),
    ...Object.entries(changes?.add ?? {})
      .sort(byName)
      .map(entry("APPEND_IF_EXISTS_OR_ADD")),
  ];
  return list.length > 0 ? list : undefined;
}

function removals(changes: HeaderChanges | undefined): Json | undefined {
  return changes?.remove && changes.remove.length > 0 ? changes.remove : undefined;
}

const byName = ([a]: [string, string], [b]: [string, string]) => (a < b ? -1 : 1);
