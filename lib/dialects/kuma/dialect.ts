// Kuma as a dialect: resources of 2.x and 3.x, in the Kubernetes and the universal form, in; either version out.
import { CATALOGUE } from "../catalogue";
import { type ImportContext, type Resource, understood } from "../shared/context";
import type { Dialect, Importer, Reading } from "../shared/dialect";
import { importersInOrder, type KindReader } from "../shared/readers";
import { assemble } from "./assemble";
import { GROUP, meshOf, unwrapUniversal, VERSION } from "./documents";
import { exportKuma } from "./export";
import { importFaultInjection } from "./fault-injection";
import { FIELDS } from "./field-verdicts";
import { importGateway } from "./gateway";
import { readHealthCheck } from "./health-check";
import { importHttpRoute } from "./http-route";
import { keptReaders } from "./kept-kinds";
import { readBalancer } from "./load-balancer";
import { leaveOut } from "./merge";
import { importIdentity, importMesh, importTls } from "./mesh";
import { importPermission } from "./permission";
import { importRateLimit } from "./rate-limit";
import { importPolicy, readBreaker, readRetry, readTimeout } from "./read-policy";
import { importDataplane, importExternalService, importMeshService } from "./services";
import { KumaState } from "./state";
import { importTcpRoute } from "./tcp-route";

const RANK = 400;

function reading(): Reading {
  const state = new KumaState();
  // what others name comes first: instances, services, gateways; then the policies
  const readers: KindReader[] = [
    ["Mesh", importMesh(state), true],
    ["MeshIdentity", importIdentity(state)],
    ["Dataplane", importDataplane(state)],
    ["MeshService", importMeshService],
    ["MeshExternalService", importExternalService],
    ["MeshGateway", importGateway, true],
    ["MeshTLS", importTls(state)],
    ["MeshTrafficPermission", importPermission(state)],
    ["MeshRateLimit", importRateLimit(state)],
    ["MeshHTTPRoute", importHttpRoute(state)],
    ["MeshTCPRoute", importTcpRoute(state)],
    ["MeshTimeout", importPolicy(state.timeouts, readTimeout)],
    ["MeshRetry", importPolicy(state.retries, readRetry)],
    ["MeshCircuitBreaker", importPolicy(state.breakers, readBreaker)],
    ["MeshLoadBalancingStrategy", importPolicy(state.balancers, readBalancer)],
    ["MeshHealthCheck", importPolicy(state.checks, readHealthCheck)],
    ["MeshFaultInjection", importFaultInjection(state)],
    ...keptReaders,
  ];
  const importers = importersInOrder(readers, { group: GROUP, version: VERSION, rank: RANK }).map(
    ({ kind, run, ...importer }): Importer => ({
      ...importer,
      kind,
      run: (context, resource, spec, sink) => {
        // a design is one mesh: the first that is met
        state.mesh ??= kind === "Mesh" ? undefined : meshOf(resource);
        const mesh = kind === "Mesh" ? resource.name : meshOf(resource);
        const own = withOwnLabels(resource);
        if (state.mesh === undefined || state.mesh === mesh) return run(context, own, spec, sink);
        const result = understood(resource);
        leaveOut(context, { resource, result }, `it belongs to mesh ${mesh}, and the design is ${state.mesh}`);
        return result;
      },
    }),
  );
  return { importers, finish: (context: ImportContext) => assemble(context, state) };
}

/** Without the labels that Kuma writes itself. */
function withOwnLabels({ labels, ...resource }: Resource): Resource {
  const own = Object.entries(labels ?? {}).filter(([key]) => !/^(.*\.)?kuma\.io\//.test(key));
  return own.length === 0 ? resource : { ...resource, labels: Object.fromEntries(own) };
}

const kinds = new Set(reading().importers.map(({ kind }) => kind));

export const kuma: Dialect = {
  ...CATALOGUE.kuma,
  recognises: (apiVersion, kind) => apiVersion.startsWith(`${GROUP}/`) && kinds.has(kind),
  unwrap: (value) => unwrapUniversal(value, kinds),
  reading,
  exportDocument: exportKuma,
  fields: FIELDS,
};
