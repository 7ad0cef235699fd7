// MutualTls -> PeerAuthentication, AuthorizationPolicy and drawn dependencies -> AuthorizationPolicy.
// The rule: what the design grants by drawing is written out, so that Istio refuses what the design refuses.
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  type Gateway,
  isSameJson,
  keyOf,
  type MeshRoot,
  type MutualTls,
  type ObjectKey,
  objectKey,
  type PolicyTarget,
  type RequestAuthentication,
  refKey,
  type Service,
  serviceAccountOf,
  targetKey,
} from "@/lib/mesh";
import { knownSelector, selectorOf } from "../kubernetes/selectors";
import { type ExportContext, metadataOf, originOfKind } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { SEVERAL_PROVIDERS } from "./assume-authorizer";
import { exportRule } from "./authorization-rule";
import { byHeaders, exportCondition, type IstioCondition } from "./conditions";
import { assumedLabels, gatewayTarget } from "./gateway-target";
import { toPodPorts, withPorts } from "./pod-ports";
import { exportRuleCondition } from "./rule-conditions";
import { ROOT_NAMESPACE } from "./security";
import { byClaims, exportClaim } from "./token-conditions";

export function exportMutualTls(context: ExportContext, mutualTls: MutualTls): void {
  const { target, mode, ports } = mutualTls.spec;
  const namespace =
    !target || (!target.service && !target.namespace)
      ? ROOT_NAMESPACE
      : (target.namespace ?? mutualTls.metadata.namespace);
  const name =
    originOfKind(mutualTls, "PeerAuthentication")?.name ?? (target?.service ? mutualTls.metadata.name : "default");
  const spec = {
    ...selectorFor(context, mutualTls),
    mtls: { mode: mode.toUpperCase() },
    ...(ports && ports.length > 0
      ? {
          portLevelMtls: Object.fromEntries(
            ports.flatMap(({ port, mode: own }) =>
              podPortsOf(context, mutualTls, port).map((each) => [String(each), { mode: own.toUpperCase() }]),
            ),
          ),
        }
      : {}),
  };
  context.add(
    {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: metadataOf(mutualTls, name, namespace),
      spec,
    },
    mutualTls,
  );
}

/** Whom a policy is for. */
function servicesOf(context: ExportContext, object: MutualTls | AuthorizationPolicy): Service[] {
  const target: PolicyTarget | undefined = object.spec.target;
  if (target?.gateway) return [];
  const space = target?.namespace ?? (target?.service === undefined ? undefined : object.metadata.namespace);
  return context.index
    .all("Service")
    .filter(
      ({ metadata }) =>
        (space === undefined || metadata.namespace === space) &&
        (target?.service === undefined || metadata.name === target.service),
    );
}

function podPortsOf(context: ExportContext, mutualTls: MutualTls, port: number): number[] {
  return toPodPorts(servicesOf(context, mutualTls))([port]) ?? [port];
}

export function exportDefaults(context: ExportContext, mesh: MeshRoot): void {
  const generated = { [GENERATED_LABEL]: "default" };
  const hasOwn = context.index
    .all("MutualTls")
    .some((each) => !each.spec.target?.service && !each.spec.target?.namespace);
  if (!hasOwn) {
    context.add(
      {
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "default", namespace: ROOT_NAMESPACE, labels: generated },
        spec: { mtls: { mode: mesh.spec.defaults.mutualTls.toUpperCase() } },
      },
      undefined,
    );
  }
  if (mesh.spec.defaults.authorization === "drawn") {
    for (const service of context.index.all("Service")) drawnCallers(context, mesh, service);
  }
  if (mesh.spec.defaults.authorization === "deny") {
    context.add(
      {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "allow-nothing", namespace: ROOT_NAMESPACE, labels: generated },
        spec: {},
      },
      undefined,
    );
  }
}

function drawnCallers(context: ExportContext, mesh: MeshRoot, service: Service): void {
  const { name, namespace } = service.metadata;
  const callers = context.index
    .dependenciesTo(objectKey(service))
    .map((dependency) => refKey(dependency.spec.from, dependency));
  const principals = [...new Set(callers.flatMap((caller) => principalsOf(context, mesh, caller)))].sort();
  context.add(
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: `drawn-callers-of-${name}`, namespace, labels: { [GENERATED_LABEL]: "drawn" } },
      spec: {
        selector: { matchLabels: selectorOf(service) },
        action: "ALLOW",
        // no rule: an ALLOW policy that matches nobody
        ...(principals.length === 0 ? {} : { rules: [{ from: [{ source: { principals } }] }] }),
      },
    },
    undefined,
  );
}

function principalsOf(context: ExportContext, mesh: MeshRoot, caller: ObjectKey): string[] {
  const object = context.index.get(caller);
  const holders = object?.kind === "Service" ? context.index.workloadsOf(caller) : object ? [object] : [];
  const principal = (namespace: string | undefined, account: string) =>
    `${mesh.spec.trustDomain}/ns/${namespace}/sa/${account}`;
  const found = holders.flatMap((holder) => {
    const account = serviceAccountOf(holder);
    return account === undefined ? [] : [principal(holder.metadata.namespace, account)];
  });
  // a service without workloads keeps the account it will have
  return found.length > 0 || object?.kind !== "Service"
    ? found
    : [principal(object.metadata.namespace, object.metadata.name)];
}

export function exportAuthorizationPolicy(context: ExportContext, policy: AuthorizationPolicy): void {
  const { target, action, authorizer, shadow, rules } = policy.spec;
  const own = policy.metadata.namespace;
  const gateway = target.gateway && context.index.find("Gateway", targetKey(target, policy));
  const namespace = gateway
    ? placeAtGateway(policy, gateway)
    : (target.namespace ?? (target.service ? own : ROOT_NAMESPACE));
  const annotations: Record<string, string> = shadow ? { "istio.io/dry-run": "true" } : {};
  const metadata = metadataOf(policy, policy.metadata.name, namespace, annotations);
  const mesh = context.index.mesh;
  if (action === "custom") loseSeveral(context, policy);
  const spec = {
    ...(gateway ? selectGateway(context, policy, gateway) : selectorFor(context, policy)),
    action: action.toUpperCase(),
    ...(authorizer === undefined ? {} : { provider: { name: authorizer } }),
    ...(rules.length === 0
      ? {}
      : {
          rules: rules.flatMap((rule, r) => withConditions(context, mesh, policy, ofPods(context, policy, rule, r), r)),
        }),
  };
  context.add({ apiVersion: "security.istio.io/v1", kind: "AuthorizationPolicy", metadata, spec }, policy);
}

function ofPods(
  context: ExportContext,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
): AuthorizationRule {
  const own = withPorts(rule, toPodPorts(servicesOf(context, policy)));
  if (own) return own;
  const reason =
    "Istio means ports of the pods, which are others here for some of the services: the numbers are written as they are";
  context.lose(policy, ["spec", "rules", r], "approximate", reason, { changesMeaning: true });
  return rule;
}

/** A reference is for its own namespace; a selector in the root namespace for the gateway's pods wherever they are. */
function placeAtGateway(policy: AuthorizationPolicy, gateway: Gateway): string {
  const isRef = gateway.metadata.origin?.dialect === "gateway-api";
  const own = isRef ? gateway.metadata.namespace : originOfKind(policy, "AuthorizationPolicy")?.namespace;
  return own ?? ROOT_NAMESPACE;
}

function selectGateway(context: ExportContext, policy: AuthorizationPolicy, gateway: Gateway): Record<string, unknown> {
  const { said, isAssumed } = gatewayTarget(gateway);
  if (isAssumed) {
    const reason = `Istio selects the pods of a gateway: ${JSON.stringify(assumedLabels(gateway))} is assumed on those of ${gateway.metadata.name}`;
    context.lose(policy, ["spec", "target"], "approximate", reason);
  }
  const alike = context.index
    .all("Gateway")
    .filter((each) => each !== gateway && isSameJson(gatewayTarget(each).said, said))
    .map(({ metadata }) => metadata.name);
  if (alike.length > 0) {
    const reason = `the same pods serve ${alike.join(", ")}: Istio asks about its requests as well`;
    context.lose(policy, ["spec", "target", "gateway"], "approximate", reason, { changesMeaning: true });
  }
  return said;
}

/** Istio asks one provider about a workload, unless it was told otherwise. */
function loseSeveral(context: ExportContext, policy: AuthorizationPolicy): void {
  const { authorizer } = policy.spec;
  const others = context.index.all("Service").flatMap((service) => {
    const asking = context.index.authorizationsOn(objectKey(service)).filter(({ spec }) => spec.action === "custom");
    return asking.includes(policy) ? asking.flatMap(({ spec }) => spec.authorizer ?? []) : [];
  });
  const key = targetKey(policy.spec.target, policy);
  const atGateway = policy.spec.target.gateway
    ? context.index.authorizationsOn(key).flatMap(({ spec }) => spec.authorizer ?? [])
    : [];
  const other = [...others, ...atGateway].find((name) => name !== authorizer);
  if (other === undefined) return;
  const reason = `another policy asks ${other} about the same workload: Istio refuses what either matches, unless istiod has ${SEVERAL_PROVIDERS}`;
  context.lose(policy, ["spec", "authorizer"], "approximate", reason, { changesMeaning: true });
}

/** Without a condition more is denied, or asked about: never more granted. */
const refusesMore = ({ spec: { action } }: AuthorizationPolicy) => action === "deny" || action === "custom";
const withoutWords = ({ spec: { action } }: AuthorizationPolicy) =>
  action === "custom"
    ? "its provider is asked without this condition, about more"
    : "denied without this condition, which refuses more";

/** What the rule asks for beside its callers and operations holds for each rule that it becomes. */
function withConditions(
  context: ExportContext,
  mesh: MeshRoot | undefined,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
): Record<string, unknown>[] {
  const { when = [], ...rest } = rule;
  const said = when.map(exportRuleCondition);
  const lost = when.filter((_, i) => said[i] === null);
  if (lost.length > 0) {
    const isDenial = refusesMore(policy);
    const words = lost.map(({ of, name }) => name ?? of).join(", ");
    const reason = `Istio cannot ask for ${words}: ${isDenial ? withoutWords(policy) : "the rule is left out"}`;
    context.lose(policy, ["spec", "rules", r, "when"], isDenial ? "approximate" : "lost", reason);
    if (!isDenial) return [];
  }
  const conditions = said.filter((each): each is IstioCondition => each !== null);
  return withClaims(context, mesh, policy, rest, r).map((each) => {
    const own = (each["when"] as IstioCondition[] | undefined) ?? [];
    return own.length + conditions.length === 0 ? each : { ...each, when: [...own, ...conditions] };
  });
}

/** So do conditions on the token. */
function withClaims(
  context: ExportContext,
  mesh: MeshRoot | undefined,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
): Record<string, unknown>[] {
  if (!rule.from?.some(({ claims }) => claims)) return rulesOf(context, mesh, policy, rule, r);
  return byClaims(rule.from).flatMap((sources) => {
    const claims = sources[0]?.claims ?? [];
    const when = claims.map(exportClaim);
    const said = when.filter((each) => each !== null);
    if (said.length < when.length) {
      const isDenial = refusesMore(policy);
      const words = claims.filter((_, i) => when[i] === null).map(({ claim }) => claim.join("."));
      const reason = `Istio cannot say what is asked of claim ${words.join(", ")}: ${isDenial ? withoutWords(policy) : "the rule is left out"}`;
      context.lose(policy, ["spec", "rules", r, "from"], isDenial ? "approximate" : "lost", reason);
      if (!isDenial) return [];
    }
    const plain = sources.map(({ claims: _, ...source }) => source);
    const isAny = plain.some((source) => Object.keys(source).length === 0);
    const { from: _, ...rest } = rule;
    return rulesOf(context, mesh, policy, isAny ? rest : { ...rest, from: plain }, r).map((each) => {
      const headers = (each["when"] as unknown[] | undefined) ?? [];
      return said.length + headers.length === 0 ? each : { ...each, when: [...headers, ...said] };
    });
  });
}

/** Conditions on headers stand beside the operations in Istio, so operations with other headers are another rule. */
function rulesOf(
  context: ExportContext,
  mesh: MeshRoot | undefined,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
): Record<string, unknown>[] {
  if (!rule.to?.some(({ headers }) => headers)) return [ruleOf(context, mesh, policy, rule)];
  return byHeaders(rule.to).flatMap((operations) => {
    const headers = operations[0]?.headers ?? [];
    const when = headers.map(exportCondition);
    const said = when.filter((each) => each !== null);
    const isWhole = said.length === when.length;
    if (!isWhole) {
      const isDenial = refusesMore(policy);
      const words = headers.filter((_, i) => when[i] === null).map(({ name }) => name);
      const reason = `Istio has no contains, no regular expression and no literal * for header ${words.join(", ")}: ${isDenial ? withoutWords(policy) : "the rule is left out"}`;
      context.lose(policy, ["spec", "rules", r, "to"], isDenial ? "approximate" : "lost", reason);
      if (!isDenial) return [];
    }
    const { to, ...rest } = ruleOf(context, mesh, policy, { ...rule, to: operations });
    const isPlain = operations.every((each) => Object.keys(each).every((field) => field === "headers"));
    return [{ ...rest, ...(isPlain ? {} : { to }), ...(said.length > 0 ? { when: said } : {}) }];
  });
}

function ruleOf(
  context: ExportContext,
  mesh: MeshRoot | undefined,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
): Record<string, unknown> {
  return exportRule(rule, policy, mesh, (root, caller) => principalsOf(context, root, caller));
}

/** The pods of the target, as its Kubernetes Service selects them; assumed and told where that was not read. */
export function selectorFor(
  context: ExportContext,
  object: MutualTls | AuthorizationPolicy | RequestAuthentication,
): { selector?: { matchLabels: Record<string, string> } } {
  const { target } = object.spec;
  if (!target?.service) return {};
  const key = keyOf("Service", target.namespace ?? object.metadata.namespace, target.service);
  const service = context.index.find("Service", key);
  if (service && !knownSelector(service)) {
    const reason = `Istio selects pods, not services: label app=${target.service} is assumed on the pods`;
    context.lose(object, ["spec", "target"], "approximate", reason);
  }
  return { selector: { matchLabels: service ? selectorOf(service) : { app: target.service } } };
}
