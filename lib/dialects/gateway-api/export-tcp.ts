// TcpRoute -> one TCPRoute for each rule that decides, for its ports and callers.
// The rule: of a port and a namespace of callers exactly one rule of the list decides, so the list is said without its order.
import { type Destination, type Service, serviceRefKey, type TcpRoute, type TcpRule, tcpTargetKey } from "@/lib/mesh";
import { type ExportContext, metadataOf } from "../shared/export-context";
import { versionServiceName } from "./export-rule";
import { GROUP } from "./state";

export const MAX_BACKENDS = 16;
/** SectionName of the standard. */
export const RULE_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

export type NeedsSubset = (service: string, subset: string) => void;

/** A product whose routes for TCP are these. */
export type TcpProduct = {
  title: string;
  /** Why it may not take them as they are. */
  doubt?: string;
  /** It has a name for rules. */
  takesName(name: string): boolean;
  /** Absent: any number. */
  maxBackends?: number;
};
const GATEWAY_API: TcpProduct = {
  title: "Gateway API",
  takesName: (name) => RULE_NAME.test(name),
  maxBackends: MAX_BACKENDS,
};
/** As Gateway API has them, said of another product. */
export const likeGatewayApi = (title: string, doubt: string): TcpProduct => ({ ...GATEWAY_API, title, doubt });

export function exportTcpRoute(
  context: ExportContext,
  route: TcpRoute,
  needsSubset: NeedsSubset,
  product: TcpProduct = GATEWAY_API,
): void {
  const service = context.index.find("Service", tcpTargetKey(route));
  if (!service) return;
  const home = service.metadata.namespace;
  const parts = partsOf(route, service, home);
  const names = new Map<number, string[]>();
  const { origin } = route.metadata;
  const base = origin?.kind === "TCPRoute" && origin.dialect === "gateway-api" ? origin.name : route.metadata.name;
  const written = new Map<string, number>();
  for (const { rule: index, consumer, ports, called } of parts) {
    const rule = route.spec.rules[index];
    if (!rule) continue;
    const namespace = consumer ?? home;
    const count = (written.get(namespace) ?? 0) + 1;
    written.set(namespace, count);
    const name = count === 1 ? base : `${base}-${String(count).padStart(2, "0")}`;
    names.set(index, [...(names.get(index) ?? []), name]);
    const parent = {
      ...{ group: "", kind: "Service", name: service.metadata.name },
      ...(consumer === undefined ? {} : { namespace: home }),
    };
    const spec = {
      parentRefs: ports === null ? [parent] : ports.map((port) => ({ ...parent, port })),
      rules: [
        {
          ...(rule.name !== undefined && RULE_NAME.test(rule.name) ? { name: rule.name } : {}),
          backendRefs: backendsOf(context, route, index, { namespace, called, needsSubset }),
        },
      ],
    };
    context.resources.push({
      apiVersion: `${GROUP}/v1`,
      kind: "TCPRoute",
      metadata: metadataOf(route, name, namespace),
      spec,
    });
  }
  tellTcpRules(context, route, { home, names, product });
  if (route.spec.rules.some(({ destinations }) => destinations.some(({ subset }) => subset !== undefined))) {
    const reason = "each subset that a route names is a Service of its own, written beside the routes";
    context.tell(route, ["spec"], "moved", reason);
  }
}

/** `consumer`: a namespace of callers; `ports` null: all of them; `called`: the port that a destination without one gets. */
export type TcpPart = { rule: number; consumer: string | undefined; ports: number[] | null; called: number };

/** @param home the namespace whose routes are for everybody, where there is one */
export function partsOf(route: TcpRoute, service: Service, home: string | undefined): TcpPart[] {
  const carried = service.spec.ports.filter(({ protocol }) => protocol === "tcp").map(({ port }) => port);
  const { rules } = route.spec;
  const spaces = rules.flatMap(({ matches }) => matches.flatMap(({ caller }) => caller?.namespace ?? []));
  const consumers = [...new Set(spaces)].filter((namespace) => namespace !== home).sort();
  return [...consumers, undefined].flatMap((consumer) => {
    const decided = carried.flatMap((port): TcpPart[] => {
      const rule = rules.findIndex((each) => takes(each, port, consumer));
      const isSaid = consumer !== undefined && rule === rules.findIndex((each) => takes(each, port, undefined));
      return rule < 0 || isSaid ? [] : [{ rule, consumer, ports: [port], called: port }];
    });
    const [first] = decided;
    const isOne = first && decided.length === carried.length && decided.every(({ rule }) => rule === first.rule);
    const namesPorts = first && rules[first.rule]?.destinations.every(({ port }) => port !== undefined);
    if (!isOne || (carried.length > 1 && !namesPorts)) return decided;
    return [{ ...first, ports: carried.length === service.spec.ports.length ? null : carried }];
  });
}

/** Labels of callers cannot be said, so a match that asks for them takes nobody here. */
function takes({ matches }: TcpRule, port: number, consumer: string | undefined): boolean {
  return (
    matches.length === 0 ||
    matches.some(
      ({ port: own, caller }) =>
        (own === undefined || own === port) &&
        (caller === undefined || (!hasLabels(caller) && consumer !== undefined && caller.namespace === consumer)),
    )
  );
}

const hasLabels = ({ labels = {} }: NonNullable<TcpRule["matches"][number]["caller"]>) =>
  Object.keys(labels).length > 0;

type BackendsOf = { namespace: string; called: number; needsSubset: NeedsSubset };

export function backendsOf(
  context: ExportContext,
  route: TcpRoute,
  index: number,
  { namespace, called, needsSubset }: BackendsOf,
): Record<string, unknown>[] {
  const destinations = route.spec.rules[index]?.destinations ?? [];
  return destinations.slice(0, MAX_BACKENDS).flatMap((each) => {
    const key = serviceRefKey(each.service, route);
    const service = context.index.find("Service", key);
    if (!service) return [];
    if (each.subset !== undefined) needsSubset(key, each.subset);
    const own = service.metadata;
    return [
      {
        name: each.subset === undefined ? own.name : versionServiceName(context.index, key, each.subset),
        ...(own.namespace === namespace ? {} : { namespace: own.namespace }),
        port: portOf(each, service, called),
        weight: destinations.length === 1 && each.weight === 0 ? 1 : each.weight,
      },
    ];
  });
}

export function portOf({ port }: Destination, { spec }: Service, called: number): number {
  const carried = spec.ports.filter(({ protocol }) => protocol === "tcp").map((each) => each.port);
  return port ?? (carried.includes(called) ? called : (carried[0] ?? called));
}

/** `names`: the resources that each rule is in. */
type Written = { home: string | undefined; names: ReadonlyMap<number, string[]>; product: TcpProduct };

export function tellTcpRules(context: ExportContext, route: TcpRoute, { home, names, product }: Written): void {
  const { title, doubt, takesName, maxBackends = Number.POSITIVE_INFINITY } = product;
  route.spec.rules.forEach(({ name, matches, destinations }, i) => {
    const path = ["spec", "rules", i];
    const written = names.get(i);
    const words = written ? { target: written.join(", ") } : {};
    const lose = (reason: string) => context.lose(route, path, "lost", reason, { changesMeaning: true, ...words });
    const callers = matches.flatMap(({ caller }) => caller ?? []);
    if (callers.some(hasLabels)) lose(`${title} knows callers by their namespace only: these connections go on`);
    else if (home !== undefined && callers.some(({ namespace }) => namespace === home))
      lose(`a route of ${home}, where its service is, is for everybody: these connections go on`);
    else if (destinations.length > maxBackends) lose(`more than ${maxBackends} destinations`);
    else if (!written) context.tell(route, path, "moved", "rules before it take its connections, so it is not written");
    else if (name !== undefined && !takesName(name))
      context.lose(route, [...path, "name"], "approximate", `it is no name of ${title}, and is left out`, words);
    else if (doubt !== undefined) context.lose(route, path, "approximate", doubt, words);
    else context.tell(route, path, "exact", `means the same in ${title}`, words);
  });
}
