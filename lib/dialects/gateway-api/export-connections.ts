// A TcpRoute of a gateway -> a TLSRoute for each rule that decides about server names, a TCPRoute for each that decides about ports.
// The rule: a rule's names and ports are those that the list leaves it, so the list is said without its order.
import { decidingRules, type Gateway, isConnectionListener, type TcpRoute, tcpTargetKey } from "@/lib/mesh";
import { type ExportContext, metadataOf } from "../shared/export-context";
import type { RouteNeeds } from "./export-rule";
import { backendsOf, MAX_BACKENDS, RULE_NAME } from "./export-tcp";
import { GROUP } from "./state";

type Needs = Pick<RouteNeeds, "needsSubset" | "needsGrant">;
type Part = { kind: "TLSRoute" | "TCPRoute"; rule: number; parents: Record<string, unknown>[]; hostnames: string[] };

export function exportConnections(context: ExportContext, route: TcpRoute, needs: Needs): void {
  const gateway = context.index.find("Gateway", tcpTargetKey(route));
  if (!gateway) return;
  const { origin, namespace } = route.metadata;
  const counts = new Map<string, number>();
  const names = new Map<number, string[]>();
  for (const { kind, rule: index, parents, hostnames } of partsOf(gateway, route)) {
    const rule = route.spec.rules[index];
    if (!rule) continue;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const base = origin?.kind === kind && origin.dialect === "gateway-api" ? origin.name : route.metadata.name;
    const name = count === 1 ? base : `${base}-${String(count).padStart(2, "0")}`;
    names.set(index, [...(names.get(index) ?? []), `${kind} ${name}`]);
    const backendRefs = backendsOf(context, route, index, { namespace, called: 0, needsSubset: needs.needsSubset });
    for (const { name: backend, namespace: home } of backendRefs)
      if (typeof backend === "string" && typeof home === "string")
        needs.needsGrant(kind, namespace, { name: backend, namespace: home });
    context.resources.push({
      apiVersion: `${GROUP}/v1`,
      kind,
      metadata: metadataOf(route, name, namespace),
      spec: {
        parentRefs: parents,
        ...(kind === "TLSRoute" ? { hostnames } : {}),
        rules: [
          {
            ...(rule.name !== undefined && RULE_NAME.test(rule.name) ? { name: rule.name } : {}),
            backendRefs,
          },
        ],
      },
    });
  }
  report(context, route, gateway, names);
}

/** By rule: one for its names, which listeners with the same names share, and one for its ports. */
function partsOf({ metadata, spec }: Gateway, route: TcpRoute): Part[] {
  const parts = new Map<string, Part>();
  const tls = spec.listeners.filter(({ protocol }) => protocol === "tls");
  for (const listener of spec.listeners) {
    if (listener.protocol !== "tls" && listener.protocol !== "tcp") continue;
    for (const { rule, names } of decidingRules([route], listener)) {
      // TLSRoute has to name hosts
      const hostnames = (names ?? []).filter((each) => each !== "*");
      if (names && hostnames.length === 0) continue;
      const kind = names ? "TLSRoute" : "TCPRoute";
      const id = `${rule} ${kind} ${hostnames.join(" ")}`;
      const known = parts.get(id) ?? { kind, rule, parents: [], hostnames };
      const isOnly = kind === "TLSRoute" && tls.length === 1;
      const namespace = metadata.namespace === route.metadata.namespace ? {} : { namespace: metadata.namespace };
      const parent = { name: metadata.name, ...namespace, ...(isOnly ? {} : { port: listener.port }) };
      const isNew = known.parents.every((each) => each["port"] !== parent.port);
      parts.set(id, { ...known, parents: isNew ? [...known.parents, parent] : known.parents });
    }
  }
  return [...parts.values()].sort((a, b) => a.rule - b.rule);
}

function report(
  context: ExportContext,
  route: TcpRoute,
  { spec }: Gateway,
  names: ReadonlyMap<number, string[]>,
): void {
  const decided = spec.listeners.filter(isConnectionListener).flatMap((each) => decidingRules([route], each));
  const everyName = new Set(decided.flatMap((each) => (each.names?.includes("*") ? [each.rule] : [])));
  route.spec.rules.forEach(({ name, destinations }, i) => {
    const path = ["spec", "rules", i];
    const written = names.get(i);
    const words = written ? { target: written.join(", ") } : {};
    const isForAll = everyName.has(i);
    if (isForAll) {
      const reason = "a TLSRoute names its hosts: TLS for other names than those is closed there";
      context.lose(route, path, "lost", reason, { changesMeaning: true, ...words });
    } else if (!written)
      context.tell(route, path, "moved", "rules before it take its connections, so it is not written");
    else if (destinations.length > MAX_BACKENDS)
      context.lose(route, path, "lost", `more than ${MAX_BACKENDS} destinations`, { changesMeaning: true, ...words });
    else if (name !== undefined && !RULE_NAME.test(name))
      context.lose(route, [...path, "name"], "approximate", "it is no name of Gateway API, and is left out", words);
    else context.tell(route, path, "exact", "means the same in Gateway API", words);
  });
}
