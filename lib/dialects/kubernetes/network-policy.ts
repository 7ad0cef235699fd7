// NetworkPolicy -> AuthorizationPolicy, where its selectors mean whole services; else it is kept whole.
// The rule: an allow-list that cannot be said completely is not said at all, and the report tells it as a change of meaning.
import { type AuthorizationRule, type AuthorizationSource, keyOf, type PolicyTarget, valueAt } from "@/lib/mesh";
import { type ImportContext, type Resource, refFrom, type Understood, understood } from "../shared/context";
import { type Fields, isRecord } from "../shared/fields";
import { keepBeside } from "../shared/verbatim";
import { type Labels, labelsAt, namespacesMeant, podPorts, servicesMeant } from "./selectors";

/** Why the policy has no place in the model. */
class NoPlace extends Error {}

export function importNetworkPolicy(context: ImportContext, resource: Resource, spec: Fields): Understood {
  const result = understood(resource);
  const types = spec.texts("policyTypes");
  const ingress = spec.peek("ingress");
  const hasEgress = types?.includes("Egress") ?? spec.has("egress");
  const hasIngress = types?.includes("Ingress") ?? true;
  if (hasEgress) {
    leaveOut(context, resource, "its egress rules have no place: what a service may call is drawn here", result);
  }
  if (!hasIngress) return result;
  try {
    const targets = targetsOf(context, resource, spec.take("podSelector"));
    if (ingress !== undefined && ingress !== null && !Array.isArray(ingress)) {
      spec.problem("ingress", "must be a list", 'Begin each entry with "- ".');
      return result;
    }
    const rules = targets.map((target) => ({
      target,
      rules: (ingress ?? []).flatMap((each: unknown) => ruleOf(context, resource, each, target) ?? []),
    }));
    for (const [i, { target, rules: own }] of rules.entries()) putPolicy(context, resource, target, own, i, result);
    const message =
      "is taken over by identity: pods are known by their service account, callers without one are refused, and drawn dependencies are allowed beside it";
    context.warn(resource, ["spec"], message, "Check the policy against what is drawn.");
  } catch (error) {
    if (!(error instanceof NoPlace)) throw error;
    leaveOut(context, resource, error.message, result);
  }
  return result;
}

function leaveOut(context: ImportContext, resource: Resource, why: string, result: Understood): void {
  const isKept = keepBeside(context, { resource, result });
  const kept = isKept ? "it is kept word for word, without effect here" : "it is too large to be kept";
  const fix = "Go on to apply it in Kubernetes, or write what it means as an AuthorizationPolicy.";
  context.warn(resource, ["spec"], `${why}; ${kept}`, fix, { verdict: "lost", changesMeaning: true });
}

function targetsOf(context: ImportContext, resource: Resource, selector: unknown): PolicyTarget[] {
  const labels = matchLabels(selector);
  context.assumeNamespace(resource.namespace);
  if (Object.keys(labels).length === 0) return [{ namespace: resource.namespace }];
  const services = servicesMeant(context, resource.namespace, labels);
  if (!services) throw new NoPlace(`no service of the design is exactly the pods ${textOf(labels)}`);
  return services.map((service) => ({ service: service.metadata.name }));
}

function matchLabels(selector: unknown): Labels {
  if (selector === undefined || selector === null) return {};
  if (!isRecord(selector)) throw new NoPlace("its selector is not an object");
  const { matchLabels: written, ...rest } = selector;
  if (Object.values(rest).some((each) => !Array.isArray(each) || each.length > 0)) {
    throw new NoPlace("a selector by expressions has no place");
  }
  const labels = written === undefined || written === null ? {} : labelsAt(written);
  if (!labels) throw new NoPlace("its selector is not a map of texts");
  return labels;
}

/** Undefined: a rule that lets nothing through that a mesh would see. */
function ruleOf(
  context: ImportContext,
  resource: Resource,
  rule: unknown,
  target: PolicyTarget,
): AuthorizationRule | undefined {
  const ports = portsOf(context, resource, valueAt(rule, ["ports"]), target);
  if (ports?.length === 0) return undefined;
  const peers = valueAt(rule, ["from"]);
  const from = Array.isArray(peers) && peers.length > 0 ? peers.map((peer) => sourceOf(context, resource, peer)) : [];
  return { ...(from.length > 0 ? { from } : {}), ...(ports ? { to: [{ ports }] } : {}) };
}

function sourceOf(context: ImportContext, resource: Resource, peer: unknown): AuthorizationSource {
  if (!isRecord(peer)) throw new NoPlace("a peer is not an object");
  if (peer["ipBlock"] !== undefined) throw new NoPlace("callers by address have no place");
  const pods = peer["podSelector"] === undefined ? undefined : matchLabels(peer["podSelector"]);
  if (peer["namespaceSelector"] === undefined) {
    if (!pods || Object.keys(pods).length === 0) return { namespaces: [resource.namespace] };
    return { services: refsTo(context, resource, [resource.namespace], pods) };
  }
  const labels = matchLabels(peer["namespaceSelector"]);
  const isEverywhere = Object.keys(labels).length === 0;
  if (!pods || Object.keys(pods).length === 0) {
    if (isEverywhere) return { principals: ["*"] };
    return { namespaces: known(namespacesMeant(context, labels), labels) };
  }
  const namespaces = isEverywhere
    ? context.all("Namespace").map(({ metadata }) => metadata.name)
    : namespacesMeant(context, labels);
  return { services: refsTo(context, resource, known(namespaces, labels), pods) };
}

function known(namespaces: string[], labels: Labels): string[] {
  if (namespaces.length === 0) throw new NoPlace(`no namespace of the design has the labels ${textOf(labels)}`);
  return namespaces;
}

function refsTo(context: ImportContext, resource: Resource, namespaces: readonly string[], labels: Labels) {
  const services = namespaces.flatMap((namespace) => servicesMeant(context, namespace, labels) ?? []);
  if (services.length === 0) throw new NoPlace(`no service of the design is exactly the pods ${textOf(labels)}`);
  return services.map((service) => ({ kind: "Service" as const, ...refFrom(service, resource.namespace) }));
}

/** Ports of pods -> ports of the service; undefined: every port. */
function portsOf(
  context: ImportContext,
  resource: Resource,
  written: unknown,
  target: PolicyTarget,
): number[] | undefined {
  if (!Array.isArray(written) || written.length === 0) return undefined;
  const service =
    target.service === undefined ? undefined : context.get(keyOf("Service", resource.namespace, target.service));
  if (service?.kind !== "Service") throw new NoPlace("ports of a whole namespace have no place");
  return written.flatMap((each: unknown) => {
    const protocol = valueAt(each, ["protocol"]) ?? "TCP";
    const port = valueAt(each, ["port"]);
    if (protocol !== "TCP") return [];
    if (port === undefined || valueAt(each, ["endPort"]) !== undefined)
      throw new NoPlace("ranges of ports have no place");
    const own = podPorts(service)
      .filter(({ pod }) => pod === port)
      .map(({ port: number }) => number);
    if (own.length === 0) throw new NoPlace(`port ${String(port)} is no port of the pods of ${service.metadata.name}`);
    return own;
  });
}

function putPolicy(
  context: ImportContext,
  resource: Resource,
  target: PolicyTarget,
  rules: AuthorizationRule[],
  i: number,
  result: Understood,
): void {
  const name = i === 0 ? resource.name : `${resource.name}-${target.service ?? i}`;
  const existing = context.get(keyOf("AuthorizationPolicy", resource.namespace, name));
  const current = existing?.kind === "AuthorizationPolicy" ? existing : undefined;
  const spec = { target, action: "allow" as const, rules };
  result.objects.push(context.put("AuthorizationPolicy", name, spec, { resource }, current));
  const whom = target.service ?? `namespace ${target.namespace}`;
  result.sentences.push(
    rules.length === 0
      ? `${whom} lets nobody in.`
      : `${whom} lets in by ${rules.length} ${rules.length === 1 ? "rule" : "rules"}.`,
  );
}

const textOf = (labels: Labels) =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
