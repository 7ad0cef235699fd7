// Header changes of a rule beside those of one destination: what one list of changes says in place of the two.
// The rule: in the design the destination's come first and then the rule's, as in Envoy; within one list names are removed, then set, then added.
import type { Destination, HeaderChanges, RouteDestination, RouteRule } from "@/lib/mesh";

export type Headers = NonNullable<RouteRule["headers"]>;
const SIDES = ["request", "response"] as const;

/** `headers` where there are any; without a word of them where there are none. */
export const withHeaders = (headers: Headers | undefined): Pick<RouteDestination, "headers"> =>
  headers && Object.keys(headers).length > 0 ? { headers } : {};

/** A destination, without what it does to headers. */
export function placeOnly({ headers: _, ...place }: RouteDestination): Destination {
  return place;
}

/** Names that both change, where the order counts. */
export function namesOfBoth(a: Headers | undefined, b: Headers | undefined): string[] {
  return SIDES.flatMap((side) => {
    const other = new Set(namesOf(b?.[side]));
    return [...new Set(namesOf(a?.[side]))].filter((name) => other.has(name));
  });
}

/** Both in one list: of what both set, only `then`'s stays. */
export function together(first: Headers | undefined, then: Headers | undefined): Headers | undefined {
  return eachSide(first, then, (a, b) => listOf(without(a, namesOf({ set: b.set }), ["set"]), b));
}

/** One after the other: what `then` sets or removes is nothing of what came before. */
export function oneAfterTheOther(first: Headers | undefined, then: Headers | undefined): Headers | undefined {
  return eachSide(first, then, (a, b) =>
    listOf(without(a, namesOf({ set: b.set, remove: b.remove }), ["set", "add"]), b),
  );
}

function eachSide(
  first: Headers | undefined,
  then: Headers | undefined,
  merge: (a: HeaderChanges, b: HeaderChanges) => HeaderChanges,
): Headers | undefined {
  if (!first || !then) return first ?? then;
  const sides = SIDES.flatMap((side) => {
    const [a, b] = [first[side], then[side]];
    return a || b ? [[side, a && b ? merge(a, b) : (a ?? b)] as const] : [];
  });
  return Object.fromEntries(sides) as Headers;
}

function listOf(a: HeaderChanges, b: HeaderChanges): HeaderChanges {
  const set = { ...a.set, ...b.set };
  // several values of a header are one with commas between them (RFC 9110 section 5.3)
  const add = { ...a.add };
  for (const [name, value] of Object.entries(b.add ?? {})) {
    const there = Object.keys(add).find((each) => each.toLowerCase() === name.toLowerCase());
    add[there ?? name] = there === undefined ? value : `${add[there]}, ${value}`;
  }
  const remove = [...new Set([...(a.remove ?? []), ...(b.remove ?? [])])];
  return {
    ...(Object.keys(set).length > 0 ? { set } : {}),
    ...(Object.keys(add).length > 0 ? { add } : {}),
    ...(remove.length > 0 ? { remove } : {}),
  };
}

function without(changes: HeaderChanges, names: readonly string[], fields: readonly ("set" | "add")[]): HeaderChanges {
  const left = (values: Record<string, string> | undefined) =>
    Object.fromEntries(Object.entries(values ?? {}).filter(([name]) => !names.includes(name.toLowerCase())));
  return { ...changes, ...Object.fromEntries(fields.map((field) => [field, left(changes[field])])) };
}

function namesOf(changes: HeaderChanges | undefined): string[] {
  const { set = {}, add = {}, remove = [] } = changes ?? {};
  return [...Object.keys(set), ...Object.keys(add), ...remove].map((name) => name.toLowerCase());
}
