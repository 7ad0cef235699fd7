// What of Istio's documents comes back after import and export, field by field.
// The rule: a field is a scalar, a list of scalars, or something empty. It survives when the export says the same of the same object in the
// same place of every document that came of it; entries of lists are matched by what they have in common.
import { isRecord } from "../../shared/fields";
import { canonical, type IstioDocument } from "./canonical";

/** `field` without positions: `spec.http[].match[].uri.exact`. */
export type Field = { kind: string; object: string; field: string; survives: boolean };

export const isOfIstio = ({ apiVersion }: IstioDocument) => /^[a-z]+\.istio\.io\//.test(apiVersion);

export function survival(before: readonly IstioDocument[], after: readonly IstioDocument[]): Field[] {
  const out = after.map(canonical);
  return before.map(canonical).flatMap((source) => {
    const object = `${source.metadata.namespace}/${source.metadata.name}`;
    const fields = compared(source, candidatesFor(source, out));
    return fields.map(({ field, survives }) => ({ kind: source.kind, object, field, survives }));
  });
}

/** A VirtualService of several hosts goes out as one for each host. */
function candidatesFor(source: IstioDocument, out: readonly IstioDocument[]): IstioDocument[] {
  const { namespace } = source.metadata;
  // one that names none goes where the import put it
  const isThere = ({ metadata }: IstioDocument) => namespace === undefined || metadata.namespace === namespace;
  const same = out.filter((each) => each.kind === source.kind && isThere(each));
  if (source.kind !== "VirtualService") return same.filter(({ metadata }) => metadata.name === source.metadata.name);
  const hosts = hostsOf(source);
  const gateways = JSON.stringify(fieldAt(source.spec, "gateways"));
  return same.filter(
    (each) =>
      hostsOf(each).some((host) => hosts.includes(host)) && JSON.stringify(fieldAt(each.spec, "gateways")) === gateways,
  );
}

const fieldAt = (value: unknown, field: string) => (isRecord(value) ? value[field] : undefined);
const hostsOf = ({ spec }: IstioDocument) => {
  const hosts = fieldAt(spec, "hosts");
  return Array.isArray(hosts) ? hosts.map(String) : [];
};

type Compared = { field: string; survives: boolean };

function compared(source: IstioDocument, candidates: readonly IstioDocument[]): Compared[] {
  const whole = (each: IstioDocument) => ({ metadata: each.metadata, spec: each.spec });
  if (candidates.length === 0) return compare(whole(source), undefined, "");
  const hosts = candidates.flatMap(hostsOf);
  const all = candidates.map((each) => {
    const { hosts: _, ...spec } = isRecord(each.spec) ? each.spec : {};
    const said = source.kind === "VirtualService" ? { ...spec, hosts: hosts.sort() } : each.spec;
    return compare(whole(source), { ...whole(each), spec: said }, "");
  });
  return (all[0] ?? []).map(({ field }, i) => ({ field, survives: all.every((each) => each[i]?.survives) }));
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);
const isObjects = (value: unknown): value is unknown[] =>
  isList(value) && value.length > 0 && value.some((each) => isRecord(each));

function compare(before: unknown, after: unknown, field: string): Compared[] {
  if (isRecord(before) && Object.keys(before).length > 0) {
    const other = isRecord(after) ? after : {};
    return Object.entries(before).flatMap(([name, value]) =>
      compare(value, other[name], field === "" ? name : `${field}.${name}`),
    );
  }
  if (isObjects(before)) {
    const found = matched(before, isList(after) ? after : [], field);
    return before.flatMap((each, i) => compare(each, found[i], `${field}[]`));
  }
  return [{ field, survives: after !== undefined && JSON.stringify(before) === JSON.stringify(after) }];
}

/** Entries in their order, so that as much as possible is the same: rules of a route may not change places. */
function matched(before: readonly unknown[], after: readonly unknown[], field: string): unknown[] {
  const scores = before.map((each) =>
    after.map((other) => compare(each, other, field).filter(({ survives }) => survives).length),
  );
  const best: number[][] = Array.from({ length: before.length + 1 }, () => new Array(after.length + 1).fill(0));
  const at = (i: number, j: number) => best[i]?.[j] ?? 0;
  const score = (i: number, j: number) => scores[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = best[i];
      if (row) row[j] = Math.max(at(i + 1, j), at(i, j + 1), at(i + 1, j + 1) + score(i, j));
    }
  }
  const found: unknown[] = [];
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    if (at(i, j) === at(i + 1, j + 1) + score(i, j) && score(i, j) > 0) found[i++] = after[j++];
    else if (at(i, j) === at(i + 1, j)) i++;
    else j++;
  }
  return found;
}

/** Kind and field, how many there are and how many are lost; the most lost first. */
export function lossTable(fields: readonly Field[]): string {
  const rows = new Map<string, { all: number; lost: number }>();
  for (const { kind, field, survives } of fields) {
    for (const key of [kind, `${kind} ${field}`]) {
      const row = rows.get(key) ?? { all: 0, lost: 0 };
      rows.set(key, { all: row.all + 1, lost: row.lost + (survives ? 0 : 1) });
    }
  }
  return [...rows]
    .filter(([key, { lost }]) => lost > 0 || !key.includes(" "))
    .sort(([a, x], [b, y]) => Number(a.includes(" ")) - Number(b.includes(" ")) || y.lost - x.lost || (a < b ? -1 : 1))
    .map(([key, { all, lost }]) => `${String(lost).padStart(4)} of ${String(all).padStart(4)} lost  ${key}`)
    .join("\n");
}
