// AWS App Mesh as a dialect: the JSON of its API in, for moving away, and out, in its last form. The service ended on 2026-09-30.
import { CATALOGUE } from "../catalogue";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Dialect, Importer, Reading } from "../shared/dialect";
import type { Fields, Sink } from "../shared/fields";
import { assemble } from "./assemble";
import { KIND_NAMES, unwrap } from "./documents";
import { exportAppMesh } from "./export";
import { FIELDS } from "./field-verdicts";
import { tellShapes } from "./shapes";
import { AppMeshState, type Part } from "./state";

const RANK = 300;

function reading(): Reading {
  const state = new AppMeshState();
  const lists: Record<string, Part[]> = {
    VirtualNode: state.nodes,
    VirtualService: state.services,
    VirtualRouter: state.routers,
    Route: state.routes,
    VirtualGateway: state.gateways,
    GatewayRoute: state.gatewayRoutes,
  };
  const importers = KIND_NAMES.map(
    (kind, i): Importer => ({
      group: "appmesh",
      kind,
      versions: ["2019-01-25"],
      rank: RANK + i,
      run(context: ImportContext, resource: Resource, fields: Fields, sink: Sink): Understood {
        const result = understood(resource);
        const spec = fields.everything();
        tellShapes(spec, fields.path, sink);
        lists[kind]?.push({ raw: resource.name, resource, spec, result });
        if (kind === "Mesh" && spec["egressFilter"] !== undefined) {
          const message = "egressFilter has no counterpart: external hosts are granted one by one in the design";
          context.warn(resource, ["spec", "egressFilter"], message, "Add external services and egress grants.", {
            verdict: "lost",
          });
        }
        return result;
      },
    }),
  );
  return { importers, finish: (context) => assemble(context, state) };
}

export const appMesh: Dialect = {
  ...CATALOGUE["app-mesh"],
  recognises: (apiVersion) => apiVersion.startsWith("appmesh/"),
  readsInstead: (apiVersion) =>
    apiVersion.startsWith("appmesh.k8s.aws/")
      ? "Give what aws appmesh describe-mesh, describe-virtual-node and the like print: the API's answers are read, not resources of the controller."
      : undefined,
  unwrap,
  reading,
  exportDocument: exportAppMesh,
  fields: FIELDS,
};
