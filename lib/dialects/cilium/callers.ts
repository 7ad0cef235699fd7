// Who a rule of Cilium lets in -> who that is in a design: identities, namespaces, services, gateways.
// The rule: Cilium knows a caller by its labels, a design by its service account; where several share one, that is told.
import { type AuthorizationSource, type Gateway, keyOf, objectKey, type Ref, type Workload } from "@/lib/mesh";
import { namespacesMeant } from "../kubernetes/selectors";
import type { ImportContext } from "../shared/context";
import type { Place } from "../shared/draw-line";
import { principal, principalOf, trustDomainOf } from "../shared/principals";
import {
  ACCOUNT,
  type Condition,
  NAMESPACE,
  type Pod,
  type Pods,
  podsOf,
  type Selector,
  selected,
  textOf,
} from "./labels";
import type { Peer } from "./state";

const NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels.";
/** Those of AuthorizationSource. */
const MAX = 256;

export type World = {
  context: ImportContext;
  pods: Pods;
  /** By principal. */
  byAccount: ReadonlyMap<string, readonly Pod[]>;
  gateways: readonly Gateway[];
  trustDomain: string;
};

export function worldOf(context: ImportContext): World {
  const trustDomain = trustDomainOf(context.index);
  const pods = podsOf(context);
  const byAccount = new Map<string, Pod[]>();
  for (const pod of pods.all) {
    const id = idOf(trustDomain, pod);
    const there = byAccount.get(id);
    if (there) there.push(pod);
    else byAccount.set(id, [pod]);
  }
  return { context, pods, byAccount, gateways: context.all("Gateway"), trustDomain };
}

export type Callers = {
  /** Anybody, also without an identity. */
  isAnybody: boolean;
  principals: string[];
  namespaces: string[];
  places: Place[];
  /** Who shares a service account with somebody that is let in. */
  sharing: string[];
  unsaid: { peer: Peer; why: string }[];
};

/** Undefined peers: anybody, also without an identity. */
export function callersOf(world: World, peers: readonly Peer[] | undefined): Callers {
  const callers: Callers = {
    isAnybody: peers === undefined,
    principals: [],
    namespaces: [],
    places: [],
    sharing: [],
    unsaid: [],
  };
  for (const peer of peers ?? []) {
    if (peer.is === "entity") entity(world, peer, callers);
    else if (peer.is === "endpoints") endpoints(world, peer, callers);
    else callers.unsaid.push({ peer, why: peer.is === "odd" ? peer.why : "it is no caller" });
  }
  return callers;
}

export const isNobody = ({ isAnybody, principals, namespaces, places }: Callers) =>
  !isAnybody && principals.length + namespaces.length + places.length === 0;

/** As the policy writes it from within its namespace. */
export function sourcesOf(callers: Callers, namespace: string): { from?: AuthorizationSource[] } {
  if (callers.isAnybody) return {};
  const principals = [...new Set(callers.principals)];
  const namespaces = [...new Set(callers.namespaces)].sort();
  const refs = new Map(callers.places.map((place) => [keyOf(place.kind, place.namespace, place.name), place]));
  const services = [...refs.values()].map(
    ({ kind, namespace: own, name }): Ref => ({ kind, ...(own === namespace ? {} : { namespace: own }), name }),
  );
  return {
    from: [
      ...chunks(principals).map((each) => ({ principals: each })),
      ...chunks(services).map((each) => ({ services: each })),
      ...chunks(namespaces).map((each) => ({ namespaces: each })),
    ],
  };
}

function chunks<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / MAX) }, (_, i) => list.slice(i * MAX, (i + 1) * MAX));
}

function entity({ gateways }: World, peer: Peer & { is: "entity" }, callers: Callers): void {
  switch (peer.name) {
    case "all":
      callers.isAnybody = true;
      return;
    case "none":
      return;
    case "cluster":
      callers.principals.push("*");
      return;
    case "ingress":
      if (gateways.length > 0) callers.places.push(...gateways.map(placeOf));
      else callers.unsaid.push({ peer, why: "no gateway of the design is where calls from outside come in" });
      return;
    case "world":
    case "world-ipv4":
    case "world-ipv6":
      callers.unsaid.push({ peer, why: "calls from outside come by a gateway here" });
      return;
    default:
      callers.unsaid.push({ peer, why: `${peer.name} has no identity in a mesh` });
  }
}

export const placeOf = ({
  kind,
  metadata,
}: {
  kind: Ref["kind"];
  metadata: { namespace: string; name: string };
}): Place => ({
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
});

function endpoints(world: World, peer: Peer & { is: "endpoints" }, callers: Callers): void {
  const { selector } = peer;
  const byIdentity = identities(world, selector);
  if (byIdentity) {
    callers.principals.push(...byIdentity.principals);
    callers.namespaces.push(...byIdentity.namespaces);
    return;
  }
  const found = selected(world.pods, selector);
  const places = [...found.services.map(placeOf), ...found.workloads.map(placeOf)];
  if (places.length === 0) {
    callers.unsaid.push({ peer, why: `no service of the design has pods ${textOf(selector)}` });
    return;
  }
  callers.places.push(...places);
  callers.sharing.push(...sharing(world, found));
}

type Identities = { principals: string[]; namespaces: string[] };

/** Selectors that ask for service account and namespace alone are exact; undefined: this one asks for more. */
function identities({ context, trustDomain }: World, selector: Selector): Identities | undefined {
  const isOf = (key: string) => (each: Condition) => each.key === key;
  const accounts = selector.filter(isOf(ACCOUNT));
  const places = selector.filter(isOf(NAMESPACE));
  const labelled = selector.filter(({ key }) => key.startsWith(NAMESPACE_LABELS));
  if (accounts.length + places.length + labelled.length < selector.length) return undefined;
  if (accounts.length > 1 || places.length > 1 || (places.length > 0 && labelled.length > 0)) return undefined;
  if (labelled.some(({ operator, values }) => operator !== "In" || values.length !== 1)) return undefined;
  const [account] = accounts;
  const [place] = places;
  if (account && account.operator !== "In") return undefined;
  if (place && place.operator !== "In" && place.operator !== "Exists") return undefined;
  const meant = labelled.map(({ key, values }) => [key.slice(NAMESPACE_LABELS.length), values[0] ?? ""] as const);
  const namespaces =
    place?.operator === "In"
      ? place.values
      : labelled.length > 0
        ? namespacesMeant(context, Object.fromEntries(meant))
        : undefined;
  if (namespaces?.length === 0) return undefined;
  if (!account)
    return namespaces ? { principals: [], namespaces: [...namespaces] } : { principals: ["*"], namespaces: [] };
  const names = account.values;
  if (!namespaces) return { principals: names.map((each) => `*/sa/${each}`), namespaces: [] };
  const pairs = namespaces.flatMap((namespace) => names.map((each) => principal(trustDomain, namespace, each)));
  return { principals: pairs, namespaces: [] };
}

/** Others with the service account of somebody that is let in are let in with it. */
function sharing(
  { byAccount, trustDomain, pods }: World,
  { services, workloads }: ReturnType<typeof selected>,
): string[] {
  const [whole, some] = [new Set(services), new Set(workloads)];
  const isIn = ({ service, workload }: Pod) => whole.has(service) || (workload !== undefined && some.has(workload));
  const own = [...services.flatMap((each) => pods.byService.get(each) ?? []), ...ofWorkloads(pods, workloads)];
  const ids = new Set(own.map((pod) => idOf(trustDomain, pod)));
  const others = [...ids].flatMap((id) => byAccount.get(id) ?? []).filter((pod) => !isIn(pod));
  return others.map(({ workload, service }) => (workload ?? service).metadata.name);
}

const ofWorkloads = ({ byService }: Pods, workloads: readonly Workload[]): Pod[] => {
  if (workloads.length === 0) return [];
  const wanted = new Set(workloads);
  return [...byService.values()].flat().filter(({ workload }) => workload !== undefined && wanted.has(workload));
};

const idOf = (trustDomain: string, { service, account }: Pod) =>
  principal(trustDomain, service.metadata.namespace, account);

/** The services and gateways whose identity these principals are, to draw what is let in. */
export function holdersOf({ byAccount, gateways, trustDomain }: World, principals: readonly string[]): Place[] {
  const services = principals.flatMap((id) => (byAccount.get(id) ?? []).map(({ service }) => service));
  const wanted = new Set(principals);
  const own = gateways.filter((each) => wanted.has(principalOf(trustDomain, each)));
  const byKey = new Map([...services, ...own].map((each) => [objectKey(each), placeOf(each)]));
  return [...byKey.values()];
}
