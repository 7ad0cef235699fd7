// Which instances an environment should run for a design.
// The rule: what a person bound stays bound; only what the design added or dropped changes.
import type { AppBinding, EnvironmentBinding, GatewayBinding, InstanceBinding } from "@/lib/compile/types";
import { type MeshDocument, objectKey, type Workload } from "@/lib/mesh";

export const EMPTY_BINDING: EnvironmentBinding = { instances: [], externals: [], gateways: [] };

export type BindingOptions = {
  /** Services whose workloads get the demo app of their name when nothing is bound yet. */
  demoApps?: readonly string[];
};

/** Binding for `document`: one instance per replica, new ones with the app of their siblings, else the demo app of that name, else none. */
export function bindingForDocument(
  document: MeshDocument,
  existing: EnvironmentBinding = EMPTY_BINDING,
  options: BindingOptions = {},
): EnvironmentBinding {
  const keys = new Set(document.objects.map(objectKey));
  const workloads = document.objects.filter((object): object is Workload => object.kind === "Workload");
  return {
    instances: workloads.flatMap((workload) => instancesOf(workload, existing.instances, options)).sort(byId),
    externals: existing.externals.filter(({ namespace, name }) => keys.has(`ExternalService/${namespace}/${name}`)),
    gateways: gatewaysOf(document, existing.gateways),
  };
}

function instancesOf(
  workload: Workload,
  existing: readonly InstanceBinding[],
  { demoApps = [] }: BindingOptions,
): InstanceBinding[] {
  const { namespace, name } = workload.metadata;
  const { service, replicas: wanted = 1 } = workload.spec;
  const own = existing
    .filter((instance) => instance.workload.namespace === namespace && instance.workload.name === name)
    .sort(byId);
  const kept = own.slice(0, wanted);
  const app: AppBinding =
    own[0]?.app ??
    (service !== undefined && demoApps.includes(service) ? { kind: "demo", name: service } : { kind: "none" });
  const taken = new Set(kept.map((instance) => instance.id));
  for (let n = 0; kept.length < wanted; n++) {
    const id = `${namespace}/${name}/${n}`;
    if (taken.has(id)) continue;
    kept.push({ id, workload: { namespace, name }, app });
  }
  return kept;
}

function gatewaysOf(document: MeshDocument, existing: readonly GatewayBinding[]): GatewayBinding[] {
  return document.objects
    .filter((object) => object.kind === "Gateway")
    .map(({ metadata: { namespace, name } }) => {
      const bound = existing.find((gateway) => gateway.namespace === namespace && gateway.name === name);
      return bound ?? { namespace, name };
    })
    .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
}

/** By id, with the instance number as a number: 2 comes before 10. */
function byId(a: InstanceBinding, b: InstanceBinding): number {
  const [workloadA, numberA] = splitId(a.id);
  const [workloadB, numberB] = splitId(b.id);
  if (workloadA !== workloadB) return workloadA < workloadB ? -1 : 1;
  return numberA - numberB || (a.id < b.id ? -1 : 1);
}

function splitId(id: string): [string, number] {
  const slash = id.lastIndexOf("/");
  const number = Number(id.slice(slash + 1));
  return [id.slice(0, slash), Number.isInteger(number) ? number : Number.MAX_SAFE_INTEGER];
}
