// TCP routes of a virtual router -> rules of the TcpRoute of its service.
// The rule: a target is a service with a TCP port that the connection can go to; a route without one is left out, and told.
import { tcpPorts } from "@/lib/compile/facts";
import { type Destination, keyOf, type Service, type SpecOf, type TcpRule, tcpTargetKey, valueAt } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { isRecord } from "../shared/fields";
import type { Listener, Part } from "./state";
import { numberAt, records, textAt } from "./values";

export const isTcpRoute = ({ spec }: Part): boolean => isRecord(valueAt(spec, ["tcpRoute"]));

/** The service and subset of a virtual node, and where it listens; undefined where it is not in the text. */
export type NodePlace = (node: string) => { named: Omit<Destination, "weight">; listeners: Listener[] } | undefined;

/** @param routes of its virtual router, in the order in which they are tried */
export function putTcpRoute(
  context: ImportContext,
  part: Part,
  name: string,
  routes: readonly Part[],
  placeOf: NodePlace,
): void {
  const { namespace } = part.resource;
  const service = context.find("Service", keyOf("Service", namespace, name));
  if (!service) return;
  const rules: TcpRule[] = [];
  for (const route of routes) {
    const read = readRule(route, service, placeOf);
    if (typeof read === "string") {
      const message = `is left out: ${read}; connections it would take go on to the routes after it`;
      const judgement = { verdict: "lost", changesMeaning: true } as const;
      context.warn(route.resource, ["spec", "tcpRoute"], message, "Add a rule to its TcpRoute by hand.", judgement);
      continue;
    }
    if (valueAt(route.spec, ["tcpRoute", "timeout"]) !== undefined) {
      const message = "timeout.idle has no counterpart in the model";
      const fix = "Set it in the product that you move to.";
      context.warn(route.resource, ["spec", "tcpRoute", "timeout"], message, fix, { verdict: "lost" });
    }
    route.result.sentences.push(`rule ${rules.length + 1} for TCP connections to ${name}.`);
    rules.push({ name: route.raw.slice(0, 256), ...read });
  }
  if (rules.length === 0) return;
  const existing = context.all("TcpRoute").find((each) => tcpTargetKey(each) === keyOf("Service", namespace, name));
  const spec: SpecOf<"TcpRoute"> = { service: { name }, rules };
  part.result.objects.push(context.put("TcpRoute", name, spec, { resource: part.resource }, existing));
}

/** A text says why it is none. */
function readRule(
  { spec }: Part,
  service: Service,
  placeOf: NodePlace,
): Pick<TcpRule, "matches" | "destinations"> | string {
  const body = valueAt(spec, ["tcpRoute"]);
  const port = numberAt(body, ["match", "port"]);
  const asked = tcpPorts(service.spec.ports)
    .map((each) => each.port)
    .filter((each) => port === undefined || each === port);
  const { name } = service.metadata;
  if (asked.length === 0) return `${name} has no TCP port${port === undefined ? "" : ` ${port}`}`;
  const destinations: Destination[] = [];
  for (const each of records(valueAt(body, ["action", "weightedTargets"]))) {
    const node = textAt(each, ["virtualNode"]) ?? "";
    const place = placeOf(node);
    if (!place) return `virtual node ${node} is not in the text`;
    const ports = place.listeners.filter(({ protocol }) => protocol === "tcp").map((one) => one.port);
    const own = numberAt(each, ["port"]);
    const isOpen = ports.length === 1 || asked.every((one) => ports.includes(one));
    const isThere = own === undefined ? isOpen : ports.includes(own);
    if (ports.length === 0 || !isThere)
      return `virtual node ${node} has no TCP port${own === undefined ? " for it" : ` ${own}`}`;
    const weight = numberAt(each, ["weight"]) ?? 0;
    destinations.push({ ...place.named, ...(own === undefined ? {} : { port: own }), weight });
  }
  if (destinations.every(({ weight }) => weight === 0)) return "it has no target that gets connections";
  return { matches: port === undefined ? [] : [{ port }], destinations };
}
