// The chain of a service -> one Route, or the rules of a gateway that leads to it.
// The rule: what no route takes goes to the service, Envoy's 15 seconds hold where nothing else is said, and nothing is tried again.
import { type ObjectKey, objectKey, type Route, type RouteRule, refKey, type Service } from "@/lib/mesh";
import { ruleText } from "@/lib/mesh/diff/words";
import { type ImportContext, refFrom } from "../shared/context";
import { withHeaders } from "../shared/destination-headers";
import type { Kept } from "../shared/fields";
import { keepBeside } from "../shared/verbatim";
import { Chain, weightsOf } from "./chain";
import type { Places } from "./places";
import type { ConsulState, Part, Target } from "./state";

/** Envoy's, which Consul leaves in place. */
const DEFAULT_REQUEST_MS = 15_000;

export type World = {
  context: ImportContext;
  state: ConsulState;
  places: Places;
  chain: Chain;
  /** Those that were there before, by what they are for. */
  routes?: Map<ObjectKey, Route>;
};
export const worldOf = (context: ImportContext, state: ConsulState, places: Places): World => ({
  context,
  state,
  places,
  chain: new Chain(state),
});

type Written = { rules: RouteRule[]; kept: Kept[] };

export function putServiceRoute(world: World, name: string, service: Service): void {
  const { context, state } = world;
  const router = state.routers.get(name);
  const splitter = state.splitters.get(name);
  const resolver = state.resolvers.get(name);
  if (state.protocolOf(name) === "tcp") {
    for (const part of [router, splitter])
      if (part) leaveOut(context, part, "its service speaks tcp, and Consul refuses it");
    tellTcpResolver(world, name);
    return;
  }
  const { rules, kept } = rulesOf(world, name, service.metadata.namespace);
  const part = router ?? splitter ?? resolver ?? state.defaults.get(name) ?? state.first;
  if (!part) return;
  const key = objectKey(service);
  world.routes ??= new Map(context.all("Route").map((route) => [refKey(route.spec.target, route), route]));
  const existing = world.routes.get(key);
  const resource = { ...part.resource, namespace: service.metadata.namespace };
  const put = context.put(
    "Route",
    existing?.metadata.name ?? service.metadata.name,
    { target: { kind: "Service", name: service.metadata.name }, rules },
    { resource, sink: { kept, problems: [] } },
    existing,
  );
  for (const each of [router, splitter, resolver]) each?.result.objects.push(put);
  if (router) router.result.sentences.push(...rules.map((rule) => `${ruleText(rule, name)}.`));
}

/** The rules of a service's chain, with what was kept of its router. */
export function rulesOf(world: World, name: string, namespace: string): Written {
  const { state } = world;
  const router = state.routers.get(name);
  const rules = (router?.routes ?? []).map((route): RouteRule => {
    const target = { ...route.target, service: route.target?.service || name };
    const { timeout, idleMs, headers, rewrite, retries, match } = route;
    const part = router as Part;
    const body = actionOf(world, part, target, namespace, ["spec", "routes", route.index]);
    const time = timeout ?? DEFAULT_REQUEST_MS;
    return {
      matches: Object.keys(match).length === 0 ? [] : [match],
      action: body.action,
      ...(time === "off" ? {} : { timeoutMs: time }),
      ...(idleMs === undefined ? {} : { idleTimeoutMs: idleMs }),
      retries,
      ...(rewrite === undefined ? {} : { rewrite: { path: rewrite } }),
      ...withHeaders(headers),
    };
  });
  if (!rules.some(({ matches }) => matches.length === 0)) {
    // a resolver's time holds only where the chain begins with it
    const own = router || state.splitters.has(name) ? undefined : state.resolvers.get(name)?.timeout;
    const time = own ?? DEFAULT_REQUEST_MS;
    const part = router ?? state.splitters.get(name) ?? state.resolvers.get(name) ?? state.first;
    if (part) {
      const body = actionOf(world, part, { service: name }, namespace, ["spec"]);
      rules.push({
        matches: [],
        action: body.action,
        ...(time === "off" ? {} : { timeoutMs: time }),
        retries: { attempts: 0 },
      });
    }
  }
  return { rules, kept: router?.kept ?? [] };
}

export function joined(a: RouteRule["headers"], b: RouteRule["headers"]): Pick<RouteRule, "headers"> {
  if (!a || !b) return a || b ? { headers: a ?? b } : {};
  const side = (name: "request" | "response") => {
    const [one, other] = [a[name], b[name]];
    if (!one || !other) return one ?? other;
    const remove = [...(one.remove ?? []), ...(other.remove ?? [])];
    return {
      ...(one.set || other.set ? { set: { ...one.set, ...other.set } } : {}),
      ...(one.add || other.add ? { add: { ...one.add, ...other.add } } : {}),
      ...(remove.length > 0 ? { remove: [...new Set(remove)] } : {}),
    };
  };
  const [request, response] = [side("request"), side("response")];
  return { headers: { ...(request ? { request } : {}), ...(response ? { response } : {}) } };
}

function actionOf(
  world: World,
  part: Part,
  target: Target,
  namespace: string,
  path: (string | number)[],
): Pick<RouteRule, "action"> {
  const { context, places, chain } = world;
  const legs = chain.legs(target);
  const weights = weightsOf(legs);
  const destinations = legs.flatMap((leg, i) => {
    const service = places.service(leg.target.service, part.resource, path);
    if (!service) {
      const message = `${leg.target.service} is outside the mesh: calls for it are left out`;
      context.warn(part.resource, path, message, "Let callers call it by its own name.", {
        verdict: "lost",
        changesMeaning: true,
      });
      return [];
    }
    if (!chain.isDefined(leg.target)) {
      const message = `names version ${leg.target.subset}, which no ServiceResolver of ${leg.target.service} defines: Consul refuses it, and its calls are left out`;
      context.warn(part.resource, path, message, "Define it under subsets.", { verdict: "lost", changesMeaning: true });
      return [];
    }
    const { subset } = leg.target;
    const ref = refFrom(service, namespace);
    const share = { service: ref, ...(subset === undefined ? {} : { subset }), weight: weights[i] ?? 0 };
    return [{ ...share, ...withHeaders(leg.headers) }];
  });
  return { action: forward(destinations) };
}

type Forward = Extract<RouteRule["action"], { type: "forward" }>;

/** What leads nowhere in this design is answered as Envoy answers without a healthy host. */
function forward(destinations: Forward["destinations"]): RouteRule["action"] {
  return destinations.length > 0 ? { type: "forward", destinations } : { type: "respond", status: 503 };
}

export function leaveOut(context: ImportContext, part: Part, why: string): void {
  const isKept = keepBeside(context, part);
  part.kept.length = 0;
  const kept = isKept ? "it is kept word for word and written back on export" : "it is too large to be kept";
  context.warn(part.resource, ["spec"], `is left out: ${why}; ${kept}`, "Say in ServiceDefaults that it speaks http.", {
    verdict: "lost",
    changesMeaning: true,
  });
}

function tellTcpResolver({ context, state }: World, name: string): void {
  const resolver = state.resolvers.get(name);
  if (!resolver || (resolver.redirect === undefined && resolver.defaultSubset === undefined)) return;
  const message = `connections to ${name} go elsewhere in Consul; routes here are for HTTP, and connections go to the service`;
  const fix = "Call the other service by its own name.";
  context.warn(resolver.resource, ["spec"], message, fix, { verdict: "lost", changesMeaning: true });
  const spec = resolver.resource.spec as Record<string, unknown>;
  for (const field of ["redirect", "defaultSubset"]) {
    if (spec[field] !== undefined) resolver.kept.push({ path: ["spec", field], value: spec[field] });
  }
}
