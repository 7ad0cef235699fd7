// Conditions of an AuthorizationPolicy on request headers, both ways.
// The rule: Istio writes the comparison into the value (a, a*, *a, *) and keeps conditions beside a rule's operations; the model has the
// comparison as a word, in the operation. What cannot be said on the other side is told, never widened.
import { type AuthorizationOperation, type HeaderCondition, isSameJson } from "@/lib/mesh";
import type { Fields } from "../shared/fields";

const HEADER_KEY = /^request\.headers\[(:(?:method|path|authority|scheme)|[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256})\]$/;
/** Those of the model. */
const MAX_VALUES = 64;
const MAX_OPERATIONS = 64;
const MAX_CONDITIONS = 32;
const MAX_LENGTH = 1024;

/** Operations with the rule's conditions in each; undefined when one has no place in the model. Values of several comparisons make several operations. */
export function importConditions(
  conditions: readonly Fields[],
  operations: readonly AuthorizationOperation[],
): AuthorizationOperation[] | undefined {
  let result: AuthorizationOperation[] = operations.length > 0 ? [...operations] : [{}];
  for (const each of conditions) {
    const name = HEADER_KEY.exec(each.text("key") ?? "")?.[1];
    const values = each.texts("values") ?? [];
    const notValues = each.texts("notValues") ?? [];
    each.keepRest();
    const written = [...values, ...notValues];
    if (!name || written.length === 0 || written.some((value) => value === "" || value.length > MAX_LENGTH))
      return undefined;
    const not = conditionsOf(name, notValues).map((condition) => ({ ...condition, invert: true }));
    const any = conditionsOf(name, values);
    const choices = any.length > 0 ? any.map((condition) => [condition, ...not]) : [not];
    result = result.flatMap((operation) =>
      choices.map((added) => ({ ...operation, headers: [...(operation.headers ?? []), ...added] })),
    );
    if (result.length > MAX_OPERATIONS) return undefined;
  }
  return result.every(({ headers }) => (headers?.length ?? 0) <= MAX_CONDITIONS) ? result : undefined;
}

const conditionsOf = (name: string, values: readonly string[]): HeaderCondition[] =>
  comparisonsOf(values).map((each) => ({ name, ...each }));

type Comparison = { type: "exact" | "prefix" | "suffix"; values: string[] } | { type: "present" };

/** Values by how they are compared. */
export function comparisonsOf(values: readonly string[]): Comparison[] {
  if (values.includes("*")) return [{ type: "present" }];
  const groups = new Map<"exact" | "prefix" | "suffix", string[]>();
  for (const value of values) {
    const type = value.startsWith("*") ? "suffix" : value.endsWith("*") ? "prefix" : "exact";
    const text = type === "suffix" ? value.slice(1) : type === "prefix" ? value.slice(0, -1) : value;
    groups.set(type, [...(groups.get(type) ?? []), text]);
  }
  return [...groups].flatMap(([type, all]) =>
    Array.from({ length: Math.ceil(all.length / MAX_VALUES) }, (_, i) => ({
      type,
      values: all.slice(i * MAX_VALUES, (i + 1) * MAX_VALUES),
    })),
  );
}

export type IstioCondition = { key: string; values?: string[]; notValues?: string[] };

/** Null: Istio has no words for it. */
export function exportCondition({ name, type, values = [], invert }: HeaderCondition): IstioCondition | null {
  const said = writtenValues(type, values);
  if (!said) return null;
  const key = `request.headers[${name}]`;
  return invert ? { key, notValues: said } : { key, values: said };
}

/** With the comparison in each value, as Istio has it; null: not all can be said. */
export function writtenValues(type: HeaderCondition["type"], values: readonly string[]): string[] | null {
  const written = type === "present" ? ["*"] : values.map((value) => valueText(type, value));
  const said = written.filter((value) => value !== null);
  return said.length < written.length ? null : said;
}

function valueText(type: HeaderCondition["type"], value: string): string | null {
  switch (type) {
    case "exact":
      return value.startsWith("*") || value.endsWith("*") ? null : value;
    case "prefix":
      return value.startsWith("*") ? null : `${value}*`;
    case "suffix":
      return `*${value}`;
    default:
      return null;
  }
}

/** Operations that ask for the same headers: each group is a rule of its own in Istio. */
export function byHeaders(operations: readonly AuthorizationOperation[]): AuthorizationOperation[][] {
  const groups: AuthorizationOperation[][] = [];
  for (const operation of operations) {
    const group = groups.find(([first]) => isSameJson(first?.headers ?? [], operation.headers ?? []));
    if (group) group.push(operation);
    else groups.push([operation]);
  }
  return groups;
}
