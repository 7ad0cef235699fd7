// Who a rule lets in -> peers of Cilium: pods by namespace and service account, and the entity of its gateways.
// The rule: a caller that Cilium has no labels for is left out and told; an allow never lets in more than the design does without a word.
import { type AuthorizationSource, type MeshIndex, objectKey, refKey, workloadOwnerKey } from "@/lib/mesh";
import { knownSelector } from "../kubernetes/selectors";
import { type Holder, holdersIn, meantBy, principal, principalsOf, trustDomainOf } from "../shared/principals";
import { ACCOUNT, NAMESPACE } from "./labels";

const OF_NAMESPACE = `k8s:${NAMESPACE}`;
const OF_ACCOUNT = `k8s:${ACCOUNT}`;

/** Undefined: any. */
type Pattern = { namespace?: string; account?: string };
type Endpoint = { matchLabels?: Record<string, string>; matchExpressions?: { key: string; operator: string }[] };

export type Peers = {
  endpoints: Endpoint[];
  /** Calls that come by gateways. */
  isIngress: boolean;
  unsaid: string[];
  /** Anybody who has an identity: there that is every pod, in the mesh or not. */
  isEverybody: boolean;
  /** Gateways that are let in with those that are meant: Cilium has one entity for all of them. */
  withThem: string[];
};

export function peersOf(index: MeshIndex, holder: Holder, from: readonly AuthorizationSource[] | undefined): Peers {
  const sources = from ?? [{ principals: ["*"] }];
  const read = sources.map((source) => patternsOf(index, holder, source));
  const { workloads, gateways } = holdersIn(index);
  const trustDomain = trustDomainOf(index);
  const all = [...gateways.values()].flat();
  const meant = new Set(read.flatMap(({ takes }) => [...gateways].flatMap(([id, own]) => (takes(id) ? own : []))));
  const others = all.filter((each) => !meant.has(each)).map(({ metadata }) => metadata.name);
  const patterns = read
    .flatMap((each) => each.patterns)
    // a gateway of Cilium has no pods of its own
    .filter(({ namespace, account }) => {
      if (namespace === undefined || account === undefined) return true;
      const id = principal(trustDomain, namespace, account);
      return workloads.has(id) || !gateways.has(id);
    });
  return {
    endpoints: [...read.flatMap(({ labels = [] }) => labels), ...tidy(patterns).map(endpointOf)],
    isIngress: meant.size > 0,
    unsaid: read.flatMap(({ unsaid }) => unsaid),
    isEverybody: patterns.some(({ namespace, account }) => namespace === undefined && account === undefined),
    withThem: meant.size > 0 ? others : [],
  };
}

type Read = { patterns: Pattern[]; labels?: Endpoint[]; unsaid: string[]; takes(id: string): boolean };

function patternsOf(index: MeshIndex, holder: Holder, source: AuthorizationSource): Read {
  const { odd, services, takes } = meantBy(index, holder, source);
  // whoever asks for more, as for a token, is not known by labels
  if (odd.length > 0) return { patterns: [], unsaid: odd, takes };
  const trustDomain = trustDomainOf(index);
  const { principals, namespaces } = source;
  const labels = principals || namespaces ? undefined : labelsOf(index, source, holder);
  if (labels) return { patterns: [], labels, unsaid: [], takes };
  // the fields of one entry are AND-ed
  const texts = services ? services.filter(takes) : principals;
  if (!texts) return { patterns: (namespaces ?? []).map((namespace) => ({ namespace })), unsaid: [], takes };
  const read: Read = { patterns: [], unsaid: [], takes };
  for (const text of texts) {
    const own = patternOf(text, trustDomain);
    if (!own) read.unsaid.push(text);
    else if (!namespaces) read.patterns.push(own);
    else if (own.namespace === undefined) read.patterns.push(...namespaces.map((namespace) => ({ ...own, namespace })));
    else if (namespaces.includes(own.namespace)) read.patterns.push(own);
  }
  return read;
}

/** Services by the labels that Kubernetes selects them by; undefined: those are not known, or somebody else has their account. */
function labelsOf(index: MeshIndex, { services }: AuthorizationSource, holder: Holder): Endpoint[] | undefined {
  const found = (services ?? []).map((ref) => index.find("Service", refKey(ref, holder)));
  const wanted = new Set(found.map((each) => each && objectKey(each)));
  const endpoints = found.flatMap((service) => {
    const selector = service && knownSelector(service);
    return service && selector ? [podsOfService(service.metadata.namespace, selector)] : [];
  });
  if (endpoints.length === 0 || endpoints.length < found.length) return undefined;
  const { workloads, gateways } = holdersIn(index);
  const ids = services
    ? found.flatMap((each) => (each ? principalsOf(index, trustDomainOf(index), objectKey(each)) : []))
    : [];
  const isShared = (id: string) =>
    gateways.has(id) || (workloads.get(id) ?? []).some((each) => !wanted.has(workloadOwnerKey(each)));
  return !ids.some((id) => workloads.has(id)) || ids.some(isShared) ? undefined : endpoints;
}

function patternOf(text: string, trustDomain: string): Pattern | undefined {
  const own = text.replace(/^spiffe:\/\//, "");
  if (own === "*" || own === `${trustDomain}/*` || own === `${trustDomain}/ns/*`) return {};
  const [, domain, namespace, account] = /^([^/*]+)\/ns\/([^/*]+)\/(?:sa\/)?([^/*]+|\*)$/.exec(own) ?? [];
  if (domain === trustDomain && namespace !== undefined && account !== undefined) {
    if (account === "*") return { namespace };
    return own.includes("/sa/") ? { namespace, account } : undefined;
  }
  const [, place, name] = /^\*(?:\/ns\/([^/*]+))?(?:\/sa)?\/([^/*]+)$/.exec(own) ?? [];
  if (name === undefined) return undefined;
  return place === undefined ? { account: name } : { namespace: place, account: name };
}

/** Each once, in a fixed order. */
function tidy(patterns: readonly Pattern[]): Pattern[] {
  const textOf = ({ namespace = "", account = "" }: Pattern) => `${namespace}/${account}`;
  const byText = new Map(patterns.map((each) => [textOf(each), each]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function endpointOf({ namespace, account }: Pattern): Endpoint {
  const labels = {
    ...(namespace === undefined ? {} : { [OF_NAMESPACE]: namespace }),
    ...(account === undefined ? {} : { [OF_ACCOUNT]: account }),
  };
  return {
    ...(Object.keys(labels).length > 0 ? { matchLabels: labels } : {}),
    // without it the selector would be for the policy's own namespace
    ...(namespace === undefined ? { matchExpressions: [{ key: OF_NAMESPACE, operator: "Exists" }] } : {}),
  };
}

/** Pods of one service, wherever the policy is. */
export const podsOfService = (namespace: string, selector: Record<string, string>) => ({
  matchLabels: { [OF_NAMESPACE]: namespace, ...selector },
});
