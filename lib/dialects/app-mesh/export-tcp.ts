// TcpRoute -> TCP routes of the virtual router of its service.
// The rule: a target without a port gets the port that was called, which is written out where its node has several.
import { type Destination, type Service, serviceRefKey, type TcpRoute, type TcpRule } from "@/lib/mesh";
import { portOf } from "../gateway-api/export-tcp";
import type { AppMeshExport } from "./export-out";
import { targetsOf } from "./export-targets";

const LOUD = { changesMeaning: true };
const ON = "connections it would take go on to the routes after it";

/** False: App Mesh takes no more of them. */
type Write = (name: string, body: object) => boolean;

export function exportTcpRoute(out: AppMeshExport, service: Service, route: TcpRoute, write: Write): void {
  for (const [i, rule] of route.spec.rules.entries()) exportRule(out, service, route, rule, i, write);
}

function exportRule(
  out: AppMeshExport,
  service: Service,
  route: TcpRoute,
  rule: TcpRule,
  i: number,
  write: Write,
): void {
  const { context } = out;
  const path = ["spec", "rules", i];
  const open = rule.matches.filter(({ caller }) => caller === undefined);
  if (open.length < rule.matches.length)
    context.lose(route, path, "lost", `App Mesh does not route by who calls: ${ON}`, LOUD);
  if (open.length === 0 && rule.matches.length > 0) return;
  for (const port of portsOf(out, service, route, rule, open)) {
    const destinations = rule.destinations.map((each) => ported(out, route, each, port));
    const found = targetsOf(out, route, destinations);
    if ("reason" in found) {
      context.loseOnce(route, path, "lost", `${found.reason}; ${ON}`, LOUD);
      continue;
    }
    if (found.told !== undefined) context.loseOnce(route, path, "approximate", found.told);
    const match = port === undefined ? {} : { match: { port } };
    const body = { tcpRoute: { ...match, action: { weightedTargets: found.targets } } };
    if (!write(rule.name ?? `tcp-${i + 1}`, body))
      context.loseOnce(route, path, "lost", `a router takes no more routes; ${ON}`, LOUD);
  }
}

/** One route for all ports, where nothing has to be told apart. */
function portsOf(
  out: AppMeshExport,
  service: Service,
  route: TcpRoute,
  { destinations }: TcpRule,
  matches: TcpRule["matches"],
): (number | undefined)[] {
  const carried = service.spec.ports.filter(({ protocol }) => protocol === "tcp").map(({ port }) => port);
  const isOpen = matches.length === 0 || matches.some(({ port }) => port === undefined);
  const asked = isOpen ? carried : carried.filter((port) => matches.some((match) => match.port === port));
  const needsPort = destinations.some(({ service: ref, port }) => {
    const there = out.index.find("Service", serviceRefKey(ref, route));
    return port === undefined && there !== undefined && there.spec.ports.length > 1;
  });
  return isOpen && (!needsPort || carried.length < 2) ? [undefined] : asked;
}

function ported(
  out: AppMeshExport,
  route: TcpRoute,
  destination: Destination,
  called: number | undefined,
): Destination {
  const there = out.index.find("Service", serviceRefKey(destination.service, route));
  if (!there || destination.port !== undefined || there.spec.ports.length === 1) return destination;
  return { ...destination, port: portOf(destination, there, called ?? 0) };
}
