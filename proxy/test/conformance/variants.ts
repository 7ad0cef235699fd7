// Cases -> variants: each case as it is, and once without each field it speaks of. Rule: names are made unique per variant, so
// that one process can hold them all.

import { type Row, rowOf, withoutField } from "./fields";
import type { Case, Config, Variant } from "./types";

export function variantsOf(one: Case): Variant[] {
  const fields = [...(one.proves ?? []), ...(one.needs ?? []), ...(one.inert ?? [])];
  return [
    { key: one.id, of: one, without: "", config: one.config, ...(one.resources ? { resources: one.resources } : {}) },
    ...fields.map((field) => ({
      key: `${one.id} - ${field}`,
      of: one,
      without: field,
      ...less(one, field),
    })),
  ];
}

function less(one: Case, field: string): Pick<Variant, "config" | "resources"> {
  const { resources } = one;
  if (resources === undefined) return { config: one.removal?.[field]?.(one.config) ?? remove(one.config, field) };
  const row = rowOf(field);
  if (isIn(one.config, row)) return { config: withoutField(one.config, row), resources };
  const { listener = {}, cluster = {} } = resources;
  const lists = { listeners: Object.values(listener), clusters: Object.values(cluster) };
  const left = remove(lists, field) as Record<keyof typeof lists, Config[]>;
  const named = (before: Readonly<Record<string, Config>>, after: Config[]): Record<string, Config> =>
    Object.fromEntries(Object.keys(before).map((name, index) => [name, after[index] ?? {}]));
  return {
    config: one.config,
    resources: { ...resources, listener: named(listener, left.listeners), cluster: named(cluster, left.clusters) },
  };
}

function isIn(bootstrap: Config, row: Row): boolean {
  try {
    withoutField(bootstrap, row);
    return true;
  } catch {
    return false;
  }
}

function remove(config: Config, field: string): Config {
  const { static_resources: left } = withoutField({ static_resources: config }, rowOf(field));
  return (left ?? {}) as Config;
}

/** Refused by both, and so not part of a batch. */
export const isRefused = ({ of, without }: Variant): boolean =>
  without === "" ? of.isRefused === true : (of.needs?.includes(without) ?? false);

const NAMED = ["listeners", "clusters", "secrets"];
const REFERENCES = new Set(["name", "cluster", "cluster_name", "upstream_cluster"]);

/** The configuration with `~n~` behind the names of its clusters, listeners and secrets, and "@..." filled in. */
export function placed(config: Config, index: number, fill: (placeholder: string) => unknown): Config {
  const own = new Set(
    NAMED.flatMap((kind) => ((config[kind] ?? []) as Config[]).flatMap(({ name }) => (name ? [String(name)] : []))),
  );
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === "string") {
      if (value.startsWith("@") && value.length > 1) return fill(value.slice(1));
      if (key === "stat_prefix" || key === "alt_stat_name") return `${value}~${index}~`;
      return REFERENCES.has(key) && own.has(value) ? `${value}~${index}~` : value;
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([each, inner]) => [
        key === "cluster_min_healthy_percentages" && own.has(each) ? `${each}~${index}~` : each,
        walk(inner, each),
      ]),
    );
  };
  return walk(config, "") as Config;
}

export const listenerName = (name: string): string => name.replace(/~\d+~$/, "");
