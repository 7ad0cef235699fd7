// One way to write what Istio takes as the same, so that documents can be compared as data.
// The rule: only what Istio itself does not tell apart: versions of the API, defaults, names in full, units, order without meaning.
import { durationToMs, isRecord } from "../../shared/fields";

export type IstioDocument = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: object; annotations?: object };
  spec?: unknown;
};

type Value = Record<string, unknown>;

export function canonical(document: IstioDocument): IstioDocument {
  const { name, namespace, labels, annotations } = document.metadata;
  const spec = specOf(document.kind, walk(document.spec ?? {}, ""), namespace);
  const metadata = {
    name,
    ...(namespace ? { namespace } : {}),
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
  };
  return { apiVersion: document.apiVersion.split("/")[0] ?? "", kind: document.kind, metadata, spec };
}

/** Units, and lists of which only the members count. */
function walk(value: unknown, name: string): unknown {
  if (Array.isArray(value)) {
    const entries = value.map((each) => walk(each, name));
    if (entries.length === 0 || entries.some((each) => typeof each === "object")) return entries;
    // any value, said beside others
    return PATTERNS.has(name) && entries.includes("*") ? ["*"] : entries.map(String).sort();
  }
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each, key)]));
  }
  if (DURATIONS.has(name) && typeof value === "string") return durationToMs(value) ?? value;
  if (name === "protocol" && typeof value === "string") return value.toUpperCase();
  return value === "LEAST_CONN" ? "LEAST_REQUEST" : value;
}

const DURATIONS = new Set([
  "timeout",
  "perTryTimeout",
  "fixedDelay",
  "maxAge",
  "connectTimeout",
  "idleTimeout",
  "interval",
  "baseEjectionTime",
  "time",
  "duration",
]);
/** Lists of an AuthorizationPolicy in which * is any value. */
const PATTERNS = new Set([
  "values",
  "notValues",
  "principals",
  "notPrincipals",
  "namespaces",
  "notNamespaces",
  "requestPrincipals",
  "notRequestPrincipals",
  "methods",
  "notMethods",
  "paths",
  "notPaths",
  "hosts",
  "notHosts",
]);

function specOf(kind: string, spec: unknown, namespace = "default"): unknown {
  if (!isRecord(spec)) return spec;
  const shortName = (host: unknown) =>
    typeof host === "string" ? host.replace(`.${namespace}.svc.cluster.local`, "") : host;
  switch (kind) {
    case "VirtualService":
      return virtualService(spec, shortName);
    case "DestinationRule":
      return withoutUsualTls({ ...spec, host: shortName(spec["host"]) });
    case "AuthorizationPolicy": {
      const rules = listOf(spec["rules"]).map((rule) => authorizationRule(rule, namespace));
      return without({ ...spec, ...(rules.length > 0 ? { rules } : {}) }, "action", "ALLOW");
    }
    case "ServiceEntry":
      return without(without(spec, "location", "MESH_EXTERNAL"), "resolution", "NONE");
    default:
      return spec;
  }
}

/** ISTIO_MUTUAL towards a service of the mesh is what its sidecars do by themselves (auto mTLS). */
function withoutUsualTls(spec: Value): Value {
  const policy = spec["trafficPolicy"];
  if (!isRecord(policy) || JSON.stringify(policy["tls"]) !== '{"mode":"ISTIO_MUTUAL"}') return spec;
  const rest = omit(policy, "tls");
  return Object.keys(rest).length > 0 ? { ...spec, trafficPolicy: rest } : omit(spec, "trafficPolicy");
}

function virtualService(spec: Value, shortName: (host: unknown) => unknown): Value {
  const hosts = listOf(spec["hosts"]).map(shortName).sort();
  const gateways = listOf(spec["gateways"]);
  const rest: Value = gateways.length === 1 && gateways[0] === "mesh" ? omit(spec, "gateways") : spec;
  return {
    ...rest,
    hosts,
    ...Object.fromEntries(
      ["http", "tcp", "tls"].flatMap((list) => {
        const rules = listOf(spec[list]).map((rule) => routeRule(rule, shortName));
        return rules.length > 0 ? [[list, rules]] : [];
      }),
    ),
  };
}

function routeRule(rule: unknown, shortName: (host: unknown) => unknown): unknown {
  if (!isRecord(rule)) return rule;
  const routes = listOf(rule["route"]);
  const route = routes.map((each) => {
    if (!isRecord(each)) return each;
    const destination = isRecord(each["destination"]) ? each["destination"] : {};
    const named = { ...each, destination: { ...destination, host: shortName(destination["host"]) } };
    // the weight of the only one says nothing
    return routes.length === 1 ? omit(named, "weight") : named;
  });
  return routes.length > 0 ? { ...rule, route } : rule;
}

/** Accounts and trust domains are patterns of principals; conditions have no order, and both lists of one key have to hold. */
function authorizationRule(rule: unknown, namespace: string): unknown {
  if (!isRecord(rule)) return rule ?? {};
  const from = listOf(rule["from"]).map((each) => {
    const source = isRecord(each) && isRecord(each["source"]) ? { ...each["source"] } : {};
    for (const not of ["", "not"]) {
      const named = (name: string) => {
        const field = not === "" ? name : `not${name.charAt(0).toUpperCase()}${name.slice(1)}`;
        const values = listOf(source[field]).map(String);
        if (name !== "principals") delete source[field];
        return values;
      };
      const principals = [
        ...named("principals"),
        ...named("serviceAccounts").map((each) => accountText(each, namespace)),
        ...named("trustDomains").map((each) => (each.endsWith("*") ? each : `${each}/*`)),
      ].map((each) => each.replace(/^[^*/]+\/ns\//, "DOMAIN/ns/"));
      if (principals.length > 0) source[not === "" ? "principals" : "notPrincipals"] = principals.sort();
    }
    return { source };
  });
  const conditions = new Map<string, Value>();
  for (const each of listOf(rule["when"])) {
    if (!isRecord(each)) continue;
    const written = String(each["key"]);
    const key = CLAIM_OF[written] ?? written;
    conditions.set(key, { ...conditions.get(key), ...each, key });
  }
  const when = [...conditions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  return { ...rule, ...(from.length > 0 ? { from } : {}), ...(when.length > 0 ? { when } : {}) };
}

const CLAIM_OF: Readonly<Record<string, string>> = {
  "request.auth.audiences": "request.auth.claims[aud]",
  "request.auth.presenter": "request.auth.claims[azp]",
};

const accountText = (account: string, namespace: string) =>
  `DOMAIN/ns/${account.includes("/") ? account.replace("/", "/sa/") : `${namespace}/sa/${account}`}`;

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const omit = (value: Value, name: string): Value => {
  const { [name]: _, ...rest } = value;
  return rest;
};
const without = (value: Value, name: string, usual: unknown): Value =>
  value[name] === usual ? omit(value, name) : value;
