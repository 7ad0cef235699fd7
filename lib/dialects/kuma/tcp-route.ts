// MeshTCPRoute -> rules of the TcpRoute of its service: the policy that wins first, those for a namespace of callers with their caller.
// The rule: a policy is taken over whole or kept whole; nothing is assumed of a service that nobody knows to speak TCP.
import { tcpPorts } from "@/lib/compile/facts";
import {
  type Destination,
  isSameJson,
  objectKey,
  type Service,
  type SpecOf,
  type TcpMatch,
  type TcpRule,
  tcpTargetKey,
} from "@/lib/mesh";
import { tcpRuleText } from "@/lib/mesh/diff/words";
import { type ImportContext, type Resource, refFrom, type Understood, understood } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";
import { type Acting, audienceOf, byMerging, leaveOut } from "./merge";
import { freeName } from "./put-routes";
import type { Entry, KumaState, Place, TargetRef, TcpConf, TcpPolicy } from "./state";
import { isKnownPlace, placeOf, readRef } from "./target-ref";

export function importTcpRoute(state: KumaState) {
  return (_context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const top = readRef(spec.object("targetRef"));
    const refusals: string[] = [];
    const to = spec.list("to").flatMap((fields, index): Entry<TcpConf>[] => {
      const target = fields.object("targetRef");
      const ref = readRef(target);
      if (!target)
        fields.problem("targetRef", "is missing", "Say which service it is for: kind: MeshService and a name.");
      const rules = fields.list("rules").map((rule) => confOf(rule));
      fields.keepRest();
      const [conf] = rules;
      if (rules.length !== 1 || conf?.backends.every(({ weight }) => weight === 0)) {
        refusals.push("nothing gets its connections");
      }
      return ref && conf ? [{ ref, index, conf }] : [];
    });
    spec.keepRest();
    if (to.length === 0) refusals.push("it is for no service");
    const [other] = sink.kept;
    if (other) refusals.push(`${other.path.slice(1).join(".")} is not in the model`);
    const [why] = refusals;
    state.tcp.push({ resource, result, top, to, kept: [], ...(why === undefined ? {} : { why }) });
    return result;
  };
}

function confOf(rule: Fields): TcpConf {
  const body = rule.object("default");
  const backends = (body?.list("backendRefs") ?? []).flatMap((fields) => {
    const weight = fields.number("weight") ?? 1;
    const port = fields.number("port");
    const ref = readRef(fields);
    return ref ? [{ ref, weight, ...(port === undefined ? {} : { port }) }] : [];
  });
  body?.keepRest();
  rule.keepRest();
  return { backends };
}

/** The port that a section of a MeshService is, by its name or number. */
const sectionOf = ({ spec }: Service, section: string) =>
  spec.ports.find(({ name, port }) => name === section || String(port) === section);

/** Routes of all services, when every policy is read. */
export function putTcpRoutes(context: ImportContext, state: KumaState): void {
  const callers = new Map<object, string | undefined>();
  const acting = state.tcp.flatMap((policy): Acting<TcpConf>[] => {
    const { namespace, why } = audienceOf(context, state, policy);
    const refusal = why ?? policy.why ?? refusalOf(context, policy);
    if (refusal !== undefined) {
      leaveOut(context, policy, refusal);
      return [];
    }
    callers.set(policy, namespace);
    return policy.to.flatMap((entry) => {
      const place = placeOf(context, policy.resource, entry.ref);
      return place ? [{ policy, entry, place }] : [];
    });
  });
  const byService = new Map<Service, Acting<TcpConf>[]>();
  for (const each of acting.sort(byMerging).reverse()) {
    if (each.place) byService.set(each.place.service, [...(byService.get(each.place.service) ?? []), each]);
  }
  for (const [service, own] of byService) putTcpRoute(context, service, own, callers);
}

/** Why it is not taken over. */
function refusalOf(context: ImportContext, { resource, to }: TcpPolicy): string | undefined {
  for (const { ref, conf } of to) {
    const place = known(context, resource, ref);
    if (!place || place.subset !== undefined) return `it is for ${textOf(ref)}, which is no service of the design`;
    const { name } = place.service.metadata;
    const section = ref.sectionName === undefined ? undefined : sectionOf(place.service, ref.sectionName);
    const asked = section ? [section] : tcpPorts(place.service.spec.ports);
    if (ref.sectionName !== undefined && section?.protocol !== "tcp")
      return `${name} has no TCP port ${ref.sectionName}`;
    if (asked.length === 0) return `service ${name} has no TCP port in the design`;
    for (const backend of conf.backends) {
      const there = known(context, resource, backend.ref, backend.port);
      if (!there) return `its backend ${textOf(backend.ref)} is no service of the design`;
      const ports = tcpPorts(there.service.spec.ports).map(({ port }) => port);
      const isOpen = ports.length === 1 || asked.every(({ port }) => ports.includes(port));
      const isThere = there.port === undefined ? isOpen : ports.includes(there.port);
      if (!isThere) return `its backend ${textOf(backend.ref)} has no TCP port ${there.port ?? "of its own"}`;
    }
  }
  return undefined;
}

const known = (context: ImportContext, resource: Resource, ref: TargetRef, port?: number) =>
  isKnownPlace(context, resource, ref) ? placeOf(context, resource, ref, port) : undefined;

const textOf = ({ kind, name, labels }: TargetRef) => `${kind} ${name ?? Object.values(labels).join(", ")}`.trim();

function putTcpRoute(
  context: ImportContext,
  service: Service,
  own: readonly Acting<TcpConf>[],
  callers: ReadonlyMap<object, string | undefined>,
): void {
  const key = objectKey(service);
  const existing = context.all("TcpRoute").find((route) => tcpTargetKey(route) === key);
  const { name, namespace } = service.metadata;
  const home = existing?.metadata.namespace ?? namespace;
  const rules: { rule: TcpRule; acting: Acting<TcpConf> }[] = [];
  for (const acting of own) {
    const matches = matchesOf(context, service, acting, callers.get(acting.policy));
    if (rules.some(({ rule }) => takesAll(rule.matches, matches))) continue;
    rules.push({ rule: { matches, destinations: destinationsOf(context, acting, home) }, acting });
  }
  const [first] = rules;
  if (!first) return;
  const forAll = rules.filter(({ acting }) => callers.get(acting.policy) === undefined);
  const { policy } = (forAll[0] ?? first).acting;
  const { resource } = policy;
  // one policy that speaks of this service alone gives it its name
  const isOnly = forAll.every(({ acting }) => acting.policy === policy) && isSameService(own, policy);
  const spec: SpecOf<"TcpRoute"> = {
    service: home === namespace ? { name } : { namespace, name },
    rules: rules.map(({ rule }) => rule),
  };
  const made = context.put(
    "TcpRoute",
    existing?.metadata.name ?? freeName(context, "TcpRoute", namespace, isOnly ? resource.name : name, name),
    spec,
    { resource: { ...resource, namespace } },
    existing,
  );
  for (const { rule, acting } of rules) {
    const { objects, sentences } = acting.policy.result;
    if (!objects.includes(made)) objects.push(made);
    sentences.push(`${tcpRuleText(rule, name)}.`);
  }
}

const isSameService = (own: readonly Acting<TcpConf>[], policy: Acting<TcpConf>["policy"]) =>
  own.filter((each) => each.policy === policy).length === policy.to.length;

/** Empty: every connection to its TCP ports. */
function matchesOf(
  context: ImportContext,
  service: Service,
  { policy, entry }: Acting<TcpConf>,
  namespace: string | undefined,
): TcpMatch[] {
  if (namespace !== undefined) context.assumeNamespace(namespace);
  const caller = namespace === undefined ? {} : { caller: { namespace } };
  const { sectionName } = entry.ref;
  const carried = tcpPorts(service.spec.ports);
  if (sectionName !== undefined && carried.length > 1) {
    return [{ port: sectionOf(service, sectionName)?.port ?? 0, ...caller }];
  }
  if (sectionName === undefined && carried.length < service.spec.ports.length) {
    const ports = carried.map(({ port }) => port).join(", ");
    const message = `is for all ports of ${service.metadata.name} there; here it is for its TCP ports ${ports}`;
    context.warn(policy.resource, entry.ref.path, message, "Name the port in sectionName.", { changesMeaning: true });
  }
  return namespace === undefined ? [] : [caller];
}

/** What the first takes the second need not be asked about. */
const takesAll = (first: readonly TcpMatch[], second: readonly TcpMatch[]): boolean =>
  first.length === 0 ||
  (second.length > 0 &&
    second.every((match) =>
      first.some(
        ({ port, caller }) =>
          (port === undefined || port === match.port) && (caller === undefined || isSameJson(caller, match.caller)),
      ),
    ));

function destinationsOf(context: ImportContext, { policy, entry }: Acting<TcpConf>, home: string): Destination[] {
  return entry.conf.backends.flatMap(({ ref, weight, port }) => {
    const place: Place | undefined = placeOf(context, policy.resource, ref, port);
    if (!place) return [];
    return [
      {
        service: refFrom(place.service, home),
        ...(place.subset === undefined ? {} : { subset: place.subset }),
        ...(place.port === undefined ? {} : { port: place.port }),
        weight,
      },
    ];
  });
}
