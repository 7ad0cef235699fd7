// An export as files: manifests by namespace, notes on what a person has to do by hand, and the report for people and for machines.
// The rule: the same design gives the same bytes; what changes the meaning of a call stands before what is only missing.
import { buildIndex, type MeshDocument, type ObjectKey, parseKey } from "@/lib/mesh";
import { valuesToYaml } from "@/lib/mesh/yaml/values-to-yaml";
import type { BundleFile, Dialect, Manifest, ReportEntry } from "./dialect";
import { type ReportInput, reportJson, reportMarkdown } from "./report";
import { keptResources } from "./verbatim";

export type BundleInput = ReportInput & { document: MeshDocument };

export function buildBundle(input: BundleInput): BundleFile[] {
  const { dialect, document, made } = input;
  const notes = manualNotes(input);
  const files: BundleFile[] = [
    ...(made.files ?? manifestFiles(made.resources)),
    ...notes,
    ...keptFiles(document, dialect),
    { path: "report.md", text: reportMarkdown(input, notes.length) },
    { path: "report.json", text: `${JSON.stringify(reportJson(input), null, 2)}\n` },
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function manifestFiles(resources: readonly Manifest[]): BundleFile[] {
  const groups = new Map<string, Manifest[]>();
  for (const resource of resources) {
    const name = resource.metadata.namespace ?? "cluster";
    groups.set(name, [...(groups.get(name) ?? []), resource]);
  }
  return [...groups].map(([name, all]) => ({ path: `manifests/${name}.yaml`, text: valuesToYaml(all) }));
}

/** One note for each object of which something is left to a person. */
function manualNotes({ dialect, document, made }: BundleInput): BundleFile[] {
  const byKey = new Map<ObjectKey, ReportEntry[]>();
  for (const entry of made.report) {
    if (!needsHand(entry)) continue;
    byKey.set(entry.key, [...(byKey.get(entry.key) ?? []), entry]);
  }
  const index = buildIndex(document);
  return [...byKey].map(([key, entries]) => {
    const { kind = "object", namespace, name = "" } = parseKey(key) ?? {};
    const object = index.get(key);
    const title = `# ${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
    const lines = entries.map(
      (entry) =>
        `- \`${entry.path}\` (${entry.verdict}${entry.changesMeaning ? ", changes the meaning" : ""}): ${entry.reason}.`,
    );
    const source = object
      ? `\nIn the design:\n\n\`\`\`yaml\n${valuesToYaml([withoutKept(object)]).trimEnd()}\n\`\`\`\n`
      : "";
    const text = `${title}\n\nWhat the export to ${dialect.title} leaves to you:\n\n${lines.join("\n")}\n${source}`;
    return { path: notePath(key), text };
  });
}

/** Where the note on an object stands. */
export function notePath(key: ObjectKey): string {
  const { kind = "object", namespace, name = "" } = parseKey(key) ?? {};
  return `manual/${[kind.toLowerCase(), namespace, name].filter(Boolean).join("-")}.md`;
}

const needsHand = ({ verdict, changesMeaning }: ReportEntry) =>
  verdict === "lost" || verdict === "escape" || changesMeaning === true;

function withoutKept<T extends { metadata: object }>(object: T): T {
  const { origin: _origin, text: _text, ...metadata } = object.metadata as Record<string, unknown>;
  return { ...object, metadata };
}

/** What other products' resources brought along, so that nothing has to be looked for in the sources. */
function keptFiles(document: MeshDocument, dialect: Dialect): BundleFile[] {
  const groups = new Map<string, Manifest[]>();
  for (const { dialect: own, manifest } of keptResources(document)) {
    if (own !== dialect.id) groups.set(own, [...(groups.get(own) ?? []), manifest]);
  }
  return [...groups].map(([own, all]) => ({ path: `manual/kept-${own}.yaml`, text: valuesToYaml(all) }));
}
