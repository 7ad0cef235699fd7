// Which proxies a design and a binding ask for, and what that means for those that run.
// The rule: a proxy is its key and its identity. If either would change it is another proxy: the old one drains, a new one starts.
import type { AppBinding, EnvironmentBinding } from "@/lib/compile/types";
import {
  type Gateway,
  keyOf,
  type MeshDocument,
  type Service,
  serviceAccountOf,
  spiffeId,
  type Workload,
} from "@/lib/mesh";

export type ProxySeed = {
  /** `<namespace>/<workload or gateway>/<instance>` */
  proxyKey: string;
  namespace: string;
  /** The workload's name, or the gateway's. */
  workload: string;
  /** Null for a gateway. */
  service: string | null;
  serviceAccount: string;
  spiffeId: string;
  workloadVersion: string | null;
  app: AppBinding;
  /** A gateway's wish for its inbound port. */
  publicPort: number | null;
};

/** What the plan needs to know of a proxy that exists. */
export type PlannedProxy = Pick<ProxySeed, "proxyKey" | "namespace" | "workload" | "spiffeId">;

export type ProxyPlan = {
  create: ProxySeed[];
  keep: string[];
  retire: string[];
  /** First one proxy of each workload, then the rest: a bad configuration meets one instance before it meets all. */
  waves: [first: string[], rest: string[]];
};

/** Proxies that should run, in the order of their keys. Services that opted out have none. */
export function desiredProxies(document: MeshDocument, binding: EnvironmentBinding): ProxySeed[] {
  const trustDomain = document.objects.find((object) => object.kind === "Mesh")?.spec.trustDomain ?? "mesh.local";
  const workloads = new Map<string, Workload>();
  const services = new Map<string, Service>();
  const gateways: Gateway[] = [];
  for (const object of document.objects) {
    if (object.kind === "Workload") workloads.set(`${object.metadata.namespace}/${object.metadata.name}`, object);
    if (object.kind === "Service") services.set(`${object.metadata.namespace}/${object.metadata.name}`, object);
    if (object.kind === "Gateway") gateways.push(object);
  }

  const seeds = new Map<string, ProxySeed>();
  for (const instance of binding.instances) {
    const workload = workloads.get(`${instance.workload.namespace}/${instance.workload.name}`);
    if (!workload) continue;
    const { namespace, name } = workload.metadata;
    if (services.get(`${namespace}/${workload.spec.service}`)?.spec.optOut) continue;
    seeds.set(instance.id, {
      proxyKey: instance.id,
      namespace,
      workload: name,
      service: workload.spec.service ?? null,
      ...identityOf(trustDomain, workload),
      workloadVersion: workload.spec.version,
      app: instance.app,
      publicPort: null,
    });
  }
  for (const gateway of gateways) {
    const { namespace, name } = gateway.metadata;
    const bound = binding.gateways.find((b) => b.namespace === namespace && b.name === name);
    seeds.set(gatewayProxyKey(namespace, name), {
      proxyKey: gatewayProxyKey(namespace, name),
      namespace,
      workload: name,
      service: null,
      ...identityOf(trustDomain, gateway),
      workloadVersion: null,
      app: { kind: "none" },
      publicPort: bound?.publicPort ?? null,
    });
  }
  return [...seeds.values()].sort((a, b) => (a.proxyKey < b.proxyKey ? -1 : 1));
}

export function gatewayProxyKey(namespace: string, name: string): string {
  return `${namespace}/${name}/0`;
}

function identityOf(trustDomain: string, object: Workload | Gateway) {
  const { namespace, name } = object.metadata;
  const serviceAccount = serviceAccountOf(object) ?? name;
  return { serviceAccount, spiffeId: spiffeId(trustDomain, namespace, serviceAccount) };
}

export type ProxyPlanInput = { current: readonly PlannedProxy[]; document: MeshDocument; binding: EnvironmentBinding };

/** A proxy whose identity changes is in `retire` and in `create` under the same key: stop it, then start it anew. */
export function planProxies({ current, document, binding }: ProxyPlanInput): ProxyPlan {
  const wanted = desiredProxies(document, binding);
  const running = new Map(current.map((proxy) => [proxy.proxyKey, proxy]));
  const isKept = (seed: ProxySeed) => running.get(seed.proxyKey)?.spiffeId === seed.spiffeId;
  const keep = wanted.filter(isKept).map((seed) => seed.proxyKey);
  const kept = new Set(keep);
  return {
    create: wanted.filter((seed) => !isKept(seed)),
    keep,
    retire: current.map((proxy) => proxy.proxyKey).filter((key) => !kept.has(key)),
    waves: wavesOf(wanted),
  };
}

/** One proxy per workload first, then the others. */
export function wavesOf(
  proxies: readonly Pick<ProxySeed, "proxyKey" | "namespace" | "workload">[],
): [string[], string[]] {
  const seen = new Set<string>();
  const waves: [string[], string[]] = [[], []];
  for (const { proxyKey, namespace, workload } of proxies) {
    const key = keyOf("Workload", namespace, workload);
    waves[seen.has(key) ? 1 : 0].push(proxyKey);
    seen.add(key);
  }
  return waves;
}
