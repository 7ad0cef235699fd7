// Istio as a dialect: networking, security, telemetry and extensions in every version that is served in, v1 out.
import { CATALOGUE } from "../catalogue";
import type { Dialect, Importer } from "../shared/dialect";
import { unwrapMeshConfig } from "./authorizers";
import { importDestinationRule } from "./destination-rule";
import { importGateway, importServiceEntry } from "./edges";
import { exportDocument } from "./export";
import { FIELDS } from "./field-verdicts";
import { guessNamespace } from "./hosts";
import { keptImporters, TELEMETRY } from "./kept-kinds";
import { importRequestAuthentication } from "./request-authentication";
import { importAuthorizationPolicy, importPeerAuthentication } from "./security";
import { TelemetryReading } from "./telemetry";
import { importVirtualService } from "./virtual-service";
import { importWorkloadEntry } from "./workload-entry";

const NETWORKING = "networking.istio.io";
const SECURITY = "security.istio.io";
const VERSIONS = ["v1", "v1beta1", "v1alpha3"];

// Edges first, so that routes find their gateways and hosts; then subsets, then what names them.
const readersOf = (telemetry: TelemetryReading): [group: string, kind: string, run: Importer["run"]][] => [
  [NETWORKING, "Gateway", importGateway],
  [NETWORKING, "ServiceEntry", importServiceEntry],
  [NETWORKING, "DestinationRule", importDestinationRule],
  [NETWORKING, "VirtualService", importVirtualService],
  [NETWORKING, "WorkloadEntry", importWorkloadEntry],
  ["install.istio.io", "MeshConfig", telemetry.importMeshConfig],
  [SECURITY, "PeerAuthentication", importPeerAuthentication],
  [SECURITY, "RequestAuthentication", importRequestAuthentication],
  [SECURITY, "AuthorizationPolicy", importAuthorizationPolicy],
];

/** @param telemetry of one import */
function importersOf(telemetry: TelemetryReading): readonly Importer[] {
  const readers = readersOf(telemetry);
  const { group, kind, versions } = TELEMETRY;
  return [
    ...readers.map(
      ([of, name, run], i): Importer => ({ group: of, kind: name, versions: VERSIONS, rank: 100 + i, run }),
    ),
    { group, kind, versions, rank: 100 + readers.length, run: telemetry.importTelemetry },
    ...keptImporters.map((each): Importer => ({ ...each, rank: 100 + readers.length })),
  ];
}

export const istio: Dialect = {
  ...CATALOGUE.istio,
  recognises: (apiVersion, kind) =>
    kind === "IstioOperator" ||
    importersOf(new TelemetryReading()).some((each) => each.kind === kind && apiVersion.startsWith(`${each.group}/`)),
  unwrap: unwrapMeshConfig,
  reading: () => {
    const telemetry = new TelemetryReading();
    return { importers: importersOf(telemetry), finish: telemetry.finish };
  },
  guessNamespace,
  exportDocument,
  fields: FIELDS,
};
