// A design that can be asked: each proxy's configuration compiled and planned when a question first reaches it.
// The rule: the plan is the proxy's own (compile -> plan); plans are kept by content, so scenes of two versions share what did not change.
import { type ProxyPlan, plan } from "@meshwright/proxy/plan";
import { compile, type EnvironmentBinding, type InstanceEndpoint, NO_ROLLOUT } from "@/lib/compile";
import { localEndpoints } from "@/lib/deploy";
import { buildIndex, type MeshDocument, type MeshIndex, type ObjectKey, type Path, workloadOwnerKey } from "@/lib/mesh";
import { type Slice, sliceFor } from "./slice";
import { madeUpWorld, type World, worldWithin } from "./world";

export type SceneOptions = {
  /** How an environment runs the design; absent: one instance of everything. */
  binding?: EnvironmentBinding;
  endpoints?: InstanceEndpoint[];
  /** Where an object, and a place inside it, stands in the text that the document was read from. */
  locate?: (key: ObjectKey, path?: Path) => { file?: string; line: number } | undefined;
};

/** One proxy, ready to be asked; or why there is none. */
export type PlannedProxy =
  | { ok: true; proxyId: string; owner: ObjectKey; slice: Slice; plan: ProxyPlan }
  | { ok: false; proxyId: string; reason: string };

export type Scene = {
  readonly document: MeshDocument;
  readonly index: MeshIndex;
  readonly locate: SceneOptions["locate"];
  /** Made up: every workload has an app, so one of a service answers for all of them. */
  readonly isMadeUp: boolean;
  /** The first proxy of a workload or gateway. */
  proxyOf(key: ObjectKey): PlannedProxy;
  /** Slice of a service or gateway. */
  slice(owner: ObjectKey): Slice;
};

/** About 60 KB each. */
const MAX_PLANS = 3000;
const plans = new Map<string, PlannedProxy>();

export function buildScene(document: MeshDocument, options: SceneOptions = {}): Scene {
  const index = buildIndex(document);
  const world = worldOf(document, options);
  const slices = new Map<ObjectKey, Slice>();
  const own = new Map<ObjectKey, PlannedProxy>();
  const slice = (owner: ObjectKey): Slice => {
    const known = slices.get(owner) ?? sliceFor(index, owner);
    slices.set(owner, known);
    return known;
  };
  const proxyOf = (key: ObjectKey): PlannedProxy => {
    const known = own.get(key) ?? planned(index, key, slice, world);
    own.set(key, known);
    return known;
  };
  return { document, index, locate: options.locate, isMadeUp: world === null, proxyOf, slice };
}

function worldOf(document: MeshDocument, { binding, endpoints }: SceneOptions): World | null {
  if (!binding) return null;
  return { binding, endpoints: endpoints ?? localEndpoints(document, binding) };
}

function planned(
  index: MeshIndex,
  key: ObjectKey,
  sliceOf: (owner: ObjectKey) => Slice,
  world: World | null,
): PlannedProxy {
  const workload = index.find("Workload", key);
  if (!workload && !index.find("Gateway", key)) {
    return { ok: false, proxyId: key, reason: `There is no ${key} in this design.` };
  }
  const owner = workload ? workloadOwnerKey(workload) : key;
  const slice = sliceOf(owner);
  if (world) return make(key, owner, slice, worldWithin(world, slice.document));
  const name = `${key} ${slice.key}`;
  const known = plans.get(name);
  const made = known ?? make(key, owner, slice, madeUpWorld(slice.document));
  if (known) plans.delete(name); // To the end: the first one is the one that was longest not asked.
  plans.set(name, made);
  if (plans.size > MAX_PLANS) for (const oldest of plans.keys()) if (plans.delete(oldest)) break;
  return made;
}

function make(key: ObjectKey, owner: ObjectKey, slice: Slice, world: World): PlannedProxy {
  const [, namespace, name] = key.split("/");
  const endpoint = world.endpoints.find((each) => each.namespace === namespace && each.workload === name);
  if (!endpoint) return { ok: false, proxyId: key, reason: `No instance of ${name} runs, so it has no proxy.` };
  const { proxyId } = endpoint;
  const input = { document: slice.document, digest: "", ...world, rollout: NO_ROLLOUT, overrides: {} };
  const compiled = compile(input, proxyId);
  if (!compiled.ok) return { ok: false, proxyId, reason: refusal(proxyId, compiled.violations) };
  const { listeners, routes, clusters, endpoints } = compiled.resources;
  const result = plan({ listeners, routes, clusters, endpoints });
  if (!result.ok) return { ok: false, proxyId, reason: refusal(proxyId, result.violations) };
  return { ok: true, proxyId, owner, slice, plan: result.plan };
}

function refusal(proxyId: string, violations: readonly { path: string; message: string; fix?: string }[]): string {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return `The proxy ${proxyId} gets no configuration: ${first?.path}: ${first?.message}${more}.${first?.fix ? ` ${first.fix}` : ""}`;
}
