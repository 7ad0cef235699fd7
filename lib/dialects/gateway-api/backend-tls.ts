// BackendTLSPolicy -> tls of an ExternalService, where its target is a Service that stands for a server outside (GEP-1897).
// The rule: of two for the same port the one that names it counts, then the older; what the model does not say is kept whole.
import {
  clientNames,
  type ExternalService,
  type ExternalTls,
  isSameJson,
  keyOf,
  type ServicePort,
  serverName,
} from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Fields } from "../shared/fields";
import { keptWords } from "../shared/kept-kinds";
import { keepBeside } from "../shared/verbatim";
import { byAge } from "./attach";
import type { BackendPolicy, BackendSource, BackendTarget, GatewayState } from "./state";

const LOST = { verdict: "lost", changesMeaning: true } as const;
const FIX = "Keep the product for what it does.";

export function importBackendTls(state: GatewayState) {
  return (_context: ImportContext, resource: Resource, spec: Fields): Understood => {
    const result = understood(resource);
    state.backendTls.push({ resource, policy: readPolicy(resource, spec), result });
    return result;
  };
}

export function readPolicy(resource: BackendPolicy["resource"], spec: Fields): BackendPolicy {
  const targets = spec.list("targetRefs").map((each): BackendTarget => {
    const [group = "", kind = "", name = ""] = [each.text("group"), each.text("kind"), each.text("name")];
    const sectionName = each.text("sectionName");
    return { group, kind, name, ...(sectionName ? { sectionName } : {}) };
  });
  const hasOptions = Object.keys(spec.textMap("options") ?? {}).length > 0;
  const validation = spec.object("validation");
  const tls = validation ? readTls(validation) : "it has no validation";
  const [unknown] = [...spec.names(), ...(validation?.names() ?? [])];
  return { resource, targets, tls: unknown ? `the model does not have ${unknown}` : tls, hasOptions };
}

/** With subjectAltNames the host name is asked for and does not count; without, it has to be in the certificate. */
function readTls(validation: Fields): BackendPolicy["tls"] {
  const hostname = serverName.safeParse(validation.text("hostname"));
  const known = validation.text("wellKnownCACertificates") ?? "";
  const isOwn = validation.list("caCertificateRefs").length > 0;
  const said = validation.list("subjectAltNames").map((each) => each.text("hostname") ?? each.text("uri"));
  const names = said.length > 0 ? clientNames.safeParse(said) : undefined;
  if (!hostname.success || hostname.data.includes("*")) return "it has no hostname that is one name";
  if (isOwn === (known !== "")) return "it names no authorities, or two kinds of them";
  if (!isOwn && known !== "System") return `the model does not have the authorities ${known}`;
  if (names && !names.success) return "its subjectAltNames are no names of a certificate";
  return {
    ...{ mode: "simple", sni: hostname.data },
    ...(names && !isSameJson(names.data, [hostname.data]) ? { subjectAltNames: names.data } : {}),
    ...(isOwn ? { authorities: "environment" as const } : {}),
  };
}

export const isFor = (
  { resource }: BackendPolicy,
  { group, kind, name }: BackendTarget,
  { metadata }: ExternalService,
) =>
  kind === "Service" &&
  (group === "" || group === "core") &&
  name === metadata.name &&
  resource.namespace === metadata.namespace;

type Found = { tls?: ExternalTls; why?: string; winners: ReadonlySet<BackendPolicy>; passed?: ServicePort };

/** What policies say of an external service; undefined: none is for it. */
export function tlsByPolicies(external: ExternalService, policies: readonly BackendPolicy[]): Found | undefined {
  const { ports, hosts } = external.spec;
  const all = [...policies]
    .sort(byAge)
    .flatMap((policy) =>
      policy.targets.filter((each) => isFor(policy, each, external)).map((target) => ({ policy, target })),
    );
  if (all.length === 0) return undefined;
  const byPort = ports.map((port) => {
    const named = all.find(({ target }) => target.sectionName === port.name);
    return { port, policy: (named ?? all.find(({ target }) => target.sectionName === undefined))?.policy };
  });
  const winners = new Set(byPort.flatMap(({ policy }) => policy ?? []));
  const asked = byPort.filter(({ port }) => port.protocol !== "tcp").map(({ policy }) => policy?.tls ?? null);
  const passed = byPort.find(({ port, policy }) => policy && port.protocol === "tcp")?.port;
  const refused = (why: string): Found => ({ why, winners });
  const [first = null, ...more] = asked;
  if (asked.length === 0) return refused("its ports say tcp, where the app itself speaks TLS here");
  const unread = asked.find((each) => typeof each === "string");
  if (typeof unread === "string") return refused(unread);
  if (more.some((each) => !isSameJson(each, first))) return refused("its ports differ, and the model has one for all");
  const rest = { winners, ...(passed ? { passed } : {}) };
  if (first === null || typeof first === "string") return rest;
  const { sni, ...tls } = first;
  return { ...rest, tls: sni === hosts[0] && hosts.length === 1 ? tls : { ...tls, sni } };
}

export function attachBackendTls(context: ImportContext, { backendTls }: GatewayState): void {
  const sources = [...backendTls].sort(byAge);
  const policies = sources.map(({ policy }) => policy);
  for (const source of sources) {
    for (const i of source.policy.targets.keys()) attachTarget(context, source, i, policies);
  }
}

function attachTarget(
  context: ImportContext,
  source: BackendSource,
  i: number,
  policies: readonly BackendPolicy[],
): void {
  const { resource, policy } = source;
  const target = policy.targets[i];
  if (!target) return;
  const path = ["spec", "targetRefs", i];
  const keep = (why: string, judgement: { verdict: "lost" | "ignored"; changesMeaning?: boolean }) => {
    const kept = keptWords(keepBeside(context, source));
    context.warn(resource, path, `${why}: ${kept}, without effect here`, FIX, judgement);
  };
  const external = context.find("ExternalService", keyOf("ExternalService", resource.namespace, target.name));
  const found = external && tlsByPolicies(external, policies);
  if (!external || !found || !isFor(policy, target, external))
    keep(`encrypts the way to ${target.kind} ${target.name}, which is no service outside`, LOST);
  else if (!found.winners.has(policy)) keep(unusedWhy(external, target), { verdict: "ignored" });
  else if (found.why !== undefined) keep(`is left out: ${found.why}`, LOST);
  else {
    if (found.passed && !isHttpTarget(external, target)) {
      const message = `puts what the app says at port ${found.passed.port} into TLS, which here the app itself speaks at a tcp port`;
      context.warn(resource, path, message, "Give the port appProtocol http in the Service.", LOST);
    }
    if (!found.tls) return;
    putTls(context, external, found.tls);
    tellRest(context, source, external);
  }
}

const isHttpTarget = ({ spec }: ExternalService, { sectionName }: BackendTarget) =>
  spec.ports.some(({ name, protocol }) => name === sectionName && protocol !== "tcp");

function unusedWhy({ spec, metadata }: ExternalService, { sectionName }: BackendTarget): string {
  const isThere = sectionName === undefined || spec.ports.some(({ name }) => name === sectionName);
  if (!isThere) return `names port ${sectionName}, which ${metadata.name} does not have, so the product refuses it`;
  return `has no effect in the product either: other policies for ${metadata.name} name the port, or are older`;
}

function putTls(context: ImportContext, external: ExternalService, tls: ExternalTls): void {
  context.put("ExternalService", external.metadata.name, { ...external.spec, tls }, undefined, external);
}

/** What the environment has here, and what is the product's own. */
function tellRest(context: ImportContext, source: BackendSource, { metadata }: ExternalService): void {
  const { resource, policy, result } = source;
  const key = keyOf("ExternalService", metadata.namespace, metadata.name);
  if (result.objects.includes(key)) return;
  result.objects.push(key);
  result.sentences.push(`calls to ${metadata.name} leave in TLS.`);
  const isOwn = typeof policy.tls !== "string" && policy.tls.authorities === "environment";
  if (isOwn || policy.hasOptions) keepBeside(context, source);
  if (isOwn) {
    const message = "names certificates of the cluster, which are files of the environment's binding here";
    const fix = `Say in the environment's binding of ${metadata.name} tls: { ca }, a PEM file on the machines.`;
    context.warn(resource, ["spec", "validation", "caCertificateRefs"], message, fix);
  }
  if (policy.hasOptions) {
    const message = "are the product's own: they are kept and written back on export, without effect here";
    context.warn(resource, ["spec", "options"], message, FIX, { verdict: "escape" });
  }
}
