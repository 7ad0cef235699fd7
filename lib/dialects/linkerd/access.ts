// Servers with everything that grants on them -> AuthorizationPolicies and MutualTls of the services behind them.
// The rule: a Server closes its port, and policies open it. The model protects a service as a whole, so other ports close with it.
import {
  type AuthorizationOperation,
  type AuthorizationRule,
  type AuthorizationSource,
  keyOf,
  type ObjectKey,
  objectKey,
  type Service,
  workloadLabels,
} from "@/lib/mesh";
import { type Labels, matches, podPorts, servicesMeant } from "../kubernetes/selectors";
import type { ImportContext } from "../shared/context";
import { keepBeside } from "../shared/verbatim";
import { type Grant, grantsOf } from "./grants";
import { keepAside } from "./kept-kinds";
import { putMutualTls } from "./mutual-tls";
import { type LimitPart, putRateLimits } from "./rate-limit";
import type { LinkerdState, Part, PolicyPart, ServerPart } from "./state";

/** A Server at one service, with the ports of the service that it is for. */
type Guard = { server: ServerPart; service: Service; ports: number[] };

const ANYBODY = new Set(["all-unauthenticated", "cluster-unauthenticated", "audit"]);
const OPEN: Record<string, AuthorizationRule[]> = {
  deny: [],
  audit: [],
  "all-authenticated": [{ from: [{ principals: ["*"] }] }],
  "cluster-authenticated": [{ from: [{ principals: ["*"] }] }],
  "all-unauthenticated": [{}],
  "cluster-unauthenticated": [{}],
};

/** The services that have a Server. */
export function putAccess(
  context: ImportContext,
  state: LinkerdState,
  limits: readonly LimitPart[],
  trustDomain: string,
): Set<ObjectKey> {
  const guards = state.servers.flatMap((server) => guardsOf(context, server));
  const { grants, leftOut, ofNamespace } = grantsOf(state, trustDomain);
  for (const { part, reason } of leftOut) keepAside(context, part, ["spec"], `is left out: ${reason}`);
  keepUnsaid(context, state, new Set(leftOut.map(({ part }) => part)));
  for (const guard of guards) putGuard(context, guard, guards);
  const byPart = new Map<Part, Grant[]>();
  for (const grant of grants) byPart.set(grant.part, [...(byPart.get(grant.part) ?? []), grant]);
  for (const [part, own] of byPart) putGrants(context, part, own, guards, ofNamespace.has(part));
  putRateLimits(context, limits, guards);
  const services = new Map(guards.map(({ service }) => [objectKey(service), service]));
  for (const service of services.values()) putProtection(context, service, guards, grants);
  return new Set(services.keys());
}

/** What only policies name that are left out stays with them, and so does what no policy names. */
function keepUnsaid(context: ImportContext, state: LinkerdState, leftOut: ReadonlySet<Part>): void {
  const taken = state.policies.filter((each) => !leftOut.has(each));
  const isNamed = ({ resource: { kind, name, namespace } }: Part, policies: readonly PolicyPart[]) =>
    policies.some(({ refs, target }) =>
      [...refs, target].some((ref) => ref.kind === kind && ref.name === name && ref.namespace === namespace),
    );
  for (const part of [...state.meshTls, ...state.networks]) if (!isNamed(part, taken)) keepBeside(context, part);
  const without = state.policies.filter((each) => leftOut.has(each));
  for (const part of state.serverRoutes) {
    if (!isNamed(part, taken) && isNamed(part, without)) keepBeside(context, part);
  }
}

function guardsOf(context: ImportContext, server: ServerPart): Guard[] {
  const { resource, selector, port } = server;
  const services = selector && servicesOf(context, resource.namespace, selector);
  if (!services) {
    const why = selector ? "no service of the design is exactly the pods that it selects" : "it selects by expressions";
    keepAside(context, server, ["spec", "podSelector"], `is left out: ${why}`);
    return [];
  }
  const guards = services.flatMap((service) => {
    const ports = podPorts(service)
      .filter(
        ({ pod, port: own }) =>
          pod === port || service.spec.ports.some((each) => each.port === own && each.name === port),
      )
      .map(({ port: own }) => own);
    return ports.length > 0 ? [{ server, service, ports }] : [];
  });
  if (guards.length === 0) {
    keepAside(context, server, ["spec", "port"], `is left out: port ${port} is no port of a service here`);
  }
  return guards;
}

/** Where no pods of the design are known to be meant, the label of the name means the service of the name. */
function servicesOf(context: ImportContext, namespace: string, selector: Labels): Service[] | undefined {
  const known = servicesMeant(context, namespace, selector);
  if (known) return known;
  const [label, ...more] = Object.keys(selector);
  const isName = more.length === 0 && (label === "app" || label === "app.kubernetes.io/name");
  const service = isName ? context.find("Service", keyOf("Service", namespace, selector[label] ?? "")) : undefined;
  const isTaken = context
    .all("Workload")
    .some((each) => each.metadata.namespace === namespace && matches(selector, workloadLabels(each)));
  return service && !isTaken ? [service] : undefined;
}

const guardsAt = (guards: readonly Guard[], service: Service) =>
  guards.filter((each) => objectKey(each.service) === objectKey(service));

function putGuard(context: ImportContext, { server, service }: Guard, guards: readonly Guard[]): void {
  const { resource, accessPolicy, port, result, selector } = server;
  const scoped = portsOf(guards, service, server);
  const base = OPEN[accessPolicy] ?? [];
  const rules = scoped ? base.map((rule) => ({ ...rule, to: [{ ports: scoped }] })) : base;
  const isOnly = guardsAt(guards, service).length === 1;
  const name = `server-${service.metadata.name}${isOnly ? "" : `-${resource.name}`}`.slice(0, 253);
  const kept = [
    ...server.kept,
    { path: ["spec", "port"], value: port },
    { path: ["spec", "podSelector"], value: { matchLabels: selector ?? {} } },
    ...(accessPolicy.startsWith("cluster-") ? [{ path: ["spec", "accessPolicy"], value: accessPolicy }] : []),
  ];
  const shadow = accessPolicy === "audit" ? { shadow: true } : {};
  const spec = { target: { service: service.metadata.name }, action: "allow" as const, ...shadow, rules };
  const existing = context.find("AuthorizationPolicy", keyOf("AuthorizationPolicy", resource.namespace, name));
  result.objects.push(
    context.put("AuthorizationPolicy", name, spec, { resource, sink: { kept, problems: [] } }, existing),
  );
  result.sentences.push(`port ${port} of ${service.metadata.name} is ${WORDS[accessPolicy] ?? accessPolicy}.`);
  if (accessPolicy.startsWith("cluster-")) {
    const message = `${accessPolicy} is taken over without "cluster": addresses have no place in the model`;
    const changesMeaning = accessPolicy === "cluster-unauthenticated";
    context.warn(resource, ["spec", "accessPolicy"], message, "Close the cluster to others.", { changesMeaning });
  }
}

const WORDS: Record<string, string> = {
  deny: "closed but for policies",
  audit: "open, and calls that no policy grants are told",
  "all-authenticated": "open to every identity",
  "all-unauthenticated": "open",
};

/** Undefined: the service has one Server, which stands for all of it. */
function portsOf(guards: readonly Guard[], service: Service, server: ServerPart): number[] | undefined {
  const all = guardsAt(guards, service);
  return all.length < 2 ? undefined : all.find((each) => each.server === server)?.ports;
}

function putGrants(
  context: ImportContext,
  part: Part,
  grants: readonly Grant[],
  guards: readonly Guard[],
  isOfNamespace: boolean,
): void {
  const { resource, result, kept } = part;
  const from = grants[0]?.from ?? [];
  const sources: { from?: AuthorizationSource[] } = from.length > 0 ? { from } : {};
  const here = context.all("Service").filter(({ metadata }) => metadata.namespace === resource.namespace);
  const isWhole =
    isOfNamespace && grants.every(({ to }) => !to) && here.every((service) => guardsAt(guards, service).length > 0);
  const put = (name: string, target: { service: string } | { namespace: string }, rules: AuthorizationRule[]) => {
    const shadow = grants.every(({ server }) => server.accessPolicy === "audit") ? { shadow: true } : {};
    const existing = context.find("AuthorizationPolicy", keyOf("AuthorizationPolicy", resource.namespace, name));
    const spec = { target, action: "allow" as const, ...shadow, rules };
    result.objects.push(
      context.put("AuthorizationPolicy", name, spec, { resource, sink: { kept, problems: [] } }, existing),
    );
  };
  if (isWhole) put(resource.name, { namespace: resource.namespace }, [sources]);
  else {
    const services = [...new Set(grants.flatMap(({ server }) => guards.filter((each) => each.server === server)))];
    const names = [...new Set(services.map(({ service }) => service.metadata.name))];
    for (const [i, name] of names.entries()) {
      const service = services.find((each) => each.service.metadata.name === name)?.service;
      if (!service) continue;
      const to = grants.flatMap((grant) => callsOf(grant, guards, service));
      const isAny = to.some((each) => Object.keys(each).length === 0);
      const rule = { ...sources, ...(isAny ? {} : { to }) };
      put(i === 0 ? resource.name : `${resource.name}-${name}`.slice(0, 253), { service: name }, [rule]);
    }
  }
  result.sentences.push(`grants ${from.length === 0 ? "anybody" : "named callers"} what it is for.`);
}

function callsOf({ server, to }: Grant, guards: readonly Guard[], service: Service): AuthorizationOperation[] {
  if (!guardsAt(guards, service).some((each) => each.server === server)) return [];
  const ports = portsOf(guards, service, server);
  return (to ?? [{}]).map((each) => ({ ...each, ...(ports ? { ports } : {}) }));
}

/** Who may call without an identity decides whether the service takes plain text. */
function putProtection(
  context: ImportContext,
  service: Service,
  guards: readonly Guard[],
  grants: readonly Grant[],
): void {
  const own = guardsAt(guards, service);
  const [first] = own;
  if (!first) return;
  const isOpen = ({ server }: Guard) =>
    ANYBODY.has(server.accessPolicy) || grants.some((each) => each.server === server && each.from.length === 0);
  const open = own.filter(isOpen);
  const opensAll =
    own.every(({ server }) => ANYBODY.has(server.accessPolicy)) ||
    own.every(({ server }) => grants.some((each) => each.server === server && each.from.length === 0 && !each.to));
  const mode = opensAll ? "permissive" : "strict";
  putMutualTls(context, first.server, { service: service.metadata.name }, mode, service.metadata.name);
  if (open.length > 0 && !opensAll) {
    const message = `lets callers without an identity make some calls of ${service.metadata.name}; a service that tells callers apart takes mutual TLS only here`;
    context.warn(first.server.resource, ["spec"], message, "Give those callers an identity.", { changesMeaning: true });
  }
  const guarded = new Set(own.flatMap(({ ports }) => ports));
  const bare = service.spec.ports.map(({ port }) => port).filter((port) => !guarded.has(port));
  if (bare.length > 0) {
    const message = `is for other ports of ${service.metadata.name} than ${bare.join(", ")}, where Linkerd's default holds; here they are closed with it`;
    context.warn(first.server.resource, ["spec", "port"], message, "Give those ports a service of their own.", {
      changesMeaning: true,
    });
  }
}
