// Whether exported resources are what the products' published schemas take, with the rules of Gateway API that stand in no schema.
import { readFileSync } from "node:fs";
import Ajv, { type ValidateFunction } from "ajv";
import type { Manifest } from "../../shared/dialect";

const texts = new Map<string, Record<string, object>>();

function read(path: string): Record<string, object> {
  const known =
    texts.get(path) ?? (JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as Record<string, object>);
  texts.set(path, known);
  return known;
}

const files = {
  standard: "../fixtures/schemas/standard.json",
  experimental: "../fixtures/schemas/experimental.json",
  kubernetes: "../../kubernetes/fixtures/service.json",
  namespace: "../../kubernetes/fixtures/namespace.json",
  workloads: "../../kubernetes/fixtures/workloads.json",
  istio: "../../istio/fixtures/schemas/v1.json",
  linkerd: "../../linkerd/fixtures/schemas/v1.json",
  cilium: "../../cilium/fixtures/schemas/v2.json",
  consul: "../../consul/fixtures/schemas/v1alpha1.json",
  "kuma-2.x": "../../kuma/fixtures/schemas/2.x.json",
  "kuma-3.x": "../../kuma/fixtures/schemas/3.x.json",
};

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
const compiled = new Map<string, ValidateFunction>();

/** Every way in which the resources break the schemas; a kind without a schema is one. */
export function schemaErrors(
  resources: readonly Manifest[],
  channel:
    | "standard"
    | "experimental"
    | "istio"
    | "linkerd"
    | "kubernetes"
    | "cilium"
    | "consul"
    | "kuma-2.x"
    | "kuma-3.x",
): string[] {
  // routes of Linkerd and Cilium are Gateway API's
  const routes = channel === "linkerd" || channel === "cilium" ? read(files.standard) : {};
  const workloads = channel === "kubernetes" ? read(files.workloads) : {};
  const schemas = {
    ...routes,
    ...workloads,
    ...read(files[channel]),
    ...read(files.kubernetes),
    ...read(files.namespace),
  };
  return resources.flatMap((resource) => {
    const id = `${resource.apiVersion} ${resource.kind}`;
    const schema = schemas[id];
    if (!schema) return [`${id} has no schema`];
    const key = `${channel} ${id}`;
    const validate = compiled.get(key) ?? ajv.compile(schema);
    compiled.set(key, validate);
    const where = `${resource.kind} ${resource.metadata.name}`;
    const errors = validate(resource)
      ? []
      : (validate.errors ?? []).map((each) => `${where}${each.instancePath}: ${each.message}`);
    return [...errors, ...ruleErrors(resource).map((error) => `${where}: ${error}`)];
  });
}

type Filter = { type: string; urlRewrite?: { path?: { type: string } }; requestRedirect?: { path?: { type: string } } };
type Rule = {
  name?: string;
  matches?: { path?: { type: string; value: string } }[];
  filters?: Filter[];
  backendRefs?: { port?: number }[];
  timeouts?: { request?: string; backendRequest?: string };
};

/** The CEL rules of HTTPRoute that an export could break. */
function ruleErrors({ kind, spec }: Manifest): string[] {
  if (kind !== "HTTPRoute") return [];
  const rules = (spec["rules"] ?? []) as Rule[];
  const errors: string[] = [];
  if (rules.reduce((sum, { matches = [] }) => sum + matches.length, 0) > 128) errors.push("more than 128 matches");
  const names = rules.flatMap(({ name }) => name ?? []);
  if (new Set(names).size < names.length) errors.push("two rules of one name");
  for (const { matches = [], filters = [], backendRefs = [] } of rules) {
    const redirect = filters.find(({ type }) => type === "RequestRedirect");
    if (redirect && backendRefs.length > 0) errors.push("a redirect with backends");
    if (redirect && filters.some(({ type }) => type === "URLRewrite")) errors.push("a redirect with a rewrite");
    const ofPrefix = filters.some(({ urlRewrite, requestRedirect }) =>
      [urlRewrite?.path?.type, requestRedirect?.path?.type].includes("ReplacePrefixMatch"),
    );
    if (ofPrefix && (matches.length !== 1 || (matches[0]?.path?.type ?? "PathPrefix") !== "PathPrefix")) {
      errors.push("a prefix is replaced, and there is not one prefix");
    }
    if (
      new Set(filters.map(({ type }) => type)).size <
      filters.filter(({ type }) => type !== "RequestMirror" && type !== "ExtensionRef").length
    ) {
      errors.push("a filter twice");
    }
    for (const { path } of matches) {
      if (!path || path.type === "RegularExpression") continue;
      const bad = ["//", "/./", "/../", "%2f", "%2F", "#"].some((part) => path.value.includes(part));
      const form = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/.test(path.value);
      if (bad || !form || !path.value.startsWith("/") || /\/\.\.?$/.test(path.value)) errors.push(`path ${path.value}`);
    }
    for (const { port } of backendRefs) if (port === undefined) errors.push("a backend without a port");
  }
  return errors;
}
