// Who may call whom, and by which certificate -> tls of listeners and backends.
// The rule: the names that a listener accepts are the only list of callers that App Mesh has; it is never longer than the design's.
import { dependenciesOn, type Facts, factsOf } from "@/lib/compile/facts";
import { protectionOf } from "@/lib/compile/modes";
import {
  type AuthorizationPolicy,
  type MeshIndex,
  objectKey,
  refKey,
  type Service,
  serviceAccountOf,
  spiffeId,
  type Workload,
} from "@/lib/mesh";
import { principalsOf } from "../shared/principals";

const trustDomainOf = (index: MeshIndex) => index.mesh?.spec.trustDomain ?? "mesh.local";
const trustOf = (index: MeshIndex) => ({ sds: { secretName: `spiffe://${trustDomainOf(index)}` } });
const namesOf = (exact: readonly string[]) => ({ subjectAlternativeNames: { match: { exact } } });
const identityOf = (index: MeshIndex, workload: Workload) =>
  spiffeId(trustDomainOf(index), workload.metadata.namespace, serviceAccountOf(workload) ?? workload.metadata.name);

/** Simple enough for a list of names: callers that are allowed everything. */
export const isList = ({ spec }: AuthorizationPolicy) =>
  spec.action === "allow" &&
  spec.shadow !== true &&
  spec.rules.every(
    ({ from, to }) =>
      to === undefined &&
      (from ?? []).length > 0 &&
      from?.every((each) => each.services && !each.principals && !each.namespaces),
  );

/** Undefined: plain text. */
export function listenerTls(index: MeshIndex, service: Service, node: Workload, port: number): object | undefined {
  const facts: Facts = factsOf(index.document);
  const protection = protectionOf(facts, service, port);
  if (service.spec.optOut || protection.tls === "disable") return undefined;
  const callers = protection.allowed === "enforced" ? callersOf(index, service, port) : undefined;
  return {
    mode: protection.tls === "strict" ? "STRICT" : "PERMISSIVE",
    certificate: { sds: { secretName: identityOf(index, node) } },
    validation: { trust: trustOf(index), ...(callers ? namesOf(callers) : {}) },
  };
}

/** Undefined: everybody with a certificate. A list of nobody has a name that nobody has: an empty one would be everybody. */
function callersOf(index: MeshIndex, service: Service, port: number): string[] | undefined {
  const key = objectKey(service);
  const allows = index.authorizationsOn(key).filter(({ spec }) => spec.action === "allow" && spec.shadow !== true);
  const isDrawn = index.mesh?.spec.defaults.authorization === "drawn";
  if (!isDrawn && allows.length === 0 && index.mesh?.spec.defaults.authorization !== "deny") return undefined;
  // a line to one of its workloads is one to the service
  const lines = isDrawn ? dependenciesOn(factsOf(index.document), key) : [];
  const drawn = lines.filter(({ spec }) => (spec.port ?? port) === port).map((each) => refKey(each.spec.from, each));
  const listed = allows
    .filter(isList)
    .flatMap((policy) =>
      policy.spec.rules.flatMap(({ from = [] }) =>
        from.flatMap(({ services = [] }) => services.map((ref) => refKey(ref, policy))),
      ),
    );
  const ids = [...drawn, ...listed].flatMap((each) => principalsOf(index, trustDomainOf(index), each));
  const names = [...new Set(ids.map((id) => `spiffe://${id}`))].sort();
  return names.length > 0 ? names : [`spiffe://${trustDomainOf(index)}/`];
}

/** How a node calls a service: with its certificate, and only if the service's is one of its workloads'. */
export function clientPolicy(
  index: MeshIndex,
  caller: Workload,
  callee: Service,
  nodes: readonly Workload[],
): object | undefined {
  if (callee.spec.optOut) return undefined;
  const facts = factsOf(index.document);
  const ports = callee.spec.ports.map(({ port }) => port);
  const secured = ports.filter((port) => protectionOf(facts, callee, port).tls !== "disable");
  const ids = [...new Set(nodes.map((each) => identityOf(index, each)))].sort();
  if (secured.length === 0 || ids.length === 0) return undefined;
  return {
    tls: {
      enforce: true,
      ...(secured.length < ports.length ? { ports: secured } : {}),
      certificate: { sds: { secretName: identityOf(index, caller) } },
      validation: { trust: trustOf(index), ...namesOf(ids) },
    },
  };
}
