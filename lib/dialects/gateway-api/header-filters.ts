// The two filters that change headers, of a rule or of a backend -> header changes. The rule: an entry without a name or a value says nothing.
import type { HeaderChanges, RouteRule } from "@/lib/mesh";
import type { Fields } from "../shared/fields";

/** Of a filter RequestHeaderModifier or ResponseHeaderModifier. */
export function headerChangesOf(filter: Fields): NonNullable<RouteRule["headers"]> {
  const isRequest = filter.text("type") === "RequestHeaderModifier";
  const changes = changesOf(filter.object(isRequest ? "requestHeaderModifier" : "responseHeaderModifier"));
  return { [isRequest ? "request" : "response"]: changes };
}

function changesOf(fields: Fields | undefined): HeaderChanges {
  const entries = (list: string) =>
    Object.fromEntries(
      (fields?.list(list) ?? []).flatMap((each) => {
        const name = each.text("name");
        const value = each.text("value");
        return name === undefined || value === undefined ? [] : [[name, value] as const];
      }),
    );
  const set = entries("set");
  const add = entries("add");
  const remove = fields?.texts("remove") ?? [];
  fields?.keepRest();
  return {
    ...(Object.keys(set).length > 0 ? { set } : {}),
    ...(Object.keys(add).length > 0 ? { add } : {}),
    ...(remove.length > 0 ? { remove } : {}),
  };
}
