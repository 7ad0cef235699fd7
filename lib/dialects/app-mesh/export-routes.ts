// Services and their routes -> virtual services, virtual routers and routes.
// The rule: a rule that cannot be said whole is left out and told: its calls go on to the rules after it.
import {
  type MeshObject,
  objectKey,
  type Path,
  type Route,
  type RouteDestination,
  type RouteRule,
  type Service,
} from "@/lib/mesh";
import { matchesOf } from "./export-match";
import { type AppMeshExport, type RouteType, resourceName, routeTypesOf } from "./export-out";
import { callOf } from "./export-retries";
import { type Target, targetsOf } from "./export-targets";
import { exportTcpRoute } from "./export-tcp";

const LOUD = { changesMeaning: true };
const MAX_PRIORITY = 1000;
const ON = "calls it would take go on to the rules after it";

export function exportService(out: AppMeshExport, service: Service): void {
  const { context, index } = out;
  const key = objectKey(service);
  const routes = index.routesOf(key);
  const tcp = index.tcpRoutesOf(key);
  const [only, ...more] = out.nodesOf(service);
  const virtualServiceName = out.virtualServiceOf(service);
  if (index.workloadsOf(key).length === 0) {
    const reason = `the design has no workload of it: its virtual nodes are made of ${more.length > 0 ? "its subsets" : "its name"}`;
    context.lose(service, ["spec"], "approximate", reason);
  }
  if (only && routes.length === 0 && tcp.length === 0 && more.length === 0) {
    const provider = { virtualNode: { virtualNodeName: out.nameOf(only) } };
    out.add("VirtualService", { virtualServiceName }, { provider });
    return;
  }
  const virtualRouterName = out.nameOf(service);
  const listeners = service.spec.ports.map(({ port, protocol }) => ({ portMapping: { port, protocol } }));
  out.add("VirtualRouter", { virtualRouterName }, { listeners });
  out.add("VirtualService", { virtualServiceName }, { provider: { virtualRouter: { virtualRouterName } } });
  const writer = new RouteWriter(out, virtualRouterName);
  // several for one service are tried in the order of their names
  for (const route of [...routes].sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1)))
    for (const [i, rule] of route.spec.rules.entries()) exportRule(writer, { route, service, rule, i });
  for (const route of tcp) exportTcpRoute(out, service, route, (name, body) => writer.write(name, body));
  writeWhole(writer, service, routes.length === 0);
}

/** What no rule divides: calls of a service without a route, and connections that no rule takes. */
function writeWhole(writer: RouteWriter, service: Service, isWhole: boolean): void {
  const { context } = writer.out;
  const found = targetsOf(writer.out, service, [{ service: { name: service.metadata.name }, weight: 1 }]);
  if ("reason" in found) {
    context.lose(service, ["spec"], "lost", found.reason, LOUD);
    return;
  }
  const { targets, told } = found;
  if (isWhole && told !== undefined) context.lose(service, ["spec"], "approximate", told);
  for (const type of isWhole ? routeTypesOf(service) : []) {
    const match = type === "grpcRoute" ? {} : { prefix: "/" };
    writer.write("default", bodyOf(type, match, targets, callOf({}, type).call));
  }
  if (service.spec.ports.some(({ protocol }) => protocol === "tcp"))
    writer.write("tcp", { tcpRoute: { action: { weightedTargets: targets } } });
}

class RouteWriter {
  private readonly names = new Set<string>();
  private priority = 0;

  constructor(
    readonly out: AppMeshExport,
    private readonly virtualRouterName: string,
  ) {}

  /** False: App Mesh takes no more of them. */
  write(wanted: string, body: object): boolean {
    if (this.priority > MAX_PRIORITY) return false;
    const base = resourceName(wanted);
    let routeName = base;
    for (let i = 2; this.names.has(routeName); i++) routeName = `${base}-${i}`;
    this.names.add(routeName);
    const { virtualRouterName } = this;
    this.out.add("Route", { virtualRouterName, routeName }, { priority: this.priority++, ...body });
    return true;
  }
}

type Given = { route: Route; service: Service; rule: RouteRule; i: number };

function exportRule(writer: RouteWriter, { route, service, rule, i }: Given): void {
  const { out } = writer;
  const lose = (reason: string) => out.context.lose(route, ["spec", "rules", i], "lost", `${reason}; ${ON}`, LOUD);
  const { action } = rule;
  if (action.type !== "forward") {
    lose(action.type === "redirect" ? "App Mesh has no redirects" : "App Mesh gives no answers of its own");
    return;
  }
  const found = targetsOf(out, route, action.destinations);
  if ("reason" in found) {
    lose(found.reason);
    return;
  }
  tellHeaders(out, route, action.destinations, ["spec", "rules", i]);
  if (found.told !== undefined) out.context.lose(route, ["spec", "rules", i], "approximate", found.told);
  const unsaid = new Set<string>();
  for (const type of routeTypesOf(service)) {
    const { call, told } = callOf(rule, type);
    for (const { field, reason } of told) out.context.lose(route, ["spec", "rules", i, field], "approximate", reason);
    for (const match of rule.matches.length > 0 ? rule.matches : [undefined]) {
      const said = matchesOf(match, type, true);
      if ("reason" in said) {
        unsaid.add(said.reason);
        continue;
      }
      const name = rule.name ?? `rule-${i + 1}`;
      const isWritten = said.every((each) => writer.write(name, bodyOf(type, each.match, found.targets, call)));
      if (!isWritten) unsaid.add(`App Mesh takes ${MAX_PRIORITY + 1} routes of a router`);
    }
  }
  for (const reason of unsaid) lose(reason);
  for (const field of Object.keys(rule)) {
    if (!SAID.has(field)) out.context.lose(route, ["spec", "rules", i, field], "lost", UNSAID[field] ?? NO_WORD, LOUD);
  }
}

export function tellHeaders(
  { context }: AppMeshExport,
  holder: MeshObject,
  destinations: readonly RouteDestination[],
  path: Path,
): void {
  destinations.forEach(({ headers }, d) => {
    const at = [...path, "action", "destinations", d, "headers"];
    if (headers) context.lose(holder, at, "lost", "App Mesh does not change headers", LOUD);
  });
}

const SAID = new Set(["name", "matches", "action", "timeoutMs", "idleTimeoutMs", "retries"]);
const NO_WORD = "App Mesh has no word for it";
const UNSAID: Record<string, string> = {
  rewrite: "routes of App Mesh do not rewrite, only those of a gateway do",
  headers: "App Mesh does not change headers",
  fault: "App Mesh makes no faults",
  internalRedirects: "App Mesh follows no redirects: callers get them",
  mirrors: "App Mesh does not copy requests: only the destination gets them",
};

const bodyOf = (type: RouteType, match: object, weightedTargets: readonly Target[], call: object) => ({
  [type]: { match, action: { weightedTargets }, ...call },
});
