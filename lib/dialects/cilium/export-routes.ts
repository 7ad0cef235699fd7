// Routes and gateways -> Gateway API as Cilium takes it: every port named, retries on gateways only in the experimental channel.
import { type Route, type RouteRule, refKey } from "@/lib/mesh";
import type { Judgement } from "../gateway-api/entries";
import { exportGateway } from "../gateway-api/export-gateway";
import { exportRoute } from "../gateway-api/export-route";
import { exportGrants, exportVersion, type Grant } from "../gateway-api/export-services";
import type { ExportContext } from "../shared/export-context";
import { isRecord } from "../shared/fields";

const CLASS = "cilium";

/** The versions that routes need a Service for. */
export function exportRoutes(context: ExportContext): ReadonlyMap<string, unknown> {
  const { index } = context;
  const versions = new Map<string, [service: string, subset: string]>();
  const grants: Grant[] = [];
  for (const gateway of index.all("Gateway")) exportGateway(context, gateway, CLASS);
  for (const route of index.all("Route")) {
    const before = context.resources.length;
    exportRoute(context, route, {
      channel: "standard",
      needsSubset: (service, subset) => versions.set(`${service} ${subset}`, [service, subset]),
      needsGrant: (kind, from, to) => grants.push({ kind, from, to }),
      product: {
        title: "Cilium",
        dialects: ["cilium", "gateway-api"],
        annotationsOf: () => ({}),
        judgementsOf: (rule) => judgementsOf(context, route, route.spec.rules[rule]),
      },
    });
    for (const { spec } of context.resources.slice(before)) namePorts(context, route, spec);
  }
  for (const [service, subset] of [...versions.values()].sort()) exportVersion(context, service, subset);
  exportGrants(context, grants);
  return versions;
}

/** Without a port Cilium takes a route for those ports alone that say they speak HTTP. */
function namePorts({ index }: ExportContext, route: Route, spec: Record<string, unknown>): void {
  const target = index.get(refKey(route.spec.target, route));
  const refs = spec["parentRefs"];
  if (target?.kind !== "Service" || !Array.isArray(refs)) return;
  const ports = target.spec.ports.filter(({ protocol }) => protocol !== "tcp").map(({ port }) => port);
  spec["parentRefs"] = refs.filter(isRecord).flatMap((ref) => {
    const isWhole = ref["kind"] === "Service" && ref["port"] === undefined && ports.length > 0;
    return isWhole ? ports.map((port) => ({ ...ref, port })) : [ref];
  });
}

function judgementsOf({ index }: ExportContext, route: Route, rule: RouteRule | undefined): Judgement[] {
  const target = index.get(refKey(route.spec.target, route));
  if (target?.kind !== "Service" || !rule) return [];
  // a route is for the callers of its namespace and all others alike there
  return route.metadata.namespace === target.metadata.namespace
    ? []
    : [
        {
          verdict: "approximate",
          reason: "Cilium takes routes of the service's own namespace only: written there",
          changesMeaning: false,
        },
      ];
}
