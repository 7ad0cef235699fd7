// What to ask of each service: who is let in, who is not, and with which harmless request.
// One rule: a probe only reads (GET or HEAD), and every refusal that is asked for has a call beside it that must succeed.
import {
  buildIndex,
  isCallerOnly,
  type MeshDocument,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  refKey,
  type Service,
  serviceAccountOf,
  spiffeId,
} from "@/lib/mesh";
import { type CompiledProxy, compileMesh } from "./compiled-mesh";
import { type Decision, deciderOf, intendedDocument } from "./permissions";
import { inMesh } from "./services";

export interface ProbeRequest {
  method: "GET" | "HEAD";
  path: string;
}
export interface ProbeCaller {
  caller: ObjectKey;
  principal: string;
  request: ProbeRequest;
  /** What decides about it, in words. */
  why: string;
}

export interface ServiceProbe {
  service: ObjectKey;
  /** Host header of the calls. */
  host: string;
  allowed: ProbeCaller | null;
  forbidden: ProbeCaller[];
  /** An allowed caller's request that a rule forbids; null when no rule tells requests apart. */
  forbiddenRequest: ProbeCaller | null;
}

/** Identities that no object can have: the namespace is reserved, and logs show it at once. */
export const PROBE_NAMESPACE = "meshwright-probe";
export const proberId = (trustDomain: string) => spiffeId(trustDomain, PROBE_NAMESPACE, "unrelated");
/** Callers asked about for one service. */
const MAX_CALLERS = 200;
/** Forbidden callers that are really tried. */
const MAX_FORBIDDEN = 3;
const DEFAULT_REQUESTS: readonly ProbeRequest[] = [{ method: "GET", path: "/" }];

export function planProbes(document: MeshDocument): ServiceProbe[] {
  const index = buildIndex(document);
  const intended = compileMesh(intendedDocument(document));
  return index
    .all("Service")
    .filter((service) => inMesh(index, service))
    .flatMap((service) => {
      const key = objectKey(service);
      const proxy = intended.proxies.find(({ owner }) => owner === key);
      return proxy ? [probeOf(index, service, proxy)] : [];
    });
}

function probeOf(index: MeshIndex, service: Service, proxy: CompiledProxy): ServiceProbe {
  const key = objectKey(service);
  const host = `${service.metadata.name}.${service.metadata.namespace}`;
  const decide = deciderOf(proxy);
  if (!decide) return { service: key, host, allowed: null, forbidden: [], forbiddenRequest: null };
  const requests = requestsFor(index, service);
  const callers = callersOf(index, key).map(({ caller, principal }) => {
    const answers = requests
      .map((request) => ({ request, decision: decide({ principal, host, ...request }) }))
      // what an authorizer answers proves nothing about the design
      .filter(({ decision }) => !decision.isAsked);
    return {
      caller,
      principal,
      allowed: answers.find(({ decision }) => decision.isAllowed),
      denied: answers.find(({ decision }) => !decision.isAllowed),
    };
  });
  const served = callers.find(({ allowed }) => allowed !== undefined);
  const split = callers.find(({ allowed, denied }) => allowed && denied);
  const forbidden = callers
    .filter(({ allowed }) => !allowed)
    .sort((a, b) => Number(b.denied?.decision.policy !== null) - Number(a.denied?.decision.policy !== null))
    .slice(0, MAX_FORBIDDEN);
  return {
    service: key,
    host,
    allowed: served?.allowed ? toCaller(served, served.allowed) : null,
    forbidden: forbidden.flatMap((each) => (each.denied ? [toCaller(each, each.denied)] : [])),
    forbiddenRequest: split?.denied ? toCaller(split, split.denied) : null,
  };
}

function toCaller(
  { caller, principal }: { caller: ObjectKey; principal: string },
  { request, decision }: { request: ProbeRequest; decision: Decision },
): ProbeCaller {
  const why = decision.isAllowed
    ? `granted by ${decision.policy ?? "the mesh's default"}`
    : decision.policy
      ? `denied by ${decision.policy}`
      : "no policy grants it";
  return { caller, principal, request, why };
}

/** Those with a drawn dependency first, then the others; each identity once, the service's own left out. */
function callersOf(index: MeshIndex, callee: ObjectKey): { caller: ObjectKey; principal: string }[] {
  const trustDomain = index.mesh?.spec.trustDomain ?? "mesh.local";
  const drawn = index.dependenciesTo(callee).map((dependency) => refKey(dependency.spec.from, dependency));
  const callers = index.all("Workload").filter(isCallerOnly);
  const all = [...index.all("Service"), ...index.all("Gateway"), ...callers].map(objectKey);
  const own = new Set(identitiesOf(index, callee, trustDomain));
  const seen = new Set<string>();
  return [...drawn, ...all.filter((key) => !drawn.includes(key)).sort()]
    .slice(0, MAX_CALLERS)
    .flatMap((caller) => identitiesOf(index, caller, trustDomain).map((principal) => ({ caller, principal })))
    .filter(({ principal }) => !own.has(principal) && !seen.has(principal) && seen.add(principal));
}

function identitiesOf(index: MeshIndex, key: ObjectKey, trustDomain: string): string[] {
  const object = index.get(key);
  const owners = object?.kind === "Service" ? index.workloadsOf(key) : object ? [object] : [];
  const ids = owners.flatMap((owner) => {
    const account = serviceAccountOf(owner);
    return account && owner.metadata.namespace ? [spiffeId(trustDomain, owner.metadata.namespace, account)] : [];
  });
  return [...new Set(ids)];
}

/** `/`, and a request inside and outside of every path that a policy about this service names. */
function requestsFor(index: MeshIndex, service: Service): ProbeRequest[] {
  const named = index
    .all("AuthorizationPolicy")
    .filter(({ spec: { target }, metadata }) =>
      target.service
        ? target.service === service.metadata.name &&
          (target.namespace ?? metadata.namespace) === service.metadata.namespace
        : !target.gateway && (!target.namespace || target.namespace === service.metadata.namespace),
    )
    .flatMap(({ spec }) => spec.rules.flatMap((rule) => rule.to ?? []))
    .flatMap((operation) => {
      const methods = (operation.methods ?? ["GET"]).filter(
        (method): method is "GET" | "HEAD" => method === "GET" || method === "HEAD",
      );
      const paths = operation.paths ?? ["/"];
      return methods.flatMap((method) => paths.map((path) => ({ method, path: examplePath(path) })));
    });
  const all = [
    ...DEFAULT_REQUESTS,
    ...named,
    ...(named.length > 0 ? [{ method: "GET" as const, path: "/meshwright-probe" }] : []),
  ];
  const keys = new Set<string>();
  return all.filter(({ method, path }) => {
    const key = `${method} ${path}`;
    return !keys.has(key) && keys.add(key);
  });
}

function examplePath(path: string): string {
  if (path === "*") return "/";
  if (path.endsWith("*")) return `${path.slice(0, -1)}meshwright-probe`.replace(/^(?!\/)/, "/");
  return path.startsWith("*") ? `/meshwright-probe${path.slice(1)}` : path;
}
