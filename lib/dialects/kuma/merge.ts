// Which entries of which policies act on a service, in the order in which Kuma merges them: field by field, a later one wins.
// The rule: the order is Kuma's own (kind of the top-level target, role, kind of the destination, then names backwards), and a policy for some
// callers only has no place in the model: it is kept whole, and told.
import { objectKey, type Service } from "@/lib/mesh";
import type { ImportContext } from "../shared/context";
import { keepBeside } from "../shared/verbatim";
import { isSystem, NAMESPACE_LABEL } from "./documents";
import type { Entry, KumaState, Place, Policy } from "./state";
import { placeOf, selectionOf } from "./target-ref";

/** An entry that acts on every service, on one, or on the rules of one MeshHTTPRoute. */
export type Acting<C> = {
  policy: Policy<C>;
  entry: Entry<C>;
  place?: Place;
  /** Name of the MeshHTTPRoute. */
  route?: string;
};

const ROLES = ["system", "producer", "consumer"] as const;
type Role = (typeof ROLES)[number];

/** Who a policy is from: decides whose calls it is for. */
function roleOf<C>({ resource, to }: Policy<C>): Role {
  if (isSystem(resource)) return "system";
  const isOwn = to.every(({ ref }) => {
    const namespace = ref.namespace ?? ref.labels[NAMESPACE_LABEL];
    const isNamed = ref.name !== undefined && (namespace === undefined || namespace === resource.namespace);
    // 3.x: labels name a resource of this namespace only together with its zone
    const isPinned = ref.labels["kuma.io/zone"] !== undefined && namespace === resource.namespace;
    return (ref.kind === "MeshService" || ref.kind === "MeshHTTPRoute") && (isNamed || isPinned);
  });
  return isOwn ? "producer" : "consumer";
}

/** Entries in the order of merging; policies that have no place are kept. */
export function actingEntries<C>(
  context: ImportContext,
  state: KumaState,
  policies: readonly Policy<C>[],
): Acting<C>[] {
  const acting = policies.flatMap((policy) => {
    if (isOfGateway(context, policy)) return [];
    const why = narrowness(context, state, policy);
    if (why !== undefined) {
      leaveOut(context, policy, why);
      return [];
    }
    return policy.to.flatMap((entry) => resolved(context, policy, entry));
  });
  return acting.sort(byMerging);
}

/** The later one wins. */
export const byMerging = <C>(a: Acting<C>, b: Acting<C>): number =>
  topRank(a) - topRank(b) ||
  ROLES.indexOf(roleOf(a.policy)) - ROLES.indexOf(roleOf(b.policy)) ||
  entryRank(a) - entryRank(b) ||
  backwards(a.policy.resource.name, b.policy.resource.name);

const topRank = <C>({ policy }: Acting<C>) => (policy.top === undefined || policy.top.kind === "Mesh" ? 0 : 1);
const entryRank = <C>({ place, route, entry }: Acting<C>) =>
  route !== undefined ? 3 : place === undefined ? 0 : entry.ref.sectionName === undefined ? 1 : 2;
const backwards = (a: string, b: string) => (a < b ? 1 : a > b ? -1 : 0);

/** Times of a gateway's own calls: its routes have them. */
export function isOfGateway<C>(context: ImportContext, { resource, top }: Policy<C>): boolean {
  const isTimes = resource.kind === "MeshTimeout" || resource.kind === "MeshRetry";
  return (
    isTimes && top?.kind === "MeshGateway" && context.all("Gateway").some(({ metadata }) => metadata.name === top.name)
  );
}

/** What is said of a gateway's calls: for the whole mesh, then for it. */
export function gatewayConf<C extends object>(policies: readonly Policy<C>[], gateway: string): C | undefined {
  const rank = ({ top }: Policy<C>) => (top?.kind === "MeshGateway" ? 1 : 0);
  const own = policies
    .filter(
      ({ top }) => top === undefined || top.kind === "Mesh" || (top.kind === "MeshGateway" && top.name === gateway),
    )
    .sort((a, b) => rank(a) - rank(b) || backwards(a.resource.name, b.resource.name));
  return merged(own.flatMap(({ to }) => to.flatMap(({ ref, conf }) => (ref.kind === "Mesh" ? [conf] : []))));
}

/** Why the policy is for some callers only; undefined when it is for all. */
function narrowness<C>(context: ImportContext, state: KumaState, policy: Policy<C>): string | undefined {
  if (policy.to.length === 0) return undefined;
  const { why, namespace } = audienceOf(context, state, policy);
  if (why !== undefined || namespace === undefined) return why;
  return `it is for calls from namespace ${namespace} only, and the model's policies are for all callers`;
}

/** Whose calls a policy is for: those of a namespace, of everybody where nothing is said, or of others, with `why` it cannot be said. */
export function audienceOf<C>(
  context: ImportContext,
  state: KumaState,
  policy: Policy<C>,
): { namespace?: string; why?: string } {
  const { resource, top } = policy;
  const selection = selectionOf(context, state, resource, top);
  if (selection.type === "unknown") return { why: selection.why };
  if (selection.type === "services") {
    const names = selection.services.map(({ metadata }) => metadata.name).join(", ");
    return { why: `it is for calls of ${names} only, and the model's policies are for all callers` };
  }
  const namespace =
    selection.type === "namespace"
      ? selection.namespace
      : roleOf(policy) === "consumer"
        ? resource.namespace
        : undefined;
  const isEverybody = context.all("Service").every(({ metadata }) => metadata.namespace === namespace);
  return namespace === undefined || isEverybody ? {} : { namespace };
}

function resolved<C>(context: ImportContext, policy: Policy<C>, entry: Entry<C>): Acting<C>[] {
  const { ref } = entry;
  if (ref.kind === "Mesh") return [{ policy, entry }];
  if (ref.kind === "MeshHTTPRoute") {
    const route = ref.name ?? ref.labels["kuma.io/display-name"];
    return route === undefined ? [] : [{ policy, entry, route }];
  }
  const place =
    ref.kind === "MeshService" || ref.kind === "MeshServiceSubset" ? placeOf(context, policy.resource, ref) : undefined;
  if (place) {
    if (ref.sectionName !== undefined && place.service.spec.ports.length > 1) {
      const message = `is for port ${ref.sectionName} of ${place.service.metadata.name} only; here it is for every port`;
      context.warn(policy.resource, ref.path, message, "Give each port a service of its own.", {
        changesMeaning: true,
      });
    }
    return [{ policy, entry, place }];
  }
  leaveOut(context, policy, `its entry ${entry.index} is for ${ref.kind}, which the model cannot name`);
  return [];
}

/** Keeps the whole resource, once, and says what it would do. */
export function leaveOut(
  context: ImportContext,
  policy: Pick<Policy<unknown>, "resource" | "result">,
  why: string,
): void {
  const kept = keepBeside(context, policy)
    ? "it is kept word for word and written back on export, without effect here"
    : "it is too large to be kept";
  context.warn(policy.resource, ["spec"], `is left out: ${why}; ${kept}`, "Add it by hand, if it matters here.", {
    verdict: "lost",
    changesMeaning: true,
  });
}

type Shelves = { everywhere: number[]; of: Map<string, number[]>; reach: Map<object, Set<string>> };
/** Thousands of services ask the same list: it is sorted by service once. */
const cache = new WeakMap<readonly Acting<object>[], Shelves>();
const ANYWHERE = "";

function shelvesOf(acting: readonly Acting<object>[]): Shelves {
  const known = cache.get(acting);
  if (known) return known;
  const shelves: Shelves = { everywhere: [], of: new Map(), reach: new Map() };
  acting.forEach(({ policy, place, route }, i) => {
    const key = place ? objectKey(place.service) : ANYWHERE;
    const reach = shelves.reach.get(policy) ?? new Set();
    shelves.reach.set(policy, reach.add(key));
    if (route !== undefined) return;
    const shelf = place ? `${key} ${place.subset ?? ""}` : undefined;
    if (shelf === undefined) shelves.everywhere.push(i);
    else shelves.of.set(shelf, [...(shelves.of.get(shelf) ?? []), i]);
  });
  cache.set(acting, shelves);
  return shelves;
}

/** The entries that act on a service or one of its versions, in the order of merging. */
export function entriesFor<C extends object>(
  acting: readonly Acting<C>[],
  service: Service,
  subset?: string,
): Acting<C>[] {
  const { everywhere, of } = shelvesOf(acting);
  const own = of.get(`${objectKey(service)} ${subset ?? ""}`) ?? [];
  return [...everywhere, ...own].sort((a, b) => a - b).flatMap((i) => acting[i] ?? []);
}

/** A policy that speaks of this service and of nothing else gives its name to what comes of it. */
export function isOnly(policy: object, lists: readonly (readonly Acting<object>[])[], service: Service): boolean {
  const reaches = lists.flatMap((acting) => shelvesOf(acting).reach.get(policy) ?? []);
  return reaches.every((reach) => reach.size === 1 && reach.has(objectKey(service)));
}

/** Later fields win; fields that are objects are merged, lists replaced. */
export function merged<C extends object>(confs: readonly C[]): C | undefined {
  if (confs.length === 0) return undefined;
  return confs.reduce((all, conf) => mergeInto(all, conf) as C);
}

function mergeInto(a: object, b: object): object {
  const result: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const there = result[key];
    const isDeep = isPlain(there) && isPlain(value);
    result[key] = isDeep ? mergeInto(there, value) : value;
  }
  return result;
}

const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
