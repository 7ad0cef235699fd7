// Resources of one or several products -> commands on a design, with what was understood, what was kept and what needs attention.
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
import { ImportContext, type ImportWarning, type Resource, sourceText, type Understood } from "./context";
import type { Dialect, DialectId } from "./dialect";
import { Fields, type Sink } from "./fields";
import { type Found, type ReadOptions, readResources, type SourceText } from "./reader";
import { type Read, tellTypes } from "./tell-types";

export type ImportOptions = ReadOptions & {
  /** The design that the text is read into. */
  document: MeshDocument;
  /** The product that a person named. */
  chosen?: DialectId | undefined;
};

export type KeptField = { key: ObjectKey; source: string; path: string; value: unknown };

/** A product that documents were of, and the versions of its API that they named. */
export type ReadProduct = { dialect: DialectId; versions: string[]; documents: number };

export type ImportResult = {
  /** By product, in the order of the text. */
  products: ReadProduct[];
  understood: Understood[];
  kept: KeptField[];
  warnings: ImportWarning[];
  /** Why (part of) the text could not be read. With any of them there are no commands. */
  violations: Violation[];
  commands: Command[];
  /** What the analyzers say of the objects that the import touches. */
  findings: Finding[];
};

/** All texts are one world: a route in one file finds its service in another. */
export function importWith(
  dialects: readonly Dialect[],
  others: readonly Dialect[],
  texts: readonly SourceText[],
  options: ImportOptions,
): ImportResult {
  const context = new ImportContext(buildIndex(options.document));
  const violations: Violation[] = [];
  const opened = dialects.map((dialect) => ({
    dialect,
    reading: dialect.reading({ isChosen: dialect.id === options.chosen }),
  }));
  const found = lastOfEach(context, readResources(texts, { context, opened, others, options, violations }));
  context.resources.push(...found.map(({ resource }) => resource));
  const results: { at: number; entry: Understood }[] = [];
  const read: Read[] = [];
  for (const { resource, importer, spec, whole, order } of [...found].sort(
    (a, b) => a.importer.rank - b.importer.rank || a.order - b.order,
  )) {
    const sink: Sink = { kept: [], problems: [] };
    read.push({ resource, whole, problems: sink.problems });
    const fields = Fields.of(spec ?? {}, ["spec"], sink);
    if (fields) results.push({ at: order, entry: importer.run(context, resource, fields, sink) });
    violations.push(
      ...sink.problems.map((problem) => violationAt(resource, problem.path, problem.message, problem.fix)),
    );
  }
  for (const { reading } of opened) reading.finish?.(context);
  context.finish();
  tellTypes(context, read);
  violations.push(...schemaViolations(context));
  const commands = violations.length > 0 ? [] : commandsOf(context);
  return {
    products: productsOf(context.resources),
    understood: results.sort((a, b) => a.at - b.at).map((result) => result.entry),
    kept: keptOf(context),
    warnings: context.warnings,
    violations,
    commands,
    findings: findingsOf(options.document, commands, context),
  };
}

function productsOf(resources: readonly Resource[]): ReadProduct[] {
  const products = new Map<DialectId, { versions: Set<string>; documents: number }>();
  for (const { dialect, apiVersion } of resources) {
    const product = products.get(dialect) ?? { versions: new Set(), documents: 0 };
    product.versions.add(apiVersion);
    product.documents += 1;
    products.set(dialect, product);
  }
  return [...products].map(([dialect, { versions, documents }]) => ({
    dialect,
    versions: [...versions].sort(),
    documents,
  }));
}

/** What is written twice is applied twice: the later one is what the product has in the end. */
function lastOfEach(context: ImportContext, found: readonly Found[]): Found[] {
  const last = new Map(found.map((each) => [nameOf(each), each]));
  return found.filter((each) => {
    const later = last.get(nameOf(each));
    if (later === undefined || later === each || each.resource.name === "") return true;
    const { line, file } = later.resource;
    const where = `line ${line}${file === undefined ? "" : ` of ${file}`}`;
    context.warn(
      each.resource,
      ["metadata", "name"],
      `stands here and once more at ${where}: the later one counts`,
      "Keep one of them, or give one another name.",
      { verdict: "lost" },
    );
    return false;
  });
}

const nameOf = ({ resource: { dialect, apiVersion, kind, namespace, name, parent } }: Found) =>
  JSON.stringify([dialect, apiVersion.split("/")[0], kind, namespace, name, parent]);

function violationAt(resource: Resource, path: readonly (string | number)[], message: string, fix: string): Violation {
  const file = resource.file === undefined ? {} : { file: resource.file };
  const place = { line: resource.lineOf(path), column: resource.columnOf(path) };
  return { path: `${sourceText(resource)}#${pathText(path)}`, message, fix, ...place, ...file };
}

/** Values that the product's shape allows and the model's limits do not. */
function schemaViolations(context: ImportContext): Violation[] {
  return [...context.objects].flatMap(([key, object]) => {
    if (context.index.get(key) === object) return [];
    const parsed = parseObject(object);
    if (parsed.ok) return [];
    const resource = sourceOf(context, object);
    return parsed.issues.map((issue) => {
      const path = `${resource ? sourceText(resource) : object.kind} -> ${object.kind} ${object.metadata.name}#${pathText(issue.path)}`;
      const file = resource?.file === undefined ? {} : { file: resource.file };
      const place = { line: resource?.line ?? 1, column: resource?.columnOf([]) ?? 1 };
      return { path, message: issue.message, fix: issue.fix, ...place, ...file };
    });
  });
}

/** What an object was made of; what nothing was written for is made of the first that lies in it, or beside it. */
function sourceOf({ resources }: ImportContext, { metadata }: MeshObject): Resource | undefined {
  const { origin, name, namespace } = metadata;
  const own = resources.find(
    (each) => each.kind === origin?.kind && each.name === origin.name && each.namespace === (origin.namespace ?? ""),
  );
  const near = (wanted: string | undefined) => resources.find((each) => each.namespace === wanted);
  return own ?? near(name) ?? near(namespace);
}

const ORDER = ["Mesh", "Namespace", "Service", "Workload", "Gateway", "ExternalService", "Subset"];
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
    const source = sourceText({ kind: origin.kind, namespace: origin.namespace ?? "", name: origin.name });
    return (origin.kept ?? []).map(({ path, value }) => ({ key, source, path, value }));
  });
}

function findingsOf(document: MeshDocument, commands: Command[], context: ImportContext): Finding[] {
  if (commands.length === 0) return [];
  const result = applyCommand(document, {}, { type: "batch", commands });
  if (!result.ok) return [];
  return analyze(result.document).filter((finding) => finding.refs.some((key) => context.objects.has(key)));
}
