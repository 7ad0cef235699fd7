// What a new configuration changes for one proxy, in words a reviewer reads: whom it may call, how calls are split, who may call it.
// The rule: it reads the compiled resources, not the design, so it says what the proxy will really do.
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { RESOURCE_KINDS, RESOURCE_SCHEMAS, registry, TYPE_URLS } from "@meshwright/proxy/contract";
import { CONNECTION_LIMIT_FILTER } from "@/lib/compile/rate-limit";
import { callChanges, limitChanges, withoutRouteFilters } from "./filter-sentences";

/** An encoded resource, as the compiler and the control plane keep it. */
export type ResourceBytes = { typeUrl: string; name: string; version: string; bytes: Uint8Array };

type Fields = Record<string, unknown>;
type Changed = { kind: string; name: string; before: Fields | null; after: Fields | null };

/** Sentences without a subject: "calls to x change from ... to ...". Empty when nothing but endpoints changed. */
export function changeSentences(before: Iterable<ResourceBytes>, after: Iterable<ResourceBytes>): string[] {
  const sentences = changesBetween(before, after).flatMap((change) => {
    switch (change.kind) {
      case "route":
        return change.name === "inbound" ? inboundRoutes(change) : calls(change);
      case "listener":
        return listener(change);
      case "cluster":
        return cluster(change);
      default:
        return [];
    }
  });
  return [...new Set(sentences)];
}

function changesBetween(before: Iterable<ResourceBytes>, after: Iterable<ResourceBytes>): Changed[] {
  const key = (resource: ResourceBytes) => `${resource.typeUrl} ${resource.name}`;
  const old = new Map([...before].map((resource) => [key(resource), resource]));
  const next = new Map([...after].map((resource) => [key(resource), resource]));
  const keys = [...new Set([...old.keys(), ...next.keys()])].sort();
  return keys.flatMap((id) => {
    const [was, is] = [old.get(id), next.get(id)];
    const resource = is ?? was;
    if (!resource || was?.version === is?.version) return [];
    const kind = RESOURCE_KINDS.find((candidate) => TYPE_URLS[candidate] === resource.typeUrl);
    if (kind === undefined || kind === "secret" || kind === "endpoint") return [];
    const decode = (encoded: ResourceBytes | undefined): Fields | null => {
      if (!encoded) return null;
      const schema = RESOURCE_SCHEMAS[kind];
      return fields(toJson(schema, fromBinary(schema, encoded.bytes), { registry, useProtoFieldName: true }));
    };
    return [{ kind, name: resource.name, before: decode(was), after: decode(is) }];
  });
}

// --- whom it may call ---

function calls({ before, after }: Changed): string[] {
  const [was, is] = [hostsOf(before), hostsOf(after)];
  const names = [...new Set([...was.keys(), ...is.keys()])].sort();
  return names.flatMap((name) => {
    const [old, next] = [was.get(name), is.get(name)];
    const callee = calleeOf(name);
    if (!old) return [`may call ${callee}`];
    if (!next) return [`may no longer call ${callee}`];
    return JSON.stringify(old) === JSON.stringify(next) ? [] : rules(callee, old, next);
  });
}

function rules(callee: string, before: Fields, after: Fields): string[] {
  const [was, is] = [list(before["routes"]), list(after["routes"])];
  const [from, to] = [splitText(was.at(-1)), splitText(is.at(-1))];
  const sentences: string[] = [];
  if (from !== to && from && to) sentences.push(`calls to ${callee} change from ${from} to ${to}`);
  const names = (routes: Fields[]) => new Set(routes.map((route) => String(route["name"] ?? "")));
  const [oldNames, newNames] = [names(was.slice(0, -1)), names(is.slice(0, -1))];
  for (const name of newNames) {
    const route = is.find((candidate) => candidate["name"] === name);
    if (!oldNames.has(name))
      sentences.push(`calls to ${callee} get the rule ${name}: ${splitText(route) ?? "answered here"}`);
  }
  for (const name of oldNames) if (!newNames.has(name)) sentences.push(`calls to ${callee} lose the rule ${name}`);
  sentences.push(...callChanges(callee, was, is));
  return sentences.length > 0 ? sentences : [`the rules for calls to ${callee} change`];
}

/** `90 % v1, 10 % v2`; null for redirects and direct responses. */
function splitText(route: Fields | undefined): string | null {
  const action = fields(route?.["route"]);
  if (typeof action["cluster"] === "string") return `100 % ${subsetOf(action["cluster"])}`;
  const clusters = list(fields(action["weighted_clusters"])["clusters"]);
  const weights = clusters.map((choice) => Number(choice["weight"] ?? 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return null;
  return clusters
    .map((choice, index) => `${percent((weights[index] ?? 0) / total)} ${subsetOf(String(choice["name"]))}`)
    .join(", ");
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** `outbound|8080|v1|payment-service.production` -> `v1`, or the service when it is no subset. */
function subsetOf(clusterName: string): string {
  const [, , subset, host = clusterName] = clusterName.split("|");
  return subset ? subset : `all of ${host.split(".")[0]}`;
}

function hostsOf(config: Fields | null): Map<string, Fields> {
  return new Map(list(config?.["virtual_hosts"]).map((host) => [String(host["name"]), host]));
}

/** `payment-service.production:8080` -> `payment-service`; other hosts as they are. */
function calleeOf(virtualHost: string): string {
  const service = /^([a-z0-9-]+)\.[a-z0-9-]+:\d+$/.exec(virtualHost);
  return service?.[1] ?? virtualHost.replace(/:80$/, "");
}

// --- who may call it ---

function listener({ name, before, after }: Changed): string[] {
  if (!before) return [`listens on ${name}`];
  if (!after) return [`no longer listens on ${name}`];
  const sentences: string[] = [];
  const [was, is] = [chainNames(before), chainNames(after)];
  if (was !== is) sentences.push(`accepts ${is} instead of ${was}`);
  const [old, next] = [policiesOf(before), policiesOf(after)];
  for (const policy of next) if (!old.has(policy)) sentences.push(policy);
  for (const policy of old) if (!next.has(policy)) sentences.push(`no longer ${policy}`);
  if (sentences.length > 0 || withoutRouteFilters(before) === withoutRouteFilters(after)) return sentences;
  return [`listener ${name} changes`];
}

function chainNames(fieldsOfListener: Fields): string {
  const words: Record<string, string> = { tls: "TLS", plain: "plain text" };
  return list(fieldsOfListener["filter_chains"])
    .map((chain) => {
      const name = String(chain["name"]);
      const [, port, plain] = TCP_CHAIN.exec(name) ?? [];
      return words[name] ?? (port ? `${plain ? "plain text" : "TLS"} for TCP port ${port}` : name);
    })
    .join(" and ");
}

const FILTER_VERBS: Record<string, string> = {
  "meshwright.rbac.allow": "lets callers in by",
  "meshwright.rbac.deny": "refuses calls by",
  "meshwright.rbac.audit": "audits calls by",
};

const TCP_CHAIN = /^tcp-(\d+)(-plain)?$/;

/** `lets callers in by <object key>`, one per policy, with "(counted only)" for shadow rules. */
function policiesOf(fieldsOfListener: Fields): Set<string> {
  const found = new Set<string>();
  const chains = list(fieldsOfListener["filter_chains"]);
  // TLS and plain text of the same ports have the same filters
  for (const chain of chains.filter((each, i) => i === 0 || TCP_CHAIN.test(String(each["name"])))) {
    const port = TCP_CHAIN.exec(String(chain["name"]))?.[1];
    const where = port === undefined ? "" : ` on TCP port ${port}`;
    const filters = list(chain["filters"]);
    const ofRequests = filters.flatMap((filter) => list(fields(filter["typed_config"])["http_filters"]));
    for (const filter of [...filters, ...ofRequests]) {
      const config = fields(filter["typed_config"]);
      for (const [name, provider] of Object.entries(fields(config["providers"])))
        found.add(`takes tokens of ${String(fields(provider)["issuer"])} by ${name}`);
      if (filter["name"] === CONNECTION_LIMIT_FILTER) found.add(`${newConnections(config)}${where}`);
      const verb = FILTER_VERBS[String(filter["name"])] ?? "applies";
      for (const [part, suffix] of [
        ["rules", ""],
        ["shadow_rules", " (counted only)"],
      ] as const) {
        for (const policy of Object.keys(fields(fields(config[part])["policies"])))
          found.add(`${verb} ${policy}${where}${suffix}`);
      }
    }
  }
  return found;
}

/** `takes 100 new connections in 1s`, as its configuration says it. */
function newConnections(config: Fields): string {
  const bucket = fields(config["token_bucket"]);
  return `takes ${String(bucket["tokens_per_fill"])} new connections in ${String(bucket["fill_interval"])}`;
}

// --- how it calls ---

const CLUSTER_WORDS: Record<string, string> = {
  transport_socket: "mutual TLS",
  circuit_breakers: "limits",
  health_checks: "health checks",
  ignore_health_on_host_removal: "health checks",
  outlier_detection: "ejection of failing instances",
  common_lb_config: "ejection of failing instances",
  lb_policy: "load balancing",
  connect_timeout: "connect timeout",
  typed_extension_protocol_options: "connection reuse",
  load_assignment: "addresses",
};

function cluster({ name, before, after }: Changed): string[] {
  if (!before || !after) return []; // The route that uses it says so.
  const changed = Object.entries(CLUSTER_WORDS).filter(
    ([field]) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
  const words = [...new Set(changed.map(([, word]) => word))];
  const [direction, , subset, host = ""] = name.split("|");
  const target = direction === "inbound" ? "the own app" : `${host.split(".")[0]}${subset ? ` ${subset}` : ""}`;
  return words.length > 0 ? [`${words.join(", ")} of calls to ${target} change`] : [];
}

function inboundRoutes({ before, after }: Changed): string[] {
  const [was, is] = [routesOf(before), routesOf(after)];
  const limits = limitChanges(was, is);
  const isSameApp = before !== null && JSON.stringify(was.at(-1)) === JSON.stringify(is.at(-1));
  if (isSameApp && limits.length > 0) return limits;
  const hasApp = JSON.stringify(after ?? {}).includes('"cluster"');
  return [hasApp ? "hands calls to its app" : "has no app to hand calls to", ...limits];
}

const routesOf = (config: Fields | null): Fields[] =>
  list(config?.["virtual_hosts"]).flatMap((host) => list(host["routes"]));

function fields(value: unknown): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}
