// MeshGateway (2.x) -> Gateway, and the MeshHTTPRoutes that name it -> Routes of its hosts.
// The rule: a gateway of Kuma belongs to no namespace; it is where its tag kuma.io/service or its instance says.
import { isSameJson, keyOf, type Protocol, type RouteRule, refKey, type SpecOf, valueAt } from "@/lib/mesh";
import { ruleText } from "@/lib/mesh/diff/words";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Fields, Sink } from "../shared/fields";
import { parseServiceTag, SERVICE_TAG } from "./documents";
import { gatewayConf, leaveOut } from "./merge";
import { actionOf, mergedRules, ordered, type RouteActing, ruleTimes } from "./put-routes";
import type { KumaState, RoutePolicy } from "./state";

const PROTOCOLS: Record<string, Protocol> = { HTTP: "http", HTTPS: "http", TCP: "tcp", TLS: "tcp" };

export function importGateway(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood {
  const result = understood(resource);
  const conf = spec.object("conf");
  const names = new Set<string>();
  const listeners = (conf?.list("listeners") ?? []).flatMap((fields): SpecOf<"Gateway">["listeners"] => {
    const port = fields.number("port");
    const protocol = isPassthrough(fields) ? "tls" : (PROTOCOLS[fields.text("protocol") ?? "HTTP"] ?? "tcp");
    const hostname = fields.text("hostname");
    fields.keepRest();
    if (port === undefined) fields.problem("port", "is missing", "Write the listener's port.");
    if (port === undefined) return [];
    const base = `${protocol}-${port}`;
    const name = names.has(base) ? `${base}-${names.size + 1}` : base;
    names.add(name);
    return [{ name, port, protocol, hosts: [hostname ?? "*"] }];
  });
  conf?.keepRest();
  const selectors = spec.peek("selectors");
  spec.keepRest();
  if (listeners.length === 0) {
    leaveOut(context, { resource, result }, "it has no listener");
    return result;
  }
  const namespace = namespaceOf(context, selectors);
  context.assumeNamespace(namespace);
  const existing = context.get(keyOf("Gateway", namespace, resource.name));
  const current = existing?.kind === "Gateway" ? existing : undefined;
  const gateway = { ...current?.spec, type: "ingress" as const, listeners };
  result.objects.push(
    context.put("Gateway", resource.name, gateway, { resource: { ...resource, namespace }, sink }, current),
  );
  result.sentences.push(`gateway on ${listeners.map(({ port }) => `port ${port}`).join(", ")}.`);
  return result;
}

/** TLS that is passed on as it is. */
function isPassthrough(fields: Fields): boolean {
  const tls = fields.peek("tls");
  const isPassed = fields.peek("protocol") === "TLS" && isSameJson(tls, { mode: "PASSTHROUGH" });
  if (isPassed) for (const name of ["protocol", "tls"]) fields.take(name);
  return isPassed;
}

function namespaceOf(context: ImportContext, selectors: unknown): string {
  const tags = (Array.isArray(selectors) ? selectors : []).flatMap(
    (each: unknown) => valueAt(each, ["match", SERVICE_TAG]) ?? [],
  );
  const [tag] = tags;
  const said = typeof tag === "string" ? parseServiceTag(tag).namespace : undefined;
  const instance = context.resources.find(
    ({ kind, spec }) => kind === "MeshGatewayInstance" && valueAt(spec, ["tags", SERVICE_TAG]) === tag,
  );
  return said ?? instance?.namespace ?? "default";
}

/** Routes of gateways: their top-level target is the gateway, their destination the whole mesh. */
export function putGatewayRoutes(context: ImportContext, state: KumaState): RoutePolicy[] {
  const others: RoutePolicy[] = [];
  const groups = new Map<string, { name: string; hosts: string[] | undefined; own: RouteActing[] }>();
  for (const policy of state.routes) {
    if (policy.top?.kind !== "MeshGateway") {
      others.push(policy);
      continue;
    }
    const name = policy.top.name ?? "";
    if (!context.all("Gateway").some(({ metadata }) => metadata.name === name)) {
      leaveOut(context, policy, `gateway ${name} is not in the design`);
      continue;
    }
    for (const entry of policy.to) {
      const hosts = entry.conf.hostnames;
      const key = `${name} ${(hosts ?? []).join(" ")}`;
      const group = groups.get(key) ?? { name, hosts, own: [] };
      group.own.push({ policy, entry });
      groups.set(key, group);
    }
  }
  for (const group of groups.values()) putGroup(context, state, group);
  return others;
}

type Group = { name: string; hosts: string[] | undefined; own: RouteActing[] };

function putGroup(context: ImportContext, state: KumaState, { name, hosts, own }: Group): void {
  const gateway = context.all("Gateway").find(({ metadata }) => metadata.name === name);
  const [first] = own;
  if (!gateway || !first) return;
  const { namespace } = gateway.metadata;
  const times = ruleTimes(gatewayConf(state.timeouts, name), gatewayConf(state.retries, name), false);
  const { rules, kept } = ordered(mergedRules(own), (rule) => actionOf(rule, [], namespace, times));
  const usable: RouteRule[] = rules.filter(({ action }) => action.type !== "forward" || action.destinations.length > 0);
  if (usable.length === 0) return;
  const spec: SpecOf<"Route"> = { target: { kind: "Gateway", name }, ...(hosts ? { hosts } : {}), rules: usable };
  const key = keyOf("Gateway", namespace, name);
  const existing = context
    .all("Route")
    .find(
      (route) => refKey(route.spec.target, route) === key && JSON.stringify(route.spec.hosts) === JSON.stringify(hosts),
    );
  const { resource, result } = first.policy;
  const route = existing?.metadata.name ?? resource.name;
  const put = context.put(
    "Route",
    route,
    spec,
    { resource: { ...resource, namespace }, sink: { kept, problems: [] } },
    existing,
  );
  result.objects.push(put);
  result.sentences.push(...usable.map((rule) => `${ruleText(rule, name)}.`));
}
