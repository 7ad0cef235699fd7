// Istio YAML -> commands on a design, with what was understood, what was kept and what needs attention.
// The rule: what the design already has is changed in place, never doubled; what has no word in the model is kept with its path.
import { analyze, type Finding } from "@/lib/analysis";
import {
  applyCommand,
  buildIndex,
  type Command,
  isSameJson,
  type MeshDocument,
  type MeshObject,
  type ObjectKey,
  parseObject,
  pathText,
  type Violation,
} from "@/lib/mesh";
import { readYaml, type YamlDocument } from "@/lib/mesh/yaml/read";
import { ImportContext, type ImportWarning, type Resource, sourceText, type Understood } from "./context";
import { importDestinationRule } from "./destination-rule";
import { importGateway, importServiceEntry } from "./edges";
import { Fields, isRecord, type Sink } from "./fields";
import { GENERATED_LABEL } from "./generated";
import { resolveHost } from "./hosts";
import { importAuthorizationPolicy, importPeerAuthentication } from "./security";
import { importVirtualService } from "./virtual-service";

export type ImportOptions = {
  /** The design that the text is read into. */
  document: MeshDocument;
  file?: string;
  /** For resources without a namespace; absent: the namespace of the service they speak of, else `default`. */
  defaultNamespace?: string;
};

export type KeptField = { key: ObjectKey; source: string; path: string; value: unknown };

export type IstioImport = {
  understood: Understood[];
  kept: KeptField[];
  warnings: ImportWarning[];
  /** Why (part of) the text could not be read. With any of them there are no commands. */
  violations: Violation[];
  commands: Command[];
  /** What the analyzers say of the objects that the import touches. */
  findings: Finding[];
};

type Importer = (context: ImportContext, resource: Resource, spec: Fields, sink: Sink) => Understood;

// Edges first, so that routes find their gateways and hosts; then subsets, then what names them.
const IMPORTERS: [group: string, kind: string, run: Importer][] = [
  ["networking.istio.io", "Gateway", importGateway],
  ["networking.istio.io", "ServiceEntry", importServiceEntry],
  ["networking.istio.io", "DestinationRule", importDestinationRule],
  ["networking.istio.io", "VirtualService", importVirtualService],
  ["security.istio.io", "PeerAuthentication", importPeerAuthentication],
  ["security.istio.io", "AuthorizationPolicy", importAuthorizationPolicy],
];
const VERSIONS = new Set(["v1", "v1beta1", "v1alpha3"]);

export function importIstio(text: string, options: ImportOptions): IstioImport {
  const read = readYaml(text, { kubernetes: true, file: options.file });
  const context = new ImportContext(buildIndex(options.document));
  const violations = [...read.violations];
  const understood: Understood[] = [];
  const found = read.documents
    .flatMap(flattenList)
    .flatMap((document) => recognise(document, options, context, read.documents, violations));
  found.sort((a, b) => a.rank - b.rank || a.order - b.order);
  const results: { at: number; entry: Understood }[] = [];
  for (const { resource, run, spec, order } of found) {
    const sink: Sink = { kept: [], problems: [] };
    const fields = Fields.of(spec ?? {}, ["spec"], sink);
    if (fields) results.push({ at: order, entry: run(context, resource, fields, sink) });
    violations.push(
      ...sink.problems.map((problem) => violationAt(resource, problem.path, problem.message, problem.fix)),
    );
  }
  context.finish();
  understood.push(...results.sort((a, b) => a.at - b.at).map((result) => result.entry));
  violations.push(
    ...schemaViolations(
      context,
      found.map((each) => each.resource),
    ),
  );
  const commands = violations.length > 0 ? [] : commandsOf(context);
  return {
    understood,
    kept: keptOf(context),
    warnings: context.warnings,
    violations,
    commands,
    findings: findingsOf(options.document, commands, context),
  };
}

function flattenList(document: YamlDocument): YamlDocument[] {
  const { value } = document;
  if (!isRecord(value) || value["kind"] !== "List" || !Array.isArray(value["items"])) return [document];
  return value["items"].map((item, i) => ({
    value: item,
    line: document.lineOf(["items", i]),
    lineOf: (path) => document.lineOf(["items", i, ...path]),
  }));
}

type Found = { resource: Resource; run: Importer; spec: unknown; rank: number; order: number };

function recognise(
  document: YamlDocument,
  options: ImportOptions,
  context: ImportContext,
  all: YamlDocument[],
  violations: Violation[],
): Found[] {
  const { value, line, lineOf } = document;
  const file = options.file === undefined ? {} : { file: options.file };
  const bad = (path: (string | number)[], message: string, fix: string) => {
    violations.push({ path: pathText(path) || "document", message, fix, line: lineOf(path), ...file });
    return [];
  };
  if (!isRecord(value)) return bad([], "is not a Kubernetes object", "Write apiVersion, kind, metadata and spec.");
  const { apiVersion, kind, metadata, spec } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    return bad([], "has no apiVersion or kind", "Write both, as in networking.istio.io/v1 and VirtualService.");
  }
  const name = isRecord(metadata) ? metadata["name"] : undefined;
  if (!isRecord(metadata) || typeof name !== "string" || name === "") {
    return bad(["metadata"], "has no name", "Give the resource a name.");
  }
  const [group, version] = apiVersion.split("/");
  const rank = IMPORTERS.findIndex(([g, k]) => g === group && k === kind);
  const given = metadata["namespace"];
  const namespace = typeof given === "string" && given !== "" ? given : undefined;
  const resource: Resource = {
    apiVersion,
    kind,
    name,
    namespace: namespace ?? options.defaultNamespace ?? guessNamespace(spec, context, all),
    namespaceDefaulted: namespace === undefined,
    line,
    lineOf,
    ...file,
    ...textMap("labels", metadata),
    ...textMap("annotations", metadata),
  };
  const importer = IMPORTERS[rank];
  if (!importer) {
    context.warn(
      resource,
      ["kind"],
      `${kind} (${apiVersion}) is left out: this import does not know it`,
      "Take it over by hand.",
    );
    return [];
  }
  if (!VERSIONS.has(version ?? "")) {
    return bad(["apiVersion"], `has the unknown version ${version}`, `Use ${group}/v1, v1beta1 or v1alpha3.`);
  }
  if (resource.labels?.[GENERATED_LABEL]) return [];
  if (namespace === undefined) {
    const message = `has no namespace; ${resource.namespace} is assumed, kubectl would use that of the current context`;
    context.warn(resource, ["metadata"], message, `Write namespace: ${resource.namespace}.`);
  }
  return [{ resource, run: importer[2], spec, rank, order: line }];
}

function textMap(name: "labels" | "annotations", metadata: Record<string, unknown>): Partial<Resource> {
  const value = metadata[name];
  if (!isRecord(value)) return {};
  // what kubectl and controllers add is not the author's
  const own = Object.entries(value).filter(
    ([key, each]) => typeof each === "string" && key !== "kubectl.kubernetes.io/last-applied-configuration",
  ) as [string, string][];
  return own.length === 0 ? {} : { [name]: Object.fromEntries(own) };
}

/** Where a resource without a namespace most likely belongs: where its service is, in the design or in the same text. */
function guessNamespace(spec: unknown, context: ImportContext, all: YamlDocument[]): string {
  const hosts = isRecord(spec) ? [spec["host"], ...(Array.isArray(spec["hosts"]) ? spec["hosts"] : [])] : [];
  const names = hosts.filter((host): host is string => typeof host === "string");
  for (const host of names) {
    const meaning = resolveHost(host, "");
    if (meaning.kind !== "service") continue;
    if (meaning.namespace !== "") return meaning.namespace;
    const services = context.index.all("Service").filter((service) => service.metadata.name === meaning.name);
    if (services.length === 1 && services[0]) return services[0].metadata.namespace;
  }
  for (const { value } of all) {
    if (!isRecord(value) || !isRecord(value["metadata"]) || !isRecord(value["spec"])) continue;
    const namespace = value["metadata"]["namespace"];
    const said = [value["spec"]["host"], ...(Array.isArray(value["spec"]["hosts"]) ? value["spec"]["hosts"] : [])];
    if (typeof namespace === "string" && said.some((host) => names.includes(host as string))) return namespace;
  }
  return "default";
}

function violationAt(resource: Resource, path: readonly (string | number)[], message: string, fix: string): Violation {
  const file = resource.file === undefined ? {} : { file: resource.file };
  return { path: `${sourceText(resource)}#${pathText(path)}`, message, fix, line: resource.lineOf(path), ...file };
}

/** Values that Istio's shape allows and the model's limits do not. */
function schemaViolations(context: ImportContext, resources: Resource[]): Violation[] {
  return [...context.objects.values()].flatMap((object) => {
    const parsed = parseObject(object);
    if (parsed.ok) return [];
    const origin = object.metadata.origin;
    const resource = resources.find((each) => each.kind === origin?.kind && each.name === origin.name);
    return parsed.issues.map((issue) => {
      const path = `${resource ? sourceText(resource) : object.kind} -> ${object.kind} ${object.metadata.name}#${pathText(issue.path)}`;
      const place = resource
        ? { line: resource.line, ...(resource.file === undefined ? {} : { file: resource.file }) }
        : {};
      return { path, message: issue.message, fix: issue.fix, ...place };
    });
  });
}

const ORDER = ["Namespace", "Service", "Gateway", "ExternalService", "Subset"];
const orderOf = (object: MeshObject) =>
  (ORDER.indexOf(object.kind) + ORDER.length + 1) % (ORDER.length + 1) || ORDER.length + 1;

function commandsOf(context: ImportContext): Command[] {
  const entries = [...context.objects].sort(([, a], [, b]) => orderOf(a) - orderOf(b));
  return entries.flatMap(([key, object]): Command[] => {
    const existing = context.index.get(key);
    if (!existing) return [{ type: "addObject", object }];
    const commands: Command[] = [];
    if (!isSameJson(existing.spec, object.spec)) commands.push({ type: "replaceSpec", key, spec: object.spec });
    const { labels, annotations, origin } = object.metadata;
    const patch = {
      ...(isSameJson(labels, existing.metadata.labels) ? {} : { labels }),
      ...(isSameJson(annotations, existing.metadata.annotations) ? {} : { annotations }),
      ...(isSameJson(origin, existing.metadata.origin) ? {} : { origin }),
    };
    if (Object.keys(patch).length > 0) commands.push({ type: "setMetadata", key, metadata: patch });
    return commands;
  });
}

function keptOf(context: ImportContext): KeptField[] {
  return [...context.objects].flatMap(([key, object]) => {
    const origin = object.metadata.origin;
    if (!origin || context.index.get(key) === object) return [];
    const source = `${origin.kind} ${origin.namespace ?? ""}/${origin.name}`;
    return (origin.kept ?? []).map(({ path, value }) => ({ key, source, path, value }));
  });
}

function findingsOf(document: MeshDocument, commands: Command[], context: ImportContext): Finding[] {
  if (commands.length === 0) return [];
  const result = applyCommand(document, {}, { type: "batch", commands });
  if (!result.ok) return [];
  return analyze(result.document).filter((finding) => finding.refs.some((key) => context.objects.has(key)));
}
