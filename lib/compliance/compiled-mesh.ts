// The configuration of every kind of proxy of a design, as Envoy JSON: what the compiled layer reads.
// One rule: it is the product's own compiler that is asked; nothing here guesses what it would write.
import { compile, NO_ROLLOUT, resourcesToJson } from "@/lib/compile";
import type { EnvironmentBinding, ProxyResources } from "@/lib/compile/types";
import { bindingForDocument, EMPTY_BINDING, localEndpoints } from "@/lib/deploy";
import { digestOf, keyOf, type MeshDocument, type ObjectKey, type Workload, workloadOwnerKey } from "@/lib/mesh";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface CompiledProxy {
  proxyId: string;
  /** The service of the workload, or the gateway. */
  owner: ObjectKey;
  workload: string;
  resources: ProxyResources;
  listeners: Record<string, JsonObject>;
  routes: Record<string, JsonObject>;
  clusters: Record<string, JsonObject>;
}

export interface CompiledMesh {
  /** One per workload and gateway: instances of one workload differ in ports only. */
  proxies: CompiledProxy[];
  /** Owner -> why its proxies have no configuration. */
  problems: ReadonlyMap<ObjectKey, string>;
  /** What the compiler said of objects, each once: `path` is `Route/shop/cart#spec.rules[0]` where an object is to blame. */
  said: readonly CompilerNote[];
}

export type CompilerNote = { path: string; message: string; isRefused: boolean };

export function compileMesh(document: MeshDocument, binding?: EnvironmentBinding): CompiledMesh {
  const bound = bindingForDocument(document, binding ?? EMPTY_BINDING);
  const input = {
    document,
    digest: digestOf(document),
    binding: bound,
    endpoints: localEndpoints(document, bound),
    rollout: NO_ROLLOUT,
    overrides: {},
  };
  const proxies: CompiledProxy[] = [];
  const problems = new Map<ObjectKey, string>();
  const said = new Map<string, CompilerNote>();
  const note = (isRefused: boolean, { path, message }: { path: string; message: string }) =>
    said.set(`${path} ${message}`, { path, message, isRefused });
  for (const { proxyId, owner, workload } of oneEach(document, bound)) {
    const result = compile(input, proxyId);
    if (!result.ok) {
      for (const each of result.violations) note(true, each);
      problems.set(owner, result.violations.map(({ path, message }) => `${path}: ${message}`).join("; "));
      continue;
    }
    for (const each of result.warnings) note(false, each);
    const { listeners, routes, clusters } = resourcesToJson(result.resources);
    proxies.push({
      proxyId,
      owner,
      workload,
      resources: result.resources,
      listeners: listeners as Record<string, JsonObject>,
      routes: routes as Record<string, JsonObject>,
      clusters: clusters as Record<string, JsonObject>,
    });
  }
  return { proxies, problems, said: [...said.values()] };
}

function oneEach(document: MeshDocument, binding: EnvironmentBinding) {
  const serviceOf = new Map(
    document.objects
      .filter((object): object is Workload => object.kind === "Workload")
      .map((workload) => [`${workload.metadata.namespace}/${workload.metadata.name}`, workloadOwnerKey(workload)]),
  );
  const first = new Map<string, { proxyId: string; owner: ObjectKey; workload: string }>();
  for (const { id, workload } of binding.instances) {
    const key = `${workload.namespace}/${workload.name}`;
    const owner = serviceOf.get(key);
    if (owner && !first.has(key)) first.set(key, { proxyId: id, owner, workload: workload.name });
  }
  for (const { namespace, name } of binding.gateways) {
    first.set(`gateway ${namespace}/${name}`, {
      proxyId: `${namespace}/${name}/0`,
      owner: keyOf("Gateway", namespace, name),
      workload: name,
    });
  }
  return first.values();
}

/** Members of Envoy JSON, read without trusting its shape. */
export function at(value: Json | undefined, ...path: (string | number)[]): Json | undefined {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = Array.isArray(current) ? current[Number(key)] : current[key];
  }
  return current;
}

export function listAt(value: Json | undefined, ...path: (string | number)[]): Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function textAt(value: Json | undefined, ...path: (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" ? found : undefined;
}
