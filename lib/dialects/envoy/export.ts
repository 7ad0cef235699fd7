// Design -> one Envoy bootstrap for each workload and gateway: the resources that the control plane would send, in files.
// The rule: what the compiler says of a design is in the report; nothing of the design is written twice.
import { type BootstrapResult, type CompileInput, compileStaticBootstrap } from "@/lib/compile";
import {
  buildIndex,
  keyOf,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  objectKey,
  parsePath,
} from "@/lib/mesh";
import type { BundleFile, DialectExport, ExportOptions } from "../shared/dialect";
import { ExportContext } from "../shared/export-context";
import { guideFiles } from "./guide";
import { type ExportedProxy, fileNameOf, identityFolder, type Layout } from "./identities";
import { inputOf } from "./places";
import { reportDesign, reportExact } from "./verdicts";

/** Beyond so many files nobody reads them one by one: without line breaks they are less than half as large. */
const MAX_INDENTED = 200;

const KIND = { apiVersion: "envoy.config.bootstrap.v3", kind: "Bootstrap" };

export function exportEnvoy(document: MeshDocument, { channel }: ExportOptions = {}): DialectExport {
  const layout: Layout = channel === "one-machine" ? "one-machine" : "hosts";
  const context = new ExportContext(buildIndex(document), "envoy");
  const { index } = context;
  const input = inputOf(buildIndex(forStockEnvoy(document)), layout);
  const proxies: ExportedProxy[] = [];
  const files: BundleFile[] = [];
  const done = new Set<string>();
  const indent = input.endpoints.length > MAX_INDENTED ? 0 : 2;
  reportDesign(context);
  const told = new Set(context.report.filter(({ verdict }) => verdict === "lost").map(placeOf));
  for (const { proxyId: id, namespace, workload } of input.endpoints) {
    const owner =
      index.find("Workload", keyOf("Workload", namespace, workload)) ??
      index.find("Gateway", keyOf("Gateway", namespace, workload));
    // a gateway that shares its name with a workload has no proxy of its own
    if (!owner || done.has(id)) continue;
    done.add(id);
    const folder = identityFolder(layout, { id });
    const result = compileStaticBootstrap(withLog(input, layout, id), id, {
      identityFiles: {
        certificateChain: `${folder}/cert.pem`,
        privateKey: `${folder}/key.pem`,
        bundle: `${folder}/bundle.pem`,
      },
    });
    tellProblems(context, owner, result, told);
    if (!result.ok) continue;
    const name = fileNameOf({ id });
    proxies.push({ id, owner });
    files.push({ path: `manifests/${name}.json`, text: `${JSON.stringify(result.bootstrap, null, indent)}\n` });
    context.resources.push({
      ...KIND,
      metadata: { name: name.slice(namespace.length + 1), namespace },
      spec: result.bootstrap,
    });
  }
  context.bringBackKept();
  reportExact(context);
  return {
    text: files.map(({ text }) => text).join("---\n"),
    resources: context.resources,
    report: context.report,
    files: [...files, ...guideFiles(index, { layout, proxies, input })],
  };
}

/** Peak EWMA is in contrib builds alone: a stock Envoy would refuse the whole file. */
function forStockEnvoy(document: MeshDocument): MeshDocument {
  const objects = document.objects.map((object): MeshObject => {
    if (object.kind !== "TrafficPolicy" || object.spec.loadBalancing?.policy !== "peak-ewma") return object;
    return { ...object, spec: { ...object.spec, loadBalancing: { policy: "least-request" } } };
  });
  return { ...document, objects };
}

/** On one machine each proxy writes a log of its own, where it is started. */
function withLog(input: CompileInput, layout: Layout, id: string): CompileInput {
  if (layout === "hosts") return input;
  return { ...input, overrides: { ...input.overrides, accessLogPath: `${fileNameOf({ id }).replace("/", "-")}.log` } };
}

const placeOf = ({ key, path }: { key: string; path: string }) => `${key}#${path}`;

/** What the compiler refuses leaves the file out; what it warns of is in the file as the proxy has it. Once for all proxies. */
function tellProblems(context: ExportContext, owner: MeshObject, result: BootstrapResult, told: Set<string>): void {
  for (const { path, message, fix } of result.ok ? result.warnings : result.violations) {
    const [key, inside] = path.split("#");
    const object = inside === undefined ? undefined : context.index.get(key as ObjectKey);
    const place = placeOf({ key: objectKey(object ?? owner), path: object ? (inside ?? "") : "spec" });
    const what = `${message}: ${fix.slice(0, 1).toLowerCase()}${fix.slice(1).replace(/\.$/, "")}`;
    if (told.has(place) || told.has(`${place} ${what}`)) continue;
    told.add(`${place} ${what}`);
    const at = object ? parsePath(inside ?? "") : ["spec"];
    if (result.ok) context.lose(object ?? owner, at, "approximate", what);
    else context.lose(object ?? owner, at, "lost", `it has no file: ${what}`, { changesMeaning: true });
  }
}
