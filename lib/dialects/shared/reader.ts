// YAML of Kubernetes-style resources -> resources with an importer each, with lists taken apart.
// The rule: a document is either read, or named with its place and what to do.
import { type Path, pathText, type Violation } from "@/lib/mesh";
import { readYaml, type YamlDocument } from "@/lib/mesh/yaml/read";
import type { ImportContext, Resource } from "./context";
import type { Dialect, Importer, Reading } from "./dialect";
import { isRecord } from "./fields";
import { GENERATED_LABEL } from "./generated";

export type SourceText = { text: string; file?: string | undefined };
export type Opened = { dialect: Dialect; reading: Reading };
/** `whole`: the document from its top, as the product's schema has it. */
export type Found = { resource: Resource; importer: Importer; spec: unknown; whole: unknown; order: number };
export type ReadOptions = {
  /** For resources without a namespace; absent: what the dialect guesses, else `default`. */
  defaultNamespace?: string | undefined;
};

type Surroundings = {
  context: ImportContext;
  opened: readonly Opened[];
  /** Dialects that were not asked for, to say where a document belongs. */
  others: readonly Dialect[];
  options: ReadOptions;
  violations: Violation[];
};

export function readResources(texts: readonly SourceText[], around: Surroundings): Found[] {
  const documents = texts.flatMap(({ text, file }) => {
    const refused = around.opened.flatMap(({ dialect }) => dialect.refuses?.(text) ?? [])[0];
    if (refused) {
      const { line, message, fix } = refused;
      const place = file === undefined ? {} : { file };
      around.violations.push({ path: file ?? "text", message, fix, line, column: 1, ...place });
      return [];
    }
    const read = readYaml(text, { kubernetes: true, file });
    around.violations.push(...read.violations);
    return read.documents.flatMap(flattenList).map((document) => ({ document, file }));
  });
  const values = documents.map(({ document }) => document.value);
  const found = documents.flatMap(({ document, file }, order) => {
    const one = recognise(document, file, values, around);
    return one ? [{ ...one, order }] : [];
  });
  tellNamespaces(
    around.context,
    found.map(({ resource }) => resource),
  );
  return found;
}

/**
 * A resource without a namespace goes where kubectl's context points. Where it is one of few that is a trap, told for each;
 * where the whole world, services and all, is written that way it is meant to be applied to one namespace, told once.
 */
function tellNamespaces(context: ImportContext, resources: readonly Resource[]): void {
  const without = resources.filter(({ namespaceDefaulted }) => namespaceDefaulted);
  const [first] = without;
  if (!first) return;
  const isOneWorld =
    without.every(({ namespace }) => namespace === first.namespace) &&
    !resources.some(({ namespace, namespaceDefaulted }) => !namespaceDefaulted && namespace === first.namespace) &&
    context.all("Namespace").every(({ metadata }) => metadata.name === first.namespace);
  if (isOneWorld) {
    for (const resource of without) resource.namespaceDefaulted = false;
    const message = `names no namespace, as ${without.length} resources here do not; ${first.namespace} is assumed for all`;
    context.warn(first, ["metadata"], message, `Apply them to ${first.namespace}, or write the namespace.`);
    return;
  }
  for (const resource of without) {
    const message = `has no namespace; ${resource.namespace} is assumed, kubectl would use that of the current context`;
    context.warn(resource, ["metadata"], message, `Write namespace: ${resource.namespace}.`);
  }
}

function flattenList(document: YamlDocument): YamlDocument[] {
  const { value } = document;
  const isList = isRecord(value) && value["kind"] === "List" && Array.isArray(value["items"]);
  // a list without a name around it is what other products' tools write
  const items: unknown = isList ? value["items"] : value;
  if (!Array.isArray(items)) return [document];
  const start = isList ? ["items"] : [];
  return items.map((item: unknown, i) => ({
    value: item,
    line: document.lineOf([...start, i]),
    lineOf: (path) => document.lineOf([...start, i, ...path]),
    columnOf: (path) => document.columnOf([...start, i, ...path]),
  }));
}

function recognise(
  document: YamlDocument,
  file: string | undefined,
  all: readonly unknown[],
  { context, opened, others, options, violations }: Surroundings,
): Omit<Found, "order"> | undefined {
  const { value, line, lineOf, columnOf } = document;
  const place = file === undefined ? {} : { file };
  const bad = (path: Path, message: string, fix: string) => {
    const at = { line: lineOf(path), column: columnOf(path) };
    violations.push({ path: pathText(path) || "document", message, fix, ...at, ...place });
    return undefined;
  };
  const foreign = foreignResource(document, opened, options, place);
  if (foreign) return foreign;
  if (!isRecord(value)) return bad([], "is not a Kubernetes object", "Write apiVersion, kind, metadata and spec.");
  const { apiVersion, kind, metadata, spec } = value;
  if (typeof apiVersion !== "string" || typeof kind !== "string") {
    return bad([], "has no apiVersion or kind", "Write both, as in networking.istio.io/v1 and VirtualService.");
  }
  const name = isRecord(metadata) ? metadata["name"] : undefined;
  if (!isRecord(metadata) || typeof name !== "string" || name === "") {
    return bad(["metadata"], "has no name", "Give the resource a name.");
  }
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const readers = opened.flatMap(({ dialect, reading }) =>
    reading.importers
      .filter((each) => each.group === group && each.kind === kind)
      .map((importer) => ({ dialect, importer })),
  );
  const known =
    readers.find(({ importer }) => importer.takes?.(value, all)) ?? readers.find(({ importer }) => !importer.takes);
  const given = metadata["namespace"];
  if (given !== undefined && given !== null && typeof given !== "string") {
    return bad(
      ["metadata", "namespace"],
      "must be a text",
      `Put it in quotes: YAML reads it as ${JSON.stringify(given)}.`,
    );
  }
  const namespace = typeof given === "string" && given !== "" ? given : undefined;
  const isClusterWide = known?.importer.isClusterWide ?? false;
  const created = metadata["creationTimestamp"];
  const resource: Resource = {
    dialect: known?.dialect.id ?? "kubernetes",
    apiVersion,
    kind,
    name,
    namespace: isClusterWide
      ? ""
      : (namespace ?? options.defaultNamespace ?? known?.dialect.guessNamespace?.(spec, context, all) ?? "default"),
    namespaceDefaulted: !isClusterWide && namespace === undefined,
    line,
    lineOf,
    columnOf,
    spec,
    ...place,
    ...(typeof created === "string" ? { createdAt: created } : {}),
    ...textMap("labels", metadata),
    ...textMap("annotations", metadata),
  };
  if (!known) {
    const other = others.find((each) => each.recognises(apiVersion, kind));
    const message = `${kind} (${apiVersion}) is left out: this import does not know it`;
    const instead = [...opened.map(({ dialect }) => dialect), ...others].flatMap(
      (each) => each.readsInstead?.(apiVersion) ?? [],
    )[0];
    const fix = other ? `Read it as ${other.title}.` : (instead ?? "Take it over by hand.");
    context.warn(resource, ["kind"], message, fix, {
      verdict: "lost",
    });
    return undefined;
  }
  const { importer } = known;
  if (!importer.versions.includes(version ?? "")) {
    const usable = importer.versions.map((each) => (group === "" ? each : `${group}/${each}`));
    return bad(["apiVersion"], `has the unknown version ${version}`, `Use ${listed(usable)}.`);
  }
  if (resource.labels?.[GENERATED_LABEL]) return undefined;
  return { resource, importer, spec, whole: value };
}

/** Documents of products that have no apiVersion and kind. */
function foreignResource(
  document: YamlDocument,
  opened: readonly Opened[],
  options: ReadOptions,
  place: { file?: string },
): Omit<Found, "order"> | undefined {
  for (const { dialect, reading } of opened) {
    const own = dialect.unwrap?.(document.value);
    const importer = own && reading.importers.find(({ kind }) => kind === own.kind);
    if (!own || !importer) continue;
    const { apiVersion, kind, name, parent, namespace, labels, path, isBare, place: placeIn, spec } = own;
    // within a resource the paths of all dialects begin with spec
    const inside = (steps: Path) => {
      const own = isBare && steps[0] === "spec" ? steps.slice(1) : steps;
      return [...path, ...(placeIn?.(own) ?? own)];
    };
    const resource: Resource = {
      dialect: dialect.id,
      apiVersion,
      kind,
      name,
      ...(parent === undefined ? {} : { parent }),
      namespace: importer.isClusterWide ? "" : (namespace ?? options.defaultNamespace ?? "default"),
      namespaceDefaulted: false,
      line: document.lineOf(path),
      lineOf: (steps) => document.lineOf(inside(steps)),
      columnOf: (steps) => document.columnOf(inside(steps)),
      spec,
      ...place,
      ...textMap("labels", { labels }),
    };
    return { resource, importer, spec, whole: isBare ? spec : { spec } };
  }
  return undefined;
}

const listed = (words: readonly string[]) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

function textMap(name: "labels" | "annotations", metadata: Record<string, unknown>): Partial<Resource> {
  const value = metadata[name];
  if (!isRecord(value)) return {};
  // what kubectl and controllers add is not the author's
  const own = Object.entries(value).filter(
    ([key, each]) => typeof each === "string" && key !== "kubectl.kubernetes.io/last-applied-configuration",
  ) as [string, string][];
  return own.length === 0 ? {} : { [name]: Object.fromEntries(own) };
}
