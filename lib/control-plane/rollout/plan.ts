// What a deployment would do, before it does it: proxies created, updated, kept and retired, and the resources of each
// that are added, changed and removed. The same compile as the real push, compared by content hash.

import type { CompileWarning, EnvironmentBinding, InstanceEndpoint } from "@/lib/compile/types";
import { changeSentences, desiredProxies, type ProxySeed, planProxies } from "@/lib/deploy";
import {
  CLUSTER,
  ENDPOINT,
  type EncodedResource,
  LISTENER,
  ROUTE,
  SECRET,
  type Snapshot,
  TYPE_URLS,
  type TypeUrl,
} from "../ads/snapshot";
import type { Design } from "../registry/designs";
import type { ProxyEntry } from "../registry/proxy-entry";
import type { Publisher } from "../registry/publisher";
import type { Environment } from "../registry/world";

export interface ResourceChanges {
  added: string[];
  changed: string[];
  removed: string[];
}

export interface PlannedChange {
  proxyKey: string;
  change: "create" | "update" | "retire" | "keep";
  resources?: ResourceChanges;
}

export interface DeploymentPlan {
  proxies: PlannedChange[];
  waves: [string[], string[]];
  summary: string[];
  warnings: CompileWarning[];
  /** Everything that does not compile; a deployment with problems does not start. */
  problems: string[];
}

export interface FullPlan {
  plan: DeploymentPlan;
  create: ProxySeed[];
  /** Kept proxies as the design wants them now: app and version may have changed. */
  seeds: ReadonlyMap<string, ProxySeed>;
  retire: string[];
}

const KIND: Readonly<Record<TypeUrl, string>> = {
  [CLUSTER]: "cluster",
  [ENDPOINT]: "endpoints",
  [LISTENER]: "listener",
  [ROUTE]: "routes",
  [SECRET]: "secret",
};
/** Only for previews: a proxy that does not exist yet has no ports. */
const PREVIEW_PORT = 1;

export function planDeployment(
  environment: Environment,
  design: Omit<Design, "deploymentId">,
  entries: readonly ProxyEntry[],
  publisher: Publisher,
): FullPlan {
  const current = entries.filter((entry) => entry.row.desired === "running").map((entry) => entry.row);
  const { document } = design;
  const binding = withMachines(document, environment.binding, entries);
  const { create, keep, retire, waves } = planProxies({ current, document, binding });
  const all = planProxies({ current: [], document, binding }).create;
  const placeholders = create.map(placeholderOf);
  const byKey = new Map(entries.map((entry) => [entry.proxyKey, entry]));
  const problems: string[] = [];
  const sentences: string[] = [];
  const warnings = new Map<string, CompileWarning>();
  const preview = publisher.preview(environment.id, design, placeholders);
  const changeOf = (proxyKey: string, isNew: boolean): PlannedChange => {
    const compiled = preview(proxyKey);
    if (!compiled.ok) {
      problems.push(...compiled.problems.map((problem) => `${proxyKey}: ${problem}`));
      return { proxyKey, change: isNew ? "create" : "update" };
    }
    for (const warning of compiled.warnings) {
      warnings.set(`${warning.path} ${warning.message}`, warning);
    }
    const before = isNew ? null : (byKey.get(proxyKey)?.current ?? null);
    const resources = compareSnapshots(before, compiled.snapshot);
    const isChanged = resources.added.length + resources.changed.length + resources.removed.length > 0;
    if (before && isChanged) {
      const workload = proxyKey.split("/")[1] ?? proxyKey;
      const said = changeSentences(resourcesOf(before), resourcesOf(compiled.snapshot));
      sentences.push(...said.map((sentence) => `${workload}'s proxy: ${sentence}`));
    }
    return { proxyKey, change: isNew ? "create" : isChanged ? "update" : "keep", resources };
  };
  const proxies: PlannedChange[] = [
    ...create.map((seed) => changeOf(seed.proxyKey, true)),
    ...keep.map((proxyKey) => changeOf(proxyKey, false)),
    ...retire.map((proxyKey): PlannedChange => ({ proxyKey, change: "retire" })),
  ];
  const plan = {
    proxies,
    waves,
    summary: [...summaryOf(proxies), ...new Set(sentences)],
    warnings: [...warnings.values()],
    problems: [...new Set(problems)],
  };
  return { plan, create, seeds: new Map(all.map((seed) => [seed.proxyKey, seed])), retire };
}

/**
 * A machine that joined stays while it is who it was: nobody can start it again as somebody else. And where a machine serves, nothing
 * that only says "no app yet" is run beside it.
 */
function withMachines(
  document: Design["document"],
  binding: EnvironmentBinding,
  entries: readonly ProxyEntry[],
): EnvironmentBinding {
  const machines = new Map(
    entries.filter(({ row }) => row.origin === "joined").map(({ proxyKey, row }) => [proxyKey, row]),
  );
  if (machines.size === 0) return binding;
  const wanted = new Map(desiredProxies(document, binding).map((seed) => [seed.proxyKey, seed]));
  const served = new Set([...machines.values()].map(({ namespace, workload }) => `${namespace}/${workload}`));
  const stays = ({ id, app, workload }: EnvironmentBinding["instances"][number]) => {
    const row = machines.get(id);
    if (row) return row.desired === "running" && wanted.get(id)?.spiffeId === row.spiffeId;
    const isStandIn = app.kind === "none" && (wanted.get(id)?.service ?? null) !== null;
    return !(isStandIn && served.has(`${workload.namespace}/${workload.name}`));
  };
  return { ...binding, instances: binding.instances.filter(stays) };
}

function resourcesOf(snapshot: Snapshot): EncodedResource[] {
  return TYPE_URLS.flatMap((typeUrl) => [...snapshot.resources[typeUrl].values()]);
}

/** Endpoints are left out: they follow from what is ready, not from the design. */
export function compareSnapshots(before: Snapshot | null, after: Snapshot): ResourceChanges {
  const changes: ResourceChanges = { added: [], changed: [], removed: [] };
  for (const typeUrl of TYPE_URLS.filter((url) => url !== ENDPOINT && url !== SECRET)) {
    const old = before?.resources[typeUrl];
    for (const [name, resource] of after.resources[typeUrl]) {
      const known = old?.get(name);
      if (known?.version !== resource.version) {
        changes[known ? "changed" : "added"].push(`${KIND[typeUrl]} ${name}`);
      }
    }
    for (const name of old?.keys() ?? []) {
      if (!after.resources[typeUrl].has(name)) {
        changes.removed.push(`${KIND[typeUrl]} ${name}`);
      }
    }
  }
  return changes;
}

function placeholderOf(seed: ProxySeed): InstanceEndpoint {
  const { proxyKey, namespace, workload } = seed;
  const ports = {
    inboundPort: PREVIEW_PORT,
    outboundPort: PREVIEW_PORT,
    adminPort: PREVIEW_PORT,
    appPort: PREVIEW_PORT,
  };
  return { proxyId: proxyKey, namespace, workload, host: "127.0.0.1", ...ports, ready: false, draining: false };
}

function summaryOf(proxies: readonly PlannedChange[]): string[] {
  const count = (change: PlannedChange["change"]) => proxies.filter((proxy) => proxy.change === change).length;
  const total = (pick: (changes: ResourceChanges) => string[]) =>
    proxies.reduce((sum, proxy) => sum + (proxy.resources ? pick(proxy.resources).length : 0), 0);
  const proxiesText = (change: PlannedChange["change"]) =>
    `${count(change)} ${count(change) === 1 ? "proxy" : "proxies"}`;
  const added = total((changes) => changes.added);
  return [
    `${proxiesText("create")} created, ${proxiesText("update")} updated, ${proxiesText("retire")} retired, ${count("keep")} unchanged`,
    `${added} ${added === 1 ? "resource" : "resources"} added, ${total((changes) => changes.changed)} changed, ${total((changes) => changes.removed)} removed`,
  ];
}
