// Istio as a dialect: networking, security, telemetry and extensions in every version that is served in, v1 out.
import { CATALOGUE } from "../catalogue";
import type { Dialect, Importer } from "../shared/dialect";
import { importMeshConfig, unwrapMeshConfig } from "./authorizers";
import { importDestinationRule } from "./destination-rule";
import { importGateway, importServiceEntry } from "./edges";
import { exportDocument } from "./export";
import { FIELDS } from "./field-verdicts";
import { guessNamespace } from "./hosts";
import { keptImporters } from "./kept-kinds";
import { importRequestAuthentication } from "./request-authentication";
import { importAuthorizationPolicy, importPeerAuthentication } from "./security";
import { importVirtualService } from "./virtual-service";
import { importWorkloadEntry } from "./workload-entry";

const NETWORKING = "networking.istio.io";
const SECURITY = "security.istio.io";
const VERSIONS = ["v1", "v1beta1", "v1alpha3"];

// Edges first, so that routes find their gateways and hosts; then subsets, then what names them.
const READERS: [group: string, kind: string, run: Importer["run"]][] = [
  [NETWORKING, "Gateway", importGateway],
  [NETWORKING, "ServiceEntry", importServiceEntry],
  [NETWORKING, "DestinationRule", importDestinationRule],
  [NETWORKING, "VirtualService", importVirtualService],
  [NETWORKING, "WorkloadEntry", importWorkloadEntry],
  ["install.istio.io", "MeshConfig", importMeshConfig],
  [SECURITY, "PeerAuthentication", importPeerAuthentication],
  [SECURITY, "RequestAuthentication", importRequestAuthentication],
  [SECURITY, "AuthorizationPolicy", importAuthorizationPolicy],
];
const importers: readonly Importer[] = [
  ...READERS.map(([group, kind, run], i): Importer => ({ group, kind, versions: VERSIONS, rank: 100 + i, run })),
  ...keptImporters.map((each): Importer => ({ ...each, rank: 100 + READERS.length })),
];

export const istio: Dialect = {
  ...CATALOGUE.istio,
  recognises: (apiVersion, kind) =>
    kind === "IstioOperator" || importers.some((each) => each.kind === kind && apiVersion.startsWith(`${each.group}/`)),
  unwrap: unwrapMeshConfig,
  reading: () => ({ importers }),
  guessNamespace,
  exportDocument,
  fields: FIELDS,
};
