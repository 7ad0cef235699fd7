// What all entries of a text say together: services and their protocols, then chains, limits, and who may call.
// The rule: it runs once, after every entry is read; a chain goes over several of them.
import type { Service } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { putExternal, putGatewayRoutes } from "./gateways";
import { Places } from "./places";
import { drawPodUpstreams, readMetadata } from "./pods";
import { putAccess } from "./put-access";
import { putAuthorizers } from "./put-authorizers";
import { putServiceRoute, worldOf } from "./put-routes";
import { drawUpstreams, putLimits, putMutualTls, putSubsets, putTraffic } from "./put-traffic";
import { keepRemainder } from "./remainder";
import type { ConsulState } from "./state";

export function assemble(context: ImportContext, state: ConsulState): void {
  if (!state.first) return;
  const places = new Places(context, state);
  for (const part of state.defaults.values()) putExternal(context, part);
  readMetadata(context);
  places.settle();
  const world = worldOf(context, state, places);
  const each = (put: (name: string, service: Service) => void) => {
    for (const name of places.names()) {
      const service = places.service(name, (state.first as NonNullable<typeof state.first>).resource, []);
      if (service) put(name, service);
    }
  };
  each((name, service) => putSubsets(world, name, service));
  settleDefaults(context, state);
  each((name, service) => putServiceRoute(world, name, service));
  putGatewayRoutes(world);
  drawUpstreams(world);
  drawPodUpstreams(world);
  putAccess(world);
  putAuthorizers(world);
  each((name, service) => {
    putTraffic(world, name, service);
    putLimits(world, name, service);
    putMutualTls(world, name, service);
  });
  for (const part of state.parts) {
    const { kind, name } = part.resource;
    if (kind === "ServiceRouter") continue;
    keepRemainder(context, part, kind === "ServiceResolver" && state.protocolOf(name) === "tcp");
  }
  tellRouters(context, state);
  tellAccess(context, state);
}

/** Consul's proxies always use mutual TLS; only plain text besides is a choice. */
function settleDefaults(context: ImportContext, state: ConsulState): void {
  const mesh = context.all("Mesh")[0];
  const mutualTls = state.permissive ? ("permissive" as const) : ("strict" as const);
  if (!mesh || mesh.spec.defaults.mutualTls === mutualTls) return;
  const defaults = { ...mesh.spec.defaults, mutualTls };
  const key = context.put("Mesh", mesh.metadata.name, { ...mesh.spec, defaults }, undefined, mesh);
  (state.permissive ?? state.first)?.result.objects.push(key);
}

/** What is kept of a router stands at its Route. */
function tellRouters(context: ImportContext, state: ConsulState): void {
  for (const { resource, kept } of state.routers.values()) {
    for (const { path } of kept) {
      if (path.length === 3) continue;
      const message = "has no counterpart in the model: it is kept and written back on export, and has no effect here";
      context.warn(resource, path, message, "Remove it, or keep Consul for what it does.", { verdict: "lost" });
    }
  }
}

function tellAccess(context: ImportContext, state: ConsulState): void {
  const [first] = state.intentions;
  const isSaid = state.intentions.some(
    ({ destination, sources }) => destination === "*" && sources.some(({ name }) => name === "*"),
  );
  if (isSaid) return;
  const part = first ?? state.first;
  if (!part) return;
  const message = first
    ? "what no intention speaks of is refused here: whether Consul does so is said by default_intention_policy or its ACLs, which are not in the text"
    : "no intention is in the text: who may call is what the design says, in Consul it is what its ACLs say";
  const fix = "Add an intention from * to *, which says it.";
  context.warn(part.resource, ["spec"], message, fix);
}
