// Workloads -> virtual nodes: listeners with their limits, and the virtual services that they call.
// The rule: limits stand at the caller in a design and at the callee in App Mesh: each of them is told, as a change of meaning.
import {
  type Dependency,
  type ExternalService,
  objectKey,
  plainHost,
  refKey,
  type Service,
  type ServicePort,
  type TrafficPolicy,
  type Workload,
  workloadOwnerKey,
} from "@/lib/mesh";
import { clientPolicy, listenerTls } from "./export-access";
import { type AppMeshExport, durationOf, NO_LIMIT } from "./export-out";
import { writeHealthCheck } from "./health-check";

/** Envoy's own, which a design relies on where it says nothing. */
const STANDARD = { errors: 5, intervalMs: 10_000, ejectionMs: 30_000, percent: 10 };
const UNLIMITED = 2_147_483_647;

export function exportNode(out: AppMeshExport, service: Service, workload: Workload): void {
  const policy = policyOf(out, service, workload);
  writeNode(
    out,
    workload,
    service.spec.ports.map((port) => listenerOf(out, { service, workload, port, policy })),
  );
}

/** Of a workload that serves nothing: no listener, and who it calls. */
export const exportCaller = (out: AppMeshExport, workload: Workload): void => writeNode(out, workload, []);

function writeNode(out: AppMeshExport, workload: Workload, listeners: object[]): void {
  const backends = backendsOf(out, workload);
  const { name, namespace } = workload.metadata;
  out.add(
    "VirtualNode",
    { virtualNodeName: out.nameOf(workload) },
    {
      ...(listeners.length > 0
        ? { listeners, serviceDiscovery: { dns: { hostname: `${name}.${namespace}.svc.cluster.local` } } }
        : {}),
      ...(backends.length > 0 ? { backends } : {}),
    },
  );
}

/** That of the workload's subset, block by block before the service's. */
function policyOf(out: AppMeshExport, service: Service, workload: Workload): TrafficPolicy["spec"] | undefined {
  const policies = out.index.trafficPoliciesOf(objectKey(service));
  const own = policies.find(
    ({ spec }) => spec.subset !== undefined && out.nodesOf(service, spec.subset).includes(workload),
  )?.spec;
  const all = policies.find(({ spec }) => spec.subset === undefined)?.spec;
  return own && all ? { ...all, ...own } : (own ?? all);
}

type Given = { service: Service; workload: Workload; port: ServicePort; policy: TrafficPolicy["spec"] | undefined };

function listenerOf(out: AppMeshExport, { service, workload, port, policy }: Given): object {
  const { protocol } = port;
  const pool = poolOf(protocol, policy?.connectionPool);
  const outlier = policy?.outlierDetection && protocol !== "tcp" ? outlierOf(policy.outlierDetection) : undefined;
  const check = policy?.healthCheck && writeHealthCheck(policy.healthCheck, protocol);
  const tls = listenerTls(out.index, service, workload, port.port);
  return {
    portMapping: { port: port.port, protocol },
    ...(protocol === "tcp" ? {} : { timeout: { [protocol]: { perRequest: NO_LIMIT } } }),
    ...(pool ? { connectionPool: pool } : {}),
    ...(outlier ? { outlierDetection: outlier } : {}),
    ...(check ? { healthCheck: check } : {}),
    ...(tls ? { tls } : {}),
  };
}

function poolOf(protocol: ServicePort["protocol"], pool: TrafficPolicy["spec"]["connectionPool"]): object | undefined {
  const { maxConnections, maxPendingRequests, maxRequests } = pool ?? {};
  if (protocol === "tcp") return maxConnections === undefined ? undefined : { tcp: { maxConnections } };
  if (protocol !== "http") return maxRequests === undefined ? undefined : { [protocol]: { maxRequests } };
  if (maxConnections === undefined && maxPendingRequests === undefined) return undefined;
  return {
    http: {
      maxConnections: Math.min(maxConnections ?? UNLIMITED, UNLIMITED),
      ...(maxPendingRequests === undefined ? {} : { maxPendingRequests: Math.min(maxPendingRequests, UNLIMITED) }),
    },
  };
}

function outlierOf(outlier: NonNullable<TrafficPolicy["spec"]["outlierDetection"]>): object | undefined {
  const errors = outlier.consecutive5xxErrors ?? (outlier.legacyConsecutiveErrors || STANDARD.errors);
  // 0 turns this counter off, and it is the only one of App Mesh
  if (errors === 0) return undefined;
  return {
    maxServerErrors: errors,
    interval: durationOf(outlier.intervalMs ?? STANDARD.intervalMs),
    baseEjectionDuration: durationOf(outlier.baseEjectionTimeMs ?? STANDARD.ejectionMs),
    maxEjectionPercent: outlier.maxEjectionPercent ?? STANDARD.percent,
  };
}

function backendsOf(out: AppMeshExport, workload: Workload): object[] {
  const { index } = out;
  const callers = [...new Set([workloadOwnerKey(workload), objectKey(workload)])];
  const drawn = callers.flatMap((caller) => index.dependenciesFrom(caller));
  const backends = drawn.flatMap((each): [string, object | undefined][] => {
    const callee = calleeOf(out, each);
    if (callee?.kind === "Service")
      return [[out.virtualServiceOf(callee), clientPolicy(index, workload, callee, out.nodesOf(callee))]];
    if (!callee || !isGranted(out, callee, callers, workload.metadata.namespace)) return [];
    return externalNames(callee).map((host) => [host, undefined]);
  });
  return [...new Map(backends)].map(([virtualServiceName, policy]) => ({
    virtualService: { virtualServiceName, ...(policy ? { clientPolicy: policy } : {}) },
  }));
}

function calleeOf({ index }: AppMeshExport, dependency: Dependency): Service | ExternalService | undefined {
  const key = refKey(dependency.spec.to, dependency);
  const workload = index.find("Workload", key);
  if (workload) return index.find("Service", workloadOwnerKey(workload));
  return index.find("Service", key) ?? index.find("ExternalService", key);
}

function isGranted(
  { index }: AppMeshExport,
  external: ExternalService,
  callers: readonly string[],
  namespace: string,
): boolean {
  return index.egressesTo(objectKey(external)).some((egress) => {
    const { from } = egress.spec;
    return from ? from.some((ref) => callers.includes(refKey(ref, egress))) : egress.metadata.namespace === namespace;
  });
}

/** Hosts that a virtual service can be named by. */
export const externalNames = ({ spec }: ExternalService) =>
  spec.hosts.map(plainHost).filter((host) => !host.includes("*"));

/** A named external host is a virtual node that DNS leads to. */
export function exportExternal(out: AppMeshExport, external: ExternalService): void {
  for (const [i, host] of externalNames(external).entries()) {
    const { namespace, name } = external.metadata;
    const virtualNodeName = `external_${namespace}_${name}${i === 0 ? "" : `_${i}`}`.replaceAll(".", "-").slice(0, 255);
    out.add(
      "VirtualNode",
      { virtualNodeName },
      {
        listeners: external.spec.ports.map(({ port, protocol }) => ({ portMapping: { port, protocol } })),
        serviceDiscovery: {
          dns: { hostname: host, ...(external.spec.resolution ? { responseType: "LOADBALANCER" } : {}) },
        },
      },
    );
    out.add("VirtualService", { virtualServiceName: host }, { provider: { virtualNode: { virtualNodeName } } });
  }
}
