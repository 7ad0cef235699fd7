// MeshFaultInjection -> the fault of rules: Kuma makes it at the callee, for calls of everybody; the model at the caller, rule by rule.
// The rule: one fault of whole services is on every rule that sends calls to them, and told; what is for some callers or parts is kept whole.
import { type Fault, type ObjectKey, objectKey, type RouteRule, type Service, type SpecOf } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";
import { parseServiceTag, SERVICE_TAG } from "./documents";
import { routeOf, type Sender, sendersOf } from "./fault-senders";
import { leaveOut } from "./merge";
import { speaksGrpc, speaksHttp } from "./ports";
import { freeName, ruleTimes } from "./put-routes";
import type { FaultPolicy, KumaState, Selection, TargetRef } from "./state";
import { readRef, selectionOf } from "./target-ref";

/** The model's bounds. */
const MOST_DELAY_MS = 86_400_000;
const MOST_KBPS = 1_000_000_000;
const STATUS = [200, 599] as const;
/** In Envoy's limit_kbps, as Kuma reckons. */
const UNITS: Readonly<Record<string, number>> = { kbps: 1, Mbps: 1000, Gbps: 1_000_000 };

export function importFaultInjection(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const top = readRef(spec.object("targetRef"));
    const selection = selectionOf(context, state, resource, top);
    const [entry, ...more] = [...spec.list("from"), ...spec.list("rules")];
    const ref = readRef(entry?.object("targetRef"));
    const body = entry?.object("default");
    const [http, ...others] = body?.list("http") ?? [];
    const fault = http && faultOf(http);
    for (const each of [http, body, entry, spec]) each?.keepRest();
    const isWhole = more.length === 0 && others.length === 0 && sink.kept.length === 0;
    const isForAll = ref === undefined || (ref.kind === "Mesh" && !ref.isGatewayOnly);
    sink.kept.length = 0;
    const why =
      selection.type !== "services" || isPart(top, selection.services)
        ? "it is not for whole services of the design"
        : !fault || !isWhole || !isForAll
          ? "it does more than make one fault for all callers"
          : undefined;
    state.faults.push({ resource, result, selection, ...(why === undefined ? { fault } : { why }) });
    return result;
  };
}

/** A version, or a port, that is named as a service of its own. */
function isPart(top: TargetRef | undefined, services: readonly Service[]): boolean {
  if (top?.sectionName !== undefined) return true;
  const said = top?.name ?? top?.labels[SERVICE_TAG];
  if (said === undefined) return false;
  const { name, port } = parseServiceTag(said);
  return services.some(({ metadata, spec }) => metadata.name !== name || (port !== undefined && spec.ports.length > 1));
}

/** Undefined: nothing, or something that the model cannot say. */
function faultOf(fields: Fields): Fault | undefined {
  const waits = fields.object("delay");
  const fails = fields.object("abort");
  const slow = fields.object("responseBandwidth");
  const delay = waits && { percent: shareOf(waits), fixedDelayMs: waits.duration("value") };
  const abort = fails && { percent: shareOf(fails), httpStatus: fails.within("httpStatus", ...STATUS) };
  const responseBandwidth = slow && { percent: shareOf(slow), limitKbps: kbpsOf(slow.text("limit")) };
  for (const each of [waits, fails, slow]) each?.keepRest();
  const parts = [delay, abort, responseBandwidth].flatMap((part) => (part ? Object.values(part) : []));
  const isTime = delay?.fixedDelayMs === undefined || isWithin(delay.fixedDelayMs, MOST_DELAY_MS);
  const isStatus = abort?.httpStatus === undefined || Number.isInteger(abort.httpStatus);
  const isSpeed = responseBandwidth?.limitKbps === undefined || isWithin(responseBandwidth.limitKbps, MOST_KBPS);
  if (parts.length === 0 || parts.includes(undefined) || !isTime || !isStatus || !isSpeed) return undefined;
  return {
    ...(delay ? { delay } : {}),
    ...(abort ? { abort } : {}),
    ...(responseBandwidth ? { responseBandwidth } : {}),
  } as Fault;
}

const isWithin = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;

/** A whole number, or a text with a decimal one. */
function shareOf(fields: Fields): number | undefined {
  const value = fields.take("percentage");
  const share = typeof value === "string" && /^\d{1,3}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
  return typeof share === "number" && share >= 0 && share <= 100 ? share : undefined;
}

function kbpsOf(limit: string | undefined): number | undefined {
  const [, number, unit] = /^(\d{1,10})\s?([kMG]bps)$/.exec(limit ?? "") ?? [];
  const factor = UNITS[unit ?? ""];
  return factor === undefined ? undefined : Number(number) * factor;
}

/** Faults on the rules that are there when everything else is read. */
export function putFaults(context: ImportContext, state: KumaState): void {
  if (state.faults.length === 0) return;
  const senders = sendersOf(context.all("Route"));
  const spoken = new Map<ObjectKey, number>();
  for (const { selection } of state.faults)
    for (const key of meant(context, selection).map(objectKey)) spoken.set(key, (spoken.get(key) ?? 0) + 1);
  for (const policy of state.faults) {
    const services = meant(context, policy.selection);
    const hindrance = services.map((service) => hindranceOf(context, service, senders, spoken)).find(Boolean);
    const why = policy.why ?? hindrance;
    if (why !== undefined || !policy.fault) leaveOut(context, policy, why ?? "it is not understood");
    else for (const service of services) putFault(context, policy, policy.fault, service, senders);
  }
}

function meant(context: ImportContext, selection: Selection): readonly Service[] {
  if (selection.type === "services") return selection.services;
  if (selection.type === "unknown") return [];
  const all = context.all("Service");
  return selection.type === "all" ? all : all.filter(({ metadata }) => metadata.namespace === selection.namespace);
}

function hindranceOf(
  context: ImportContext,
  service: Service,
  senders: ReadonlyMap<ObjectKey, readonly Sender[]>,
  spoken: ReadonlyMap<ObjectKey, number>,
): string | undefined {
  const key = objectKey(service);
  const { name } = service.metadata;
  if (!speaksHttp(service)) return `${name} speaks no HTTP`;
  if ((spoken.get(key) ?? 0) > 1) return `several policies make faults at ${name}`;
  const own = senders.get(key) ?? [];
  if (own.some(({ isAlone }) => !isAlone)) return `a rule sends calls to ${name} and others, or copies of calls to it`;
  if (own.length === 0 && routeOf(context.all("Route"), key)) return `no rule sends calls to ${name}`;
  return undefined;
}

function putFault(
  context: ImportContext,
  { resource, result }: FaultPolicy,
  fault: Fault,
  service: Service,
  senders: ReadonlyMap<ObjectKey, readonly Sender[]>,
): void {
  const key = objectKey(service);
  const { name, namespace } = service.metadata;
  const places = new Map<ObjectKey, Set<number>>();
  for (const { route, rule } of senders.get(key) ?? []) places.set(route, (places.get(route) ?? new Set()).add(rule));
  for (const [place, rules] of places) {
    const route = context.find("Route", place);
    if (!route) continue;
    const changed = route.spec.rules.map((rule, i): RouteRule => (rules.has(i) ? { ...rule, fault } : rule));
    const put = context.put("Route", route.metadata.name, { ...route.spec, rules: changed }, undefined, route);
    if (!result.objects.includes(put)) result.objects.push(put);
  }
  if (!routeOf(context.all("Route"), key)) {
    const action = { type: "forward" as const, destinations: [{ service: { name }, weight: 1 }] };
    const rule: RouteRule = { matches: [], action, ...ruleTimes(undefined, undefined, speaksGrpc(service)), fault };
    const spec: SpecOf<"Route"> = { target: { kind: "Service", name }, rules: [rule] };
    const own = freeName(context, "Route", namespace, resource.name, name);
    result.objects.push(context.put("Route", own, spec, { resource: { ...resource, namespace } }, undefined));
  }
  result.sentences.push(`every rule that sends calls to ${name} makes a fault.`);
  const message = `makes a fault at ${name}; here its callers make it, before their timeouts and retries, and ${name} does not see it`;
  const fix = "Count on no retries of it, and look for it in the figures of callers.";
  context.warn(resource, ["spec"], message, fix, { verdict: "approximate", changesMeaning: true });
}
