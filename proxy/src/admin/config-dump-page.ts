// /config_dump with Envoy's query: one field's resources, those with a name, fields of them alone. Rule: what cannot be found is said, as Envoy
// says it; a mask never shows what the dump does not have.

import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { RE2JS } from "re2js";
import type { DumpedConfig } from "../xds/config-dump";

export type Page =
  | { readonly status: 200; readonly body: JsonObject }
  | { readonly status: 400 | 404; readonly text: string };

const ENDPOINTS = "EndpointsConfigDump";
/** Names of Envoy's messages for the members of a field. */
const MEMBERS: Readonly<Record<string, string>> = {
  static_clusters: "StaticCluster",
  dynamic_active_clusters: "DynamicCluster",
  dynamic_endpoint_configs: "DynamicEndpointConfig",
  static_listeners: "StaticListener",
  dynamic_listeners: "DynamicListener",
  static_route_configs: "StaticRouteConfig",
  dynamic_route_configs: "DynamicRouteConfig",
  static_secrets: "StaticSecret",
  dynamic_active_secrets: "DynamicSecret",
};

export function configDumpPage(all: readonly DumpedConfig[], query: URLSearchParams): Page {
  const named = nameTest(query.get("name_regex") ?? "");
  if (typeof named === "string") return { status: 400, text: named };
  const configs = all
    .filter((config) => query.has("include_eds") || !typeOf(config).endsWith(ENDPOINTS))
    .map((config) => withNames(config, named));
  const resource = query.get("resource") ?? "";
  const mask = (query.get("mask") ?? "").split(",").filter((path) => path !== "");
  if (resource !== "") return resourcePage(configs, resource, mask);
  if (mask.length === 0) return { status: 200, body: { configs } };
  const masked = configs.filter((config) => mask.some((path) => (path.split(".")[0] ?? "") in config));
  if (masked.length === 0)
    return { status: 400, text: `FieldMask ${mask.join(",")} could not be successfully applied to any configs.` };
  return { status: 200, body: { configs: masked.map((config) => maskedBy(config, mask)) } };
}

function resourcePage(configs: readonly DumpedConfig[], resource: string, mask: readonly string[]): Page {
  const member = MEMBERS[resource];
  if (resource === "bootstrap")
    return { status: 400, text: "bootstrap is not a repeated field. Use ?mask=bootstrap to get only this field" };
  if (member === undefined) return { status: 404, text: `${resource} not found in config dump` };
  const found = configs.flatMap((config) =>
    membersOf(config, resource).map((one) => ({ "@type": `${typeOf(config)}.${member}`, ...one })),
  );
  const configured = mask.length === 0 ? found : found.map((one) => maskedBy(one, mask));
  return { status: 200, body: configured.length === 0 ? {} : { configs: configured } };
}

const typeOf = (config: JsonObject): string => String(config["@type"]);
const membersOf = (config: JsonObject, field: string): JsonObject[] => (config[field] ?? []) as JsonObject[];

/** The whole name, as Envoy; a string: what is wrong with the expression. */
function nameTest(expression: string): ((name: string) => boolean) | string | null {
  if (expression === "") return null;
  try {
    const pattern = RE2JS.compile(expression);
    return (name) => pattern.matches(name);
  } catch (error) {
    return `Error while parsing name_regex from ${expression}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function withNames(config: DumpedConfig, named: ((name: string) => boolean) | null): DumpedConfig {
  if (named === null) return config;
  return Object.fromEntries(
    Object.entries(config).flatMap(([field, value]): [string, JsonValue][] => {
      if (!(field in MEMBERS)) return [[field, value]];
      const kept = (value as JsonObject[]).filter((one) => named(nameOf(one)));
      return kept.length === 0 ? [] : [[field, kept]];
    }),
  );
}

/** Of the resource in a member, wherever it stands in it. */
function nameOf(member: JsonObject): string {
  if (typeof member["name"] === "string") return member["name"];
  const inner = Object.values(member).find((value) => typeof value === "object" && value !== null) as JsonObject;
  return String(inner?.["name"] ?? inner?.["cluster_name"] ?? "");
}

function maskedBy(value: JsonObject, mask: readonly string[]): JsonObject {
  const kept: JsonObject = "@type" in value ? { "@type": value["@type"] as JsonValue } : {};
  for (const [field, inner] of Object.entries(value)) {
    const deeper = mask.flatMap((path) => (path.startsWith(`${field}.`) ? [path.slice(field.length + 1)] : []));
    if (mask.includes(field)) kept[field] = inner;
    else if (deeper.length > 0 && typeof inner === "object" && inner !== null && !Array.isArray(inner))
      kept[field] = maskedBy(inner, deeper);
  }
  return kept;
}
