// AuthorizationPolicies and what the mesh closes by default -> policies of Cilium for who comes in.
// The rule: Cilium denies by caller and port alone, and asks for requests only where it allows; what that cannot say is told.
import {
  type AuthorizationOperation,
  type AuthorizationPolicy,
  type AuthorizationRule,
  objectKey,
  type Path,
  type Service,
} from "@/lib/mesh";
import { podPorts, selectorOf } from "../kubernetes/selectors";
import { isClosed } from "../linkerd/export-servers";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { GENERATED_LABEL } from "../shared/generated";
import { type Peers, peersOf } from "./export-callers";
import { httpRules } from "./http";
import { API_VERSION, POLICY, type Raw, WRITTEN } from "./state";
import type { Writer } from "./writer";

/** Those of one entry of toPorts. */
const MAX_PORTS = 40;

/** What one CiliumNetworkPolicy selects. */
type Scope = { namespace: string; selector: Record<string, string>; service?: Service };

export function exportAccess(context: ExportContext, writer: Writer): void {
  const { index } = context;
  const standard = index.mesh?.spec.defaults.authorization ?? "allow";
  for (const policy of index.all("AuthorizationPolicy")) exportPolicy(context, writer, policy);
  if (standard === "allow") return;
  for (const service of index.all("Service")) exportDefault(context, writer, service, standard === "drawn");
}

function exportPolicy(context: ExportContext, writer: Writer, policy: AuthorizationPolicy): void {
  const { action, shadow } = policy.spec;
  if (shadow || action === "audit") {
    const reason = shadow
      ? "Cilium audits whole pods or the whole cluster, not single policies"
      : "Cilium has no policies that only tell";
    context.lose(policy, ["spec"], "lost", reason);
    return;
  }
  const scopes = scopesOf(context, policy);
  for (const scope of scopes) {
    const rules = policy.spec.rules.flatMap((rule, r) =>
      action === "deny" ? denialOf(context, policy, rule, r, scope) : grantOf(context, policy, rule, r, scope),
    );
    // nobody is denied, and that is told
    if (action === "deny" && rules.length === 0) continue;
    const spec = {
      endpointSelector: scope.selector === EVERYTHING ? {} : { matchLabels: scope.selector },
      ...(action === "deny"
        ? // a denial closes nothing else here
          { ingressDeny: rules, enableDefaultDeny: { ingress: false } }
        : { ingress: rules.length > 0 ? rules : [{}] }),
    };
    const metadata = metadataOf(policy, nameOf(policy, scopes.length > 1 ? scope.service : undefined), scope.namespace);
    writer.write({ apiVersion: API_VERSION, kind: POLICY, metadata, spec: withKept(policy, spec) });
  }
}

const nameOf = ({ metadata }: AuthorizationPolicy, service: Service | undefined) =>
  service ? `${metadata.name}-${service.metadata.name}`.slice(0, 253) : metadata.name;

const EVERYTHING: Record<string, string> = {};

/** Ports are those of a service, so a policy for more that names them is written for each service. */
function scopesOf({ index }: ExportContext, policy: AuthorizationPolicy): Scope[] {
  const { target, rules } = policy.spec;
  const own = target.namespace ?? policy.metadata.namespace;
  const of = (service: Service): Scope => ({
    namespace: service.metadata.namespace,
    selector: selectorOf(service),
    service,
  });
  if (target.service !== undefined) {
    const service = index.find("Service", `Service/${own}/${target.service}`);
    return service ? [of(service)] : [];
  }
  const services = index
    .all("Service")
    .filter(({ metadata }) => target.namespace === undefined || metadata.namespace === target.namespace);
  if (rules.some(({ to }) => to !== undefined)) return services.map(of);
  const namespaces = target.namespace === undefined ? services.map(({ metadata }) => metadata.namespace) : [own];
  return [...new Set(namespaces)].map((namespace) => ({ namespace, selector: EVERYTHING }));
}

/** Description, labels of the rule and authentication, as far as their rule is still there. */
function withKept(policy: AuthorizationPolicy, spec: Raw): Raw {
  const { origin } = policy.metadata;
  if (origin?.dialect !== "cilium") return spec;
  const result: Raw = { ...spec };
  for (const { path, value } of origin.kept ?? []) {
    const [, index] = /^spec\.ingress\[(\d+)\]\.authentication$/.exec(path) ?? [];
    const rules = result["ingress"];
    if (index !== undefined && Array.isArray(rules) && Object.keys((rules[Number(index)] ?? {}) as Raw).length > 0) {
      result["ingress"] = rules.map((each: Raw, i) =>
        i === Number(index) ? { ...each, authentication: value } : each,
      );
    } else if (/^spec\.(description|labels|log)$/.test(path)) result[path.slice("spec.".length)] = value;
  }
  return result;
}

function tellPeers(context: ExportContext, policy: AuthorizationPolicy, path: Path, peers: Peers): void {
  const isDenial = policy.spec.action === "deny";
  const loud = { changesMeaning: true };
  const effect = isDenial ? "not denied" : "refused";
  if (peers.unsaid.length > 0) {
    const reason = `Cilium has no labels for ${peers.unsaid.join(", ")}: these callers are ${effect}`;
    context.loseOnce(policy, [...path, "from"], "lost", reason, loud);
  }
  if (peers.isEverybody && !isDenial) {
    const reason = "anybody with an identity is every pod of the cluster there, also one outside of the mesh";
    context.loseOnce(policy, [...path, "from"], "approximate", reason, loud);
  }
  if (peers.withThem.length > 0) {
    const reason = `Cilium has one entity for all gateways: ${peers.withThem.join(", ")} is ${isDenial ? "denied" : "let in"} with those that are meant`;
    context.loseOnce(policy, [...path, "from"], "approximate", reason, loud);
  }
}

/** Undefined: nobody. Both kinds of peers are a union. */
function fromOf({ endpoints, isIngress }: Peers): Raw | undefined {
  if (endpoints.length === 0 && !isIngress) return undefined;
  return {
    ...(endpoints.length > 0 ? { fromEndpoints: endpoints } : {}),
    ...(isIngress ? { fromEntities: ["ingress"] } : {}),
  };
}

function grantOf(
  context: ExportContext,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
  { service }: Scope,
): Raw[] {
  const path: Path = ["spec", "rules", r];
  const isOpen = !rule.from && !isStrict(context, service);
  const peers = peersOf(context.index, policy, rule.from);
  if (!isOpen) tellPeers(context, policy, path, peers);
  const from = isOpen ? { fromEntities: ["all"] } : fromOf(peers);
  if (!from) return [];
  if (!rule.to) return [from];
  const toPorts = rule.to.flatMap(
    (operation, i) => portRule(context, policy, operation, [...path, "to", i], service) ?? [],
  );
  if (toPorts.length === 0) return [];
  return toPorts.some((each) => each === EVERY_PORT) ? [from] : [{ ...from, toPorts }];
}

const EVERY_PORT: Raw = {};

/** "Anybody" is anybody with an identity where the service takes nothing else. */
function isStrict({ index }: ExportContext, service: Service | undefined): boolean {
  const own = service ? index.mutualTlsOn(objectKey(service))[0]?.spec.mode : undefined;
  return (own ?? index.mesh?.spec.defaults.mutualTls ?? "permissive") === "strict";
}

function portRule(
  context: ExportContext,
  policy: AuthorizationPolicy,
  operation: AuthorizationOperation,
  path: Path,
  service: Service | undefined,
): Raw | undefined {
  if (!service) return undefined;
  const { ports, ...conditions } = operation;
  const hasConditions = Object.keys(conditions).length > 0;
  if (!hasConditions && !ports) return EVERY_PORT;
  const own = service.spec.ports.filter(
    ({ port, protocol }) => (ports?.includes(port) ?? true) && (!hasConditions || protocol !== "tcp"),
  );
  if (own.length === 0) return undefined;
  const written = {
    ports: podPortsOf(
      service,
      own.map(({ port }) => port),
    ),
  };
  if (!hasConditions) return written;
  const http = httpRules(conditions);
  if (typeof http === "string") {
    context.loseOnce(policy, path, "lost", `${http}: these calls are refused`, { changesMeaning: true });
    return undefined;
  }
  return { ...written, rules: { http: http.map((each) => asWritten(policy, conditions, each)) } };
}

/** As the source had it, where the design still says the same. */
function asWritten(policy: AuthorizationPolicy, { paths }: AuthorizationOperation, http: Raw): Raw {
  const { origin } = policy.metadata;
  const [only, ...more] = paths ?? [];
  if (origin?.dialect !== "cilium" || only === undefined || more.length > 0) return http;
  const kept = origin.kept?.find((each) => each.path === WRITTEN)?.value;
  const text = kept !== null && typeof kept === "object" ? (kept as Record<string, unknown>)[only] : undefined;
  return typeof text === "string" ? { ...http, path: text } : http;
}

/** Cilium counts the ports of pods. */
export function podPortsOf(service: Service, ports: readonly number[]): Raw[] {
  const own = podPorts(service).filter(({ port }) => ports.includes(port));
  const texts = [
    ...new Set(own.map(({ pod, port }) => String(typeof pod === "number" || typeof pod === "string" ? pod : port))),
  ];
  return texts.slice(0, MAX_PORTS).map((port) => ({ port, protocol: "TCP" }));
}

function denialOf(
  context: ExportContext,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
  { service }: Scope,
): Raw[] {
  const path: Path = ["spec", "rules", r];
  const operations = rule.to ?? [{}];
  const plain = operations.filter((each) => Object.keys(each).every((field) => field === "ports"));
  if (plain.length < operations.length) {
    const reason =
      "Cilium denies by caller and port, not by request: these calls are let in where anything allows them";
    context.loseOnce(policy, [...path, "to"], "lost", reason, { changesMeaning: true });
  }
  if (plain.length === 0) return [];
  const peers = peersOf(context.index, policy, rule.from);
  if (rule.from) tellPeers(context, policy, path, peers);
  const from = rule.from ? fromOf(peers) : { fromEntities: ["all"] };
  if (!from) return [];
  const isWhole = plain.some(({ ports }) => !ports);
  const ports = plain.flatMap((each) => each.ports ?? []);
  const own = service && !isWhole ? podPortsOf(service, ports) : [];
  if (!isWhole && own.length === 0) return [];
  return [{ ...from, ...(isWhole ? {} : { toPorts: [{ ports: own }] }) }];
}

/** What the mesh closes, with the callers that are drawn. */
function exportDefault(context: ExportContext, writer: Writer, service: Service, isDrawn: boolean): void {
  const { index } = context;
  const { name, namespace } = service.metadata;
  if (!isClosed(index, service)) return;
  const lines = isDrawn ? index.dependenciesTo(objectKey(service)) : [];
  const rules = lines.flatMap((line): Raw[] => {
    const peers = peersOf(index, line, [{ services: [line.spec.from] }]);
    const from = fromOf(peers);
    if (peers.withThem.length > 0) {
      const reason = `Cilium has one entity for all gateways: ${peers.withThem.join(", ")} is let in as well`;
      context.lose(line, ["spec", "from"], "approximate", reason, { changesMeaning: true });
    }
    if (!from) return [];
    const { port } = line.spec;
    return [{ ...from, ...(port === undefined ? {} : { toPorts: [{ ports: podPortsOf(service, [port]) }] }) }];
  });
  writer.write({
    apiVersion: API_VERSION,
    kind: POLICY,
    metadata: {
      name: isDrawn ? `drawn-callers-of-${name}` : `nobody-calls-${name}`,
      namespace,
      labels: { [GENERATED_LABEL]: isDrawn ? "drawn" : "default" },
    },
    spec: { endpointSelector: { matchLabels: selectorOf(service) }, ingress: rules.length > 0 ? rules : [{}] },
  });
}
