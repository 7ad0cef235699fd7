// AuthorizationPolicies and drawn dependencies -> Servers, AuthorizationPolicies and authentications of Linkerd.
// The rule: Linkerd only grants. What the design denies is told as a change of meaning; what it grants is granted to nobody else.
import {
  type AuthorizationPolicy,
  type AuthorizationRule,
  keyOf,
  objectKey,
  type Path,
  refKey,
  type Service,
} from "@/lib/mesh";
import type { ExportContext } from "../shared/export-context";
import { principalsOf } from "../shared/principals";
import { type Callers, callersOf, isNobody, tidy } from "./export-callers";
import { matchesOfOperation } from "./export-calls";
import { type AccessWriter, newAccessWriter } from "./export-grants";
import { allowsOn, isClosed, isNamespaceDenial, type OutServer, serversFor } from "./export-servers";
import { sayPrincipal } from "./identities";
import { exportRateLimit } from "./rate-limit";

/** Services that have a Server of their own now. */
export function exportAccess(context: ExportContext): Set<string> {
  const { index } = context;
  const servers = index.all("Service").flatMap((service) => serversFor(context, service));
  const writer = newAccessWriter(context);
  const guarded = new Set(servers.map(({ service }) => objectKey(service)));
  if (index.mesh?.spec.defaults.authorization === "drawn") {
    for (const server of servers) exportDrawn(context, writer, server);
  }
  for (const policy of index.all("AuthorizationPolicy")) exportPolicy(context, writer, policy, servers);
  writer.finish(servers);
  for (const limit of index.all("RateLimit")) exportRateLimit(context, limit, servers);
  return guarded;
}

function exportDrawn(context: ExportContext, writer: AccessWriter, server: OutServer): void {
  const { index } = context;
  const trustDomain = index.mesh?.spec.trustDomain ?? "cluster.local";
  const callers = index
    .dependenciesTo(objectKey(server.service))
    .filter(({ spec }) => spec.port === undefined || server.ports.includes(spec.port))
    .flatMap((dependency) => principalsOf(index, trustDomain, refKey(dependency.spec.from, dependency)));
  const refs = callers.flatMap((each) => sayPrincipal(each, trustDomain)?.refs ?? []);
  if (refs.length === 0) return;
  const name = `drawn-callers-of-${server.name}`;
  const where = { name, namespace: server.service.metadata.namespace, generated: "drawn" };
  writer.grant(where, { kind: "Server", name: server.name }, { said: tidy({ refs, identities: [] }), unsaid: [] });
}

function exportPolicy(
  context: ExportContext,
  writer: AccessWriter,
  policy: AuthorizationPolicy,
  servers: readonly OutServer[],
): void {
  const { action, shadow, rules } = policy.spec;
  if (action === "deny") {
    const reason = "Linkerd has no denials: calls that this refuses are let in where anything grants them";
    context.lose(policy, ["spec"], "lost", reason, shadow ? {} : { changesMeaning: true });
    return;
  }
  if (action === "audit") {
    context.lose(policy, ["spec"], "lost", "Linkerd tells of calls that nothing grants, and of no others");
    return;
  }
  if (isNamespaceDenial(policy)) {
    const reason = "it is the default-inbound-policy of the namespace";
    context.tell(policy, ["spec"], "moved", reason);
    return;
  }
  const own = servers.filter(({ service }) => allowsOn(context.index, service).includes(policy));
  if (shadow && own.some(({ service }) => isClosed(context.index, service))) {
    const reason = "Linkerd takes a Server as a whole in shadow, and this one is enforced";
    context.lose(policy, ["spec"], "lost", reason);
    return;
  }
  // what an import read from a Server is in the Server again
  if (policy.metadata.origin?.kind === "Server" && policy.metadata.origin.dialect === "linkerd") return;
  for (const [r, rule] of rules.entries()) exportRule(context, writer, policy, rule, r, own);
}

function exportRule(
  context: ExportContext,
  writer: AccessWriter,
  policy: AuthorizationPolicy,
  rule: AuthorizationRule,
  r: number,
  servers: readonly OutServer[],
): void {
  const path: Path = ["spec", "rules", r];
  const callers = callersOf(context.index, policy, rule.from);
  if (callers.unsaid.length > 0) {
    const reason = `Linkerd has no name for ${callers.unsaid.join(", ")}: these callers are refused`;
    context.lose(policy, [...path, "from"], "lost", reason, { changesMeaning: true });
  }
  if (isNobody(callers)) return;
  if (!rule.to && policy.spec.target.service === undefined) {
    grantNamespaces(writer, policy, callers, servers);
    return;
  }
  const operations = rule.to ?? [{}];
  for (const server of servers) {
    const here = operations.filter(({ ports }) => !ports || ports.some((each) => server.ports.includes(each)));
    const isAny = here.some((each) => Object.keys(each).every((field) => field === "ports"));
    const where = { name: policy.metadata.name, namespace: server.service.metadata.namespace, from: policy };
    if (isAny) {
      writer.grant(where, { kind: "Server", name: server.name }, strictly(context, server.service, callers));
      continue;
    }
    const matches = here.flatMap((operation) => {
      const found = matchesOfOperation(operation);
      if (typeof found !== "string") return found;
      const reason = `${found}: the calls are refused`;
      const at = [...path, "to", operations.indexOf(operation)];
      context.lose(policy, at, "lost", reason, { changesMeaning: true });
      return [];
    });
    if (matches.length > 0) {
      writer.grantCalls(where, server, strictly(context, server.service, callers), { matches, rule: r });
    }
  }
}

function grantNamespaces(
  writer: AccessWriter,
  policy: AuthorizationPolicy,
  callers: Callers,
  servers: readonly OutServer[],
): void {
  const namespaces = [...new Set(servers.map(({ service }) => service.metadata.namespace))];
  for (const namespace of namespaces) {
    const where = { name: policy.metadata.name, namespace, from: policy };
    writer.grant(where, { kind: "Namespace", name: namespace }, callers);
  }
}

/** "Anybody" is anybody with an identity where the service takes nothing else. */
function strictly(context: ExportContext, service: Service, callers: Callers): Callers {
  const key = keyOf("Service", service.metadata.namespace, service.metadata.name);
  const mode = context.index.mutualTlsOn(key)[0]?.spec.mode ?? context.index.mesh?.spec.defaults.mutualTls;
  if (callers.said || mode !== "strict") return callers;
  return { said: { refs: [], identities: ["*"] }, unsaid: [] };
}
