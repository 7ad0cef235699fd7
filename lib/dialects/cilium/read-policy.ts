// CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy as written: one part for each of their specs.
// The rule: what is of the wrong form is a problem at its path; what has no words in a design is marked with the reason, and judged later.
import type { Path } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { Fields, isRecord, type Sink } from "../shared/fields";
import { readSelector, within } from "./labels";
import { readPorts } from "./read-ports";
import type { Peer, PolicyPart, Rule, Section } from "./state";

const SECTIONS: readonly Section[] = ["ingress", "ingressDeny", "egress", "egressDeny"];
const ENTITIES = new Set([
  "all",
  "world",
  "world-ipv4",
  "world-ipv6",
  "cluster",
  "host",
  "init",
  "ingress",
  "unmanaged",
  "remote-node",
  "health",
  "none",
  "kube-apiserver",
]);
const ADDRESSES = "callers and targets by address have no place here";
const ODD: Record<string, string> = {
  CIDR: ADDRESSES,
  CIDRSet: ADDRESSES,
  Groups: "groups of a cloud provider have no place here",
  Nodes: "nodes have no place here",
};

export function readPolicy(parts: PolicyPart[]) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const specs = spec.take("specs");
    const before = sink.problems.length;
    const found: { fields: Fields; path: Path }[] = [];
    if (spec.names().length > 0) found.push({ fields: spec, path: ["spec"] });
    if (specs !== undefined && !Array.isArray(specs)) {
      sink.problems.push({ path: ["specs"], message: "must be a list", fix: 'Begin each entry with "- ".' });
    } else {
      for (const [i, each] of (specs ?? []).entries()) {
        const fields = Fields.of(each, ["specs", i], sink);
        if (fields) found.push({ fields, path: ["specs", i] });
      }
    }
    if (found.length === 0 && sink.problems.length === before) {
      spec.problem(undefined, "is missing", "Write endpointSelector and rules below spec or specs.");
    }
    for (const [i, { fields, path }] of found.entries()) {
      const name = i === 0 ? resource.name : `${resource.name}-${i + 1}`;
      const part = readSpec(context, resource, fields, { name, path, result });
      if (part) parts.push(part);
    }
    // what is left over is kept by who judges the parts
    sink.kept.length = 0;
    return result;
  };
}

type Where = { name: string; path: Path; result: Understood };

function readSpec(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  { name, path, result }: Where,
): PolicyPart | undefined {
  const raw = fields.everything();
  const ofNodes = fields.take("nodeSelector");
  const pods = fields.object("endpointSelector");
  const deny = fields.object("enableDefaultDeny");
  const [ingress, egress] = [deny?.flag("ingress"), deny?.flag("egress")];
  const has = (section: Section) => Array.isArray(fields.peek(section)) && (fields.peek(section) as []).length > 0;
  const closes = {
    ingress: ingress ?? (has("ingress") || has("ingressDeny")),
    egress: egress ?? (has("egress") || has("egressDeny")),
  };
  if (!pods) {
    if (ofNodes === undefined && raw["endpointSelector"] === undefined) {
      fields.problem("endpointSelector", "is missing", "Say which pods it is for; {} is all of the namespace.");
    } else if (ofNodes !== undefined) {
      const message =
        "is for nodes, which have no place in a design: kept as it is where nothing else is, without effect here";
      context.warn(resource, [...path, "nodeSelector"], message, "Go on to apply it.", { verdict: "lost" });
    }
    return ofNodes === undefined
      ? undefined
      : { resource, result, name, path, selector: [], raw, rules: [], closes, kept: [] };
  }
  const selector = within(resource.namespace, readSelector(pods));
  const rules = SECTIONS.flatMap((section) => fields.list(section).map((each) => readRule(resource, each, section)));
  const kept = ["description", "labels", "log"].flatMap((field) => {
    const value = fields.take(field);
    return value === undefined ? [] : [{ path: ["spec", field], value }];
  });
  for (const field of fields.names()) {
    const message = `${field} is not known to Cilium 1.20; it is ignored`;
    context.warn(resource, [...path, field], message, "Remove it.", { verdict: "ignored" });
  }
  return { resource, result, name, path, selector, raw, rules, closes, kept };
}

function readRule(resource: Resource, fields: Fields, section: Section): Rule {
  const raw = fields.everything();
  const side = section.startsWith("ingress") ? "from" : "to";
  const peers: Peer[] = [];
  let isNamed = false;
  const each = (field: string, read: (value: unknown, path: Path, i: number) => Peer | undefined) => {
    const list = fields.take(field);
    if (list === undefined) return;
    isNamed = true;
    if (!Array.isArray(list)) {
      fields.problem(field, "must be a list", 'Begin each entry with "- ".');
      return;
    }
    for (const [i, value] of list.entries()) {
      const peer = read(value, [...fields.path, field, i], i);
      if (peer) peers.push(peer);
    }
  };
  const endpoints = `${side}Endpoints`;
  const selectors = fields.has(endpoints) ? fields.list(endpoints) : undefined;
  if (selectors) {
    isNamed = true;
    for (const one of selectors) {
      const value = one.everything();
      const selector = within(resource.namespace, readSelector(one));
      peers.push({ is: "endpoints", field: endpoints, raw: value, path: one.path, selector });
    }
  }
  each(`${side}Entities`, (value, path, i) => {
    if (typeof value !== "string" || !ENTITIES.has(value)) {
      fields.problem(
        `${side}Entities`,
        `has the unknown entry ${String(value)} (${i})`,
        `Write one of ${[...ENTITIES].join(", ")}.`,
      );
      return undefined;
    }
    return { is: "entity", field: `${side}Entities`, raw: value, path, name: value };
  });
  if (side === "to") {
    each("toServices", (value, path) => ({ field: "toServices", raw: value, path, ...serviceOf(resource, value) }));
    each("toFQDNs", (value, path) => ({ field: "toFQDNs", raw: value, path, ...nameOf(value) }));
  }
  for (const [name, why] of Object.entries(ODD)) {
    each(`${side}${name}`, (value, path) => ({ is: "odd", field: `${side}${name}`, raw: value, path, why }));
  }
  const requires = fields.take(`${side}Requires`);
  const authentication = fields.object("authentication")?.text("mode");
  const hasIcmp = fields.take("icmps") !== undefined;
  const ports = readPorts(fields);
  const unknown = fields.names();
  const odd =
    requires !== undefined
      ? `${side}Requires is not known to Cilium 1.20`
      : unknown.length > 0
        ? `${unknown.join(", ")} is not known to Cilium 1.20`
        : authentication === "test-always-fail"
          ? "authentication test-always-fail lets nobody in"
          : undefined;
  return {
    section,
    path: fields.path,
    raw,
    peers: isNamed ? peers : undefined,
    ports,
    authentication,
    hasIcmp,
    ...(odd === undefined ? {} : { odd }),
  };
}

type Named =
  | { is: "service"; namespace: string; name: string }
  | { is: "name"; host: string }
  | { is: "odd"; why: string };

function serviceOf(resource: Resource, value: unknown): Named {
  const own = isRecord(value) ? value["k8sService"] : undefined;
  const name = isRecord(own) ? own["serviceName"] : undefined;
  const namespace = isRecord(own) ? (own["namespace"] ?? resource.namespace) : undefined;
  return typeof name === "string" && typeof namespace === "string"
    ? { is: "service", namespace, name }
    : { is: "odd", why: "services by labels have no place here" };
}

function nameOf(value: unknown): Named {
  const { matchName, matchPattern } = isRecord(value) ? value : {};
  const text = typeof matchName === "string" ? matchName : typeof matchPattern === "string" ? matchPattern : undefined;
  const host = text?.replace(/\.$/, "").replace(/^\*\*\./, "*.");
  const isHost = host !== undefined && /^(\*|(\*\.)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/.test(host);
  return isHost ? { is: "name", host } : { is: "odd", why: `names like ${String(text)} have no place here` };
}
