// PeerAuthentication -> MutualTls, AuthorizationPolicy -> AuthorizationPolicy.
// The rule: a policy with a condition that the model does not have is left out whole. Part of an authorization policy is another policy.
import {
  type AuthorizationPolicy,
  keyOf,
  type MutualTlsMode,
  type Path,
  type PolicyTarget,
  type Service,
} from "@/lib/mesh";
import { servicesMeant } from "../kubernetes/selectors";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { Fields, isRecord, type Sink } from "../shared/fields";
import { keptWords } from "../shared/kept-kinds";
import { keepBeside } from "../shared/verbatim";
import { assumeAuthorizer, otherProvider, SEVERAL_PROVIDERS } from "./assume-authorizer";
import { importRule } from "./authorization-rule";
import { gatewayMeant } from "./gateway-target";
import { toServicePorts, withPorts } from "./pod-ports";

/** Annotation of policies that are only counted. */
export const DRY_RUN = "istio.io/dry-run";
/** Istio's default root namespace: policies without a selector in it are for the whole mesh. */
export const ROOT_NAMESPACE = "istio-system";

const MODES: Record<string, MutualTlsMode> = { STRICT: "strict", PERMISSIVE: "permissive", DISABLE: "disable" };

export function importPeerAuthentication(
  context: ImportContext,
  resource: Resource,
  spec: Fields,
  sink: Sink,
): Understood {
  const result = understood(resource);
  const target = targetOf(context, { resource, result }, spec);
  if (!target) return result;
  const mode = spec.object("mtls")?.text("mode") ?? "UNSET";
  const services = servicesOf(context, resource, target);
  const ports = spec.map("portLevelMtls").flatMap(([port, fields]) => {
    const portMode = MODES[fields.text("mode") ?? ""];
    const own = toServicePorts(services)([Number(port)]);
    if (portMode && !own) tellPorts(context, resource, ["spec", "portLevelMtls", port]);
    return portMode && own ? own.map((each) => ({ port: each, mode: portMode })) : [];
  });
  spec.keepRest();
  if (!MODES[mode] && ports.length === 0) {
    const message = `is left out: its mode is ${mode}, which inherits`;
    context.warn(resource, ["spec", "mtls"], message, "Set STRICT, PERMISSIVE or DISABLE, or remove it.", {
      verdict: "exact",
    });
    return result;
  }
  const known = MODES[mode] ?? inheritedMode(context, resource);
  if (!MODES[mode]) {
    const message = `its mode is ${mode}, which inherits: it is written down as ${known.toUpperCase()}, and no longer follows its namespace`;
    context.warn(resource, ["spec", "mtls"], message, "Set it again when the namespace's mode changes.");
  }
  const existing = context
    .all("MutualTls")
    .find(
      (each) =>
        sameTarget(each.spec.target, target) && (isMesh(target) || each.metadata.namespace === resource.namespace),
    );
  if (!isMesh(target)) context.assumeNamespace(resource.namespace);
  const mutualTls = { ...(isMesh(target) ? {} : { target }), mode: known, ...(ports.length > 0 ? { ports } : {}) };
  result.objects.push(context.put("MutualTls", resource.name, mutualTls, { resource, sink }, existing));
  result.sentences.push(`mutual TLS of ${target.service ?? target.namespace ?? "the mesh"} is ${known}.`);
  return result;
}

/** Of the namespace, else of the mesh, as this text says; else as the design does. */
function inheritedMode(context: ImportContext, { namespace }: Resource): MutualTlsMode {
  const said = [namespace, ROOT_NAMESPACE].flatMap((space) => {
    const whole = context.resources.filter(
      (each) => each.kind === "PeerAuthentication" && each.namespace === space && !hasSelector(each.spec),
    );
    return whole.flatMap(({ spec }) => MODES[modeIn(spec)] ?? []);
  });
  const inDesign = [namespace, undefined].flatMap((space) =>
    context.all("MutualTls").flatMap(({ spec: { target, mode } }) => {
      const isScope = target?.service === undefined && target?.namespace === space;
      return isScope ? [mode] : [];
    }),
  );
  const [mesh] = context.all("Mesh");
  return said[0] ?? inDesign[0] ?? mesh?.spec.defaults.mutualTls ?? "permissive";
}

const hasSelector = (spec: unknown): boolean => {
  const selector = isRecord(spec) && isRecord(spec["selector"]) ? spec["selector"]["matchLabels"] : undefined;
  return isRecord(selector) && Object.keys(selector).length > 0;
};
const modeIn = (spec: unknown): string =>
  isRecord(spec) && isRecord(spec["mtls"]) ? String(spec["mtls"]["mode"] ?? "") : "";

/** Whom a policy is for. */
function servicesOf(context: ImportContext, { namespace }: Resource, target: PolicyTarget): Service[] {
  if (target.gateway) return [];
  const space = target.namespace ?? (target.service === undefined ? undefined : namespace);
  return context
    .all("Service")
    .filter(
      ({ metadata }) =>
        (space === undefined || metadata.namespace === space) &&
        (target.service === undefined || metadata.name === target.service),
    );
}

function tellPorts(context: ImportContext, resource: Resource, path: Path): void {
  const message = "is left out: Istio means a port of the pods, and no port of the service stands for that one alone";
  context.warn(resource, path, message, "Let the service's port lead to the same port of the pods.", {
    verdict: "lost",
    changesMeaning: true,
  });
}

export function importAuthorizationPolicy(context: ImportContext, resource: Resource, spec: Fields): Understood {
  const result = understood(resource);
  const left: Sink = { kept: [], problems: [] };
  const action = spec.text("action") ?? "ALLOW";
  const atGateway = action === "CUSTOM" ? gatewayMeant(context, resource, spec) : undefined;
  const target = atGateway ?? targetOf(context, { resource, result }, spec);
  if (!target) return result;
  const written = spec.take("rules");
  const services = servicesOf(context, resource, target);
  const ports = toServicePorts(services);
  const rules = (Array.isArray(written) ? written : []).flatMap((each, i) => {
    const path = [...spec.path, "rules", i];
    const fields = Fields.of(each ?? {}, path, left);
    if (!fields) return [];
    const rule = importRule(fields, context, resource);
    const own = withPorts(rule, ports);
    if (!own) left.kept.push({ path: [...path, "to"], value: each });
    return [own ?? rule];
  });
  const provider = action === "CUSTOM" ? spec.object("provider")?.text("name") : undefined;
  const key = keyOf("AuthorizationPolicy", resource.namespace, resource.name);
  const known = context.get(key);
  const existing = known?.kind === "AuthorizationPolicy" ? known : undefined;
  const isDryRun = resource.annotations?.[DRY_RUN] === "true" && !isOfStep(existing, services);
  // Istio takes no dry run of an audit, so it goes out without
  const shadow = isDryRun || (action === "AUDIT" && existing?.spec.action === "audit" && existing.spec.shadow === true);
  if (!isRead(action, provider, shadow)) left.kept.push({ path: ["spec", "action"], value: action });
  left.kept.push(...spec.names().map((name) => ({ path: [...spec.path, name], value: spec.take(name) })));
  for (const problem of left.problems) spec.problem(undefined, problem.message, problem.fix);
  if (left.kept.length > 0) {
    const what = keptWords(keepBeside(context, { resource, result }));
    for (const kept of left.kept) {
      const message = `is not in the model, so the whole policy is left out: ${what}`;
      const fix =
        "Write it with ALLOW, DENY, AUDIT, or CUSTOM with a provider, and conditions that the reference of fields lists.";
      context.warn(resource, kept.path, message, fix, { verdict: "lost", changesMeaning: true });
    }
    return result;
  }
  if (provider !== undefined) {
    assumeAuthorizer(context, resource, provider);
    const other = otherProvider(context, resource, target, provider);
    if (other !== undefined) {
      const message = `asks ${provider} where another policy asks ${other}: both are asked here, and Istio refuses what either matches, unless istiod has ${SEVERAL_PROVIDERS}`;
      const fix = "Ask one provider about a workload, or set it.";
      context.warn(resource, ["spec", "provider", "name"], message, fix, { changesMeaning: true });
    }
  }
  const policy = {
    target,
    action: action.toLowerCase() as AuthorizationPolicy["spec"]["action"],
    ...(provider === undefined ? {} : { authorizer: provider }),
    ...(shadow ? { shadow } : {}),
    rules,
  };
  context.assumeNamespace(resource.namespace);
  result.objects.push(context.put("AuthorizationPolicy", resource.name, policy, { resource }, existing));
  const what = rules.length === 0 ? "nobody" : `${rules.length} ${rules.length === 1 ? "rule" : "rules"}`;
  result.sentences.push(
    `${policy.action} on ${target.gateway ?? target.service ?? target.namespace ?? "the mesh"}: ${what}.`,
  );
  return result;
}

/** It goes out as counted because its service is at the first step of adoption, and comes back as it was. */
const isOfStep = (existing: AuthorizationPolicy | undefined, services: readonly Service[]) =>
  existing?.spec.action === "deny" &&
  existing.spec.shadow !== true &&
  existing.spec.target.service !== undefined &&
  services.length > 0 &&
  services.every(({ spec }) => spec.mode === "observe");

/** Istio asks nobody in a dry run, and refuses what it cannot ask about. */
const isRead = (action: string, provider: string | undefined, shadow: boolean) =>
  action === "CUSTOM" ? provider !== undefined && !shadow : ["ALLOW", "DENY", "AUDIT"].includes(action);

/** The service that a selector means; undefined (with a warning) when it means none, several, or only some workloads of one. */
export function targetOf(
  context: ImportContext,
  { resource, result }: { resource: Resource; result: Understood },
  spec: Fields,
): PolicyTarget | undefined {
  const labels = spec.object("selector")?.textMap("matchLabels");
  if (!labels || Object.keys(labels).length === 0) {
    return resource.namespace === ROOT_NAMESPACE ? {} : { namespace: resource.namespace };
  }
  const name = labels["app"] ?? labels["app.kubernetes.io/name"];
  const isByName = name !== undefined && Object.keys(labels).length === 1;
  if (isByName && context.get(keyOf("Service", resource.namespace, name))) return { service: name };
  const meant = servicesMeant(context, resource.namespace, labels);
  const [only] = meant ?? [];
  if (only && meant?.length === 1) return { service: only.metadata.name };
  const text = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
  const why = !meant
    ? `the selector ${text} means only some workloads of a service`
    : meant.length > 1
      ? `the selector ${text} means ${meant.length} services`
      : `no service of the design answers to the selector ${text}`;
  const message = `is left out: ${why}; ${keptWords(keepBeside(context, { resource, result }))}`;
  const fix =
    meant?.length === 0
      ? `Add the service and its workloads in ${resource.namespace}, then import again.`
      : "Write one policy for each service.";
  context.warn(resource, ["spec", "selector"], message, fix, { verdict: "lost", changesMeaning: true });
  return undefined;
}

const isMesh = (target: PolicyTarget) => !target.service && !target.namespace;
const sameTarget = (a: PolicyTarget | undefined, b: PolicyTarget) =>
  (a?.service ?? "") === (b.service ?? "") && (a?.namespace ?? "") === (b.namespace ?? "");
