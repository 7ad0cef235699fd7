// The registry: every product that designs come from or go to, with its readers and writers.
// The rule: a new product is an entry of the catalogue and one line in DIALECTS; nothing else knows it by name.
import type { MeshDocument } from "@/lib/mesh";
import { appMesh } from "./app-mesh";
import { AUTO, type DialectId, type ExportId, type ImportChoice } from "./catalogue";
import { cilium } from "./cilium";
import { compose } from "./compose";
import { consul } from "./consul";
import { envoy } from "./envoy";
import { gatewayApi } from "./gateway-api";
import { istio } from "./istio";
import { kubernetes } from "./kubernetes";
import { kuma } from "./kuma";
import { linkerd } from "./linkerd";
import { callersByNamespace } from "./shared/callers-by-namespace";
import type { Dialect, DialectExport, ExportOptions } from "./shared/dialect";
import { type ImportResult, importWith } from "./shared/import";
import type { SourceText } from "./shared/reader";
import { withoutAuthorizers } from "./shared/without-authorizers";
import { withoutCallers } from "./shared/without-callers";
import { withoutConditions } from "./shared/without-conditions";
import { withoutTcpRoutes } from "./shared/without-tcp-routes";
import { withoutTelemetry } from "./shared/without-telemetry";
import { withoutTokens } from "./shared/without-tokens";

export {
  AUTO,
  type DialectId,
  dialectEntries,
  EXPORT_IDS,
  IMPORT_CHOICES,
  type ImportChoice,
  importEntries,
} from "./catalogue";
export { buildBundle } from "./shared/bundle";
export { lossesOf } from "./shared/dialect";
export type { ImportResult, ReadProduct } from "./shared/import";
export { migrationOf } from "./shared/migration";
export { type Choices, choiceOf, decidedOf, GROUPS, migrationFiles, OPTIONS } from "./shared/migration-words";

const DIALECTS: Record<DialectId, Dialect> = {
  kubernetes,
  istio,
  "gateway-api": gatewayApi,
  "app-mesh": appMesh,
  linkerd,
  consul,
  kuma,
  cilium,
  envoy,
  compose,
};

/** They have words for tokens, authorizers, addresses, exceptions and telemetry; the others get a design without them, told loss by loss. */
const HAS_ALL_CONDITIONS: ReadonlySet<DialectId> = new Set(["istio", "envoy"]);

/** The others have lists of who may call, and nothing that is refused beyond them. */
const CAN_DENY: ReadonlySet<DialectId> = new Set(["consul", "kuma", "cilium"]);

/** A route of another namespace than its service's is for the callers there. */
const HAS_CONSUMER_ROUTES: ReadonlySet<DialectId> = new Set(["gateway-api", "linkerd"]);

/** Beside those that have all. */
const HAS_TCP_ROUTES: ReadonlySet<DialectId> = new Set(["gateway-api", "linkerd", "kuma", "app-mesh"]);

const HAS_CONNECTIONS_AT_GATEWAYS: ReadonlySet<DialectId> = new Set(["gateway-api"]);

/** Kinds of rules that can be for the callers of a namespace. */
const NAMES_NAMESPACES: Partial<Record<DialectId, ReadonlySet<"Route" | "TcpRoute">>> = {
  "gateway-api": new Set(["Route", "TcpRoute"]),
  linkerd: new Set(["Route", "TcpRoute"]),
  kuma: new Set(["TcpRoute"]),
};

export const dialectOf = (id: DialectId): Dialect => DIALECTS[id];

/** Kubernetes is always read along: services and workloads in the same text are the ground of every mesh. */
export function importDocuments(
  choice: ImportChoice,
  texts: readonly SourceText[],
  options: { document: MeshDocument; defaultNamespace?: string | undefined },
): ImportResult {
  const all = Object.values(DIALECTS);
  const along = choice === AUTO ? [] : (DIALECTS[choice].alsoReads ?? []);
  const asked = all.filter(({ id }) => choice === AUTO || id === choice || id === "kubernetes" || along.includes(id));
  const others = all.filter((each) => !asked.includes(each));
  return importWith(asked, others, texts, { ...options, ...(choice === AUTO ? {} : { chosen: choice }) });
}

export function exportDocument(id: ExportId, document: MeshDocument, options: ExportOptions = {}): DialectExport {
  const write = DIALECTS[id].exportDocument;
  if (!write) throw new Error(`${DIALECTS[id].title} has no export`);
  if (HAS_ALL_CONDITIONS.has(id)) return write(document, options);
  const { title } = DIALECTS[id];
  const unasked = withoutAuthorizers(document, title, {
    saysAsking: DIALECTS[id].saysAsking,
    canDeny: CAN_DENY.has(id),
  });
  const bare = withoutTokens(unasked.document, title);
  const plain = withoutConditions(bare.document, title);
  const untold = withoutTelemetry(plain.document, title);
  const onlyHttp = withoutTcpRoutes(untold.document, title, {
    ofServices: HAS_TCP_ROUTES.has(id),
    ofGateways: HAS_CONNECTIONS_AT_GATEWAYS.has(id),
  });
  const named = callersByNamespace(onlyHttp.document, title, NAMES_NAMESPACES[id] ?? new Set());
  const everybody = withoutCallers(named.document, title, HAS_CONSUMER_ROUTES.has(id));
  const before = [unasked, bare, plain, untold, onlyHttp, everybody];
  const losses = [...before.flatMap((each) => each.losses), ...named.told];
  const made = write(everybody.document, options);
  return losses.length > 0 ? { ...made, report: [...losses, ...made.report.map(everybody.placed)] } : made;
}
