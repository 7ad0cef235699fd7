// Ways out of a proxy with their timeouts and retries, from compiled resources or from what a running proxy says it holds.

import type { ObjectKey } from "@/lib/mesh";
import { at, type CompiledMesh, type Json, type JsonObject, listAt, textAt } from "./compiled-mesh";
import type { RouteFacts } from "./types";

export function routesOfProxy(owner: ObjectKey, configs: Readonly<Record<string, JsonObject>>): RouteFacts[] {
  return Object.entries(configs)
    .filter(([name]) => name !== "inbound")
    .flatMap(([name, config]) =>
      listAt(config, "virtual_hosts").flatMap((host, h) =>
        listAt(host, "routes").flatMap((route, r) =>
          routeFacts(owner, route, `routes ${name}, virtual_hosts[${h}].routes[${r}]`),
        ),
      ),
    );
}

export const routesOfMesh = (compiled: CompiledMesh): RouteFacts[] =>
  compiled.proxies.flatMap((proxy) => routesOfProxy(proxy.owner, proxy.routes));

function routeFacts(from: ObjectKey, route: Json, path: string): RouteFacts[] {
  const action = at(route, "route");
  if (action === undefined) return []; // a redirect or an answer of the proxy itself waits for nobody
  const only = textAt(action, "cluster");
  const clusters = only
    ? [only]
    : listAt(action, "weighted_clusters", "clusters").map((each) => textAt(each, "name") ?? "");
  const targets = new Set(clusters.map(targetOf).filter((target) => target !== null));
  const retries = at(action, "retry_policy") === undefined ? 0 : Number(at(action, "retry_policy", "num_retries") ?? 1); // Envoy's default
  const timeoutMs = secondsToMs(textAt(action, "timeout") ?? "15s"); // Envoy's default
  return [...targets].map((to) => ({ from, to, name: textAt(route, "name") ?? "route", timeoutMs, retries, path }));
}

/** `outbound|8080|v1|cart.production` -> Service/production/cart; `external|80||api.example` -> external/api.example. */
function targetOf(cluster: string): string | null {
  const [kind, , , host = ""] = cluster.split("|");
  if (kind === "external") return `external/${host}`;
  const dot = host.indexOf(".");
  return kind === "outbound" && dot > 0 ? `Service/${host.slice(dot + 1)}/${host.slice(0, dot)}` : null;
}

function secondsToMs(text: string): number {
  const seconds = Number(/^(\d+(?:\.\d+)?)s$/.exec(text)?.[1] ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
