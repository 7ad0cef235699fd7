// VirtualGateway and its routes -> Gateway and Route.
// The rule: a route with a condition other than a prefix is left out; App Mesh replaces the prefix by / unless that is turned off.
import { keyOf, type RouteRule, valueAt } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { slug } from "../shared/names";
import { putDependency } from "./dependency";
import type { AppMeshState, Part } from "./state";
import { listenersOf, numberAt, textAt } from "./values";

export function putGateway(
  context: ImportContext,
  state: AppMeshState,
  gateway: Part,
  names: Map<string, string>,
): void {
  const { resource, spec, result } = gateway;
  const name = slug(gateway.raw);
  const listeners = listenersOf(spec).map(({ port, protocol }) => ({
    name: `${protocol}-${port}`,
    port,
    protocol,
    hosts: ["*"],
  }));
  if (listeners.length === 0) {
    context.warn(resource, ["spec", "listeners"], "has no listener and is left out", "Add the gateway by hand.", {
      verdict: "lost",
    });
    return;
  }
  const existing = context.get(keyOf("Gateway", resource.namespace, name));
  const current = existing?.kind === "Gateway" ? existing : undefined;
  result.objects.push(
    context.put("Gateway", name, { ...current?.spec, type: "ingress", listeners }, { resource }, current),
  );
  const rules: RouteRule[] = [];
  const priority = (part: Part) => numberAt(part.spec, ["priority"]) ?? Number.MAX_SAFE_INTEGER;
  const routes = state.gatewayRoutes
    .filter((each) => each.resource.parent === gateway.raw)
    .sort((a, b) => priority(a) - priority(b) || (a.raw < b.raw ? -1 : 1));
  for (const route of routes) {
    const body = valueAt(route.spec, ["httpRoute"]) ?? valueAt(route.spec, ["http2Route"]);
    const called = names.get(textAt(body, ["action", "target", "virtualService", "virtualServiceName"]) ?? "");
    const prefix = textAt(body, ["match", "prefix"]);
    const others = Object.keys((valueAt(body, ["match"]) as object | undefined) ?? {}).filter(
      (each) => each !== "prefix",
    );
    if (
      called === undefined ||
      prefix === undefined ||
      others.length > 0 ||
      !context.get(keyOf("Service", resource.namespace, called))
    ) {
      const why =
        called === undefined
          ? "its service is not in the text"
          : `its conditions ${others.join(", ") || "other than a prefix"} are not taken over`;
      context.warn(route.resource, ["spec"], `is left out: ${why}`, "Add a rule by hand.", {
        verdict: "lost",
        changesMeaning: true,
      });
      continue;
    }
    const to = rewriteOf(body, prefix);
    rules.push({
      name: route.raw.slice(0, 256),
      matches: prefix === "/" ? [] : [{ path: { type: "prefix", value: prefix } }],
      action: { type: "forward", destinations: [{ service: { name: called }, weight: 1 }] },
      retries: { attempts: 0 },
      ...(to === undefined ? {} : { rewrite: { path: to } }),
    });
    putDependency(context, route, { kind: "Gateway", name }, called);
  }
  if (rules.length === 0) return;
  const own = context
    .all("Route")
    .find((each) => each.spec.target.kind === "Gateway" && each.spec.target.name === name);
  result.objects.push(
    context.put(
      "Route",
      `${name}-gateway`.slice(0, 253),
      { target: { kind: "Gateway", name }, rules },
      { resource },
      own,
    ),
  );
}

/** Without a word App Mesh replaces the matched prefix by /. */
function rewriteOf(body: unknown, prefix: string): string | undefined {
  const value = textAt(body, ["action", "rewrite", "prefix", "value"]);
  if (value !== undefined) return value;
  return prefix === "/" || textAt(body, ["action", "rewrite", "prefix", "defaultPrefix"]) === "DISABLED"
    ? undefined
    : "/";
}
