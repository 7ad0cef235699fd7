// The fault of rules -> MeshFaultInjection of the callee, where every rule that leads to it has the same.
// The rule: Kuma makes it within timeouts and retries of callers, where the design makes it before them: that is told of every rule.
import { type Fault, type Route, type RouteRule, serviceRefKey } from "@/lib/mesh";
import type { Judgement } from "../gateway-api/entries";
import { msToDuration } from "../shared/fields";
import type { KumaExport } from "./export-refs";
import { routeOf } from "./fault-senders";

export function judgeFault(out: KumaExport, route: Route, { action }: RouteRule): Judgement {
  const keys = action.type === "forward" ? action.destinations.map((each) => serviceRefKey(each.service, route)) : [];
  if (keys.some((key) => out.faults.has(key))) {
    const reason = "MeshFaultInjection makes the fault at the callee, within timeouts and retries of its callers";
    return { verdict: "approximate", reason, changesMeaning: true };
  }
  const reason = "Kuma makes faults at the callee, for all of its calls: give all rules that lead to it the same one";
  return { verdict: "lost", reason, changesMeaning: true };
}

export function exportFaults(out: KumaExport): void {
  const { index } = out.context;
  for (const [key, fault] of out.faults) {
    const service = index.get(key);
    const route = routeOf(index.all("Route"), key);
    if (service?.kind !== "Service" || !route) continue;
    const { ref: targetRef, isAssumed } = out.pods(service);
    const home = { name: route.metadata.name, namespace: service.metadata.namespace };
    out.add("MeshFaultInjection", home, { targetRef, rules: [{ default: { http: [written(fault)] } }] });
    if (!isAssumed) continue;
    const reason = `Kuma selects workloads by label: app=${service.metadata.name} is assumed on them`;
    out.context.lose(route, ["spec", "target"], "approximate", reason);
  }
}

/** Kuma takes decimal numbers as texts, and Envoy parts of a million. */
function percentage(percent: number): number | string {
  return Number.isInteger(percent) ? percent : percent.toFixed(4).replace(/\.?0+$/, "");
}

function written({ delay, abort, responseBandwidth: slow }: Fault): Record<string, unknown> {
  return {
    ...(delay ? { delay: { percentage: percentage(delay.percent), value: msToDuration(delay.fixedDelayMs) } } : {}),
    ...(abort ? { abort: { percentage: percentage(abort.percent), httpStatus: abort.httpStatus } } : {}),
    ...(slow ? { responseBandwidth: { percentage: percentage(slow.percent), limit: `${slow.limitKbps}kbps` } } : {}),
  };
}
