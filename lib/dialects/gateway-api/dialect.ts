// Gateway API as a dialect: gateways and routes in and out; other kinds are kept whole.
import { CATALOGUE } from "../catalogue";
import type { ImportContext } from "../shared/context";
import type { Dialect, Importer, Reading } from "../shared/dialect";
import { attachRoutes, type RouteReader } from "./attach";
import { attachBackendTls, importBackendTls } from "./backend-tls";
import { attachConnections } from "./connections";
import { exportGatewayApi } from "./export";
import { FIELDS } from "./field-verdicts";
import { importGateway } from "./gateway";
import { keptImporters } from "./kept-kinds";
import { importRoute } from "./route";
import { GatewayState, GROUP } from "./state";
import { attachTcpRoutes, importTcpRoute } from "./tcp-route";

// After Kubernetes, so that backends are found; gateways before the routes that name them.
const RANK = 200;

function reading(): Reading {
  const state = new GatewayState();
  const importers: Importer[] = [
    { group: GROUP, kind: "Gateway", versions: ["v1", "v1beta1"], rank: RANK, run: importGateway(state) },
    ...keptImporters.map((each) => ({ ...each, rank: RANK + 1 })),
    {
      group: GROUP,
      kind: "BackendTLSPolicy",
      versions: ["v1", "v1alpha3"],
      rank: RANK + 1,
      run: importBackendTls(state),
    },
    {
      group: GROUP,
      kind: "HTTPRoute",
      versions: ["v1", "v1beta1"],
      rank: RANK + 2,
      run: importRoute("HTTPRoute", state),
    },
    { group: GROUP, kind: "GRPCRoute", versions: ["v1"], rank: RANK + 3, run: importRoute("GRPCRoute", state) },
    { group: GROUP, kind: "TCPRoute", versions: ["v1", "v1alpha2"], rank: RANK + 4, run: importTcpRoute(state) },
    {
      group: GROUP,
      kind: "TLSRoute",
      versions: ["v1", "v1alpha2", "v1alpha3"],
      rank: RANK + 5,
      run: importTcpRoute(state),
    },
  ];
  return {
    importers,
    finish: (context) => {
      attachRoutes(context, state, readerIn(context));
      attachTcpRoutes(context, state);
      attachConnections(context, state);
      attachBackendTls(context, state);
    },
  };
}

/** In a text of Cilium's the routes are Cilium's. */
function readerIn({ resources }: ImportContext): RouteReader {
  const isCiliums = resources.some(({ dialect }) => dialect === "cilium");
  return isCiliums ? { noConsumers: "Cilium takes routes of the service's own namespace only" } : {};
}

const known = reading().importers;

export const gatewayApi: Dialect = {
  ...CATALOGUE["gateway-api"],
  recognises: (apiVersion, kind) => known.some((each) => each.kind === kind && apiVersion.startsWith(`${each.group}/`)),
  reading,
  exportDocument: exportGatewayApi,
  fields: FIELDS,
};
