// What a dialect is: a product's resources, how they are read and written, and what became of each field.
// The rule: screens, API and commands know dialects by this shape alone; a product is one entry of the registry.
import type { AuthorizationPolicy, Authorizer, MeshDocument, ObjectKey, Path } from "@/lib/mesh";
import type { DialectEntry, DialectId } from "../catalogue";
import type { ImportContext, Resource, Understood } from "./context";
import type { Fields, Sink } from "./fields";
import type { Verdict } from "./verdict";

/** What became of a part of the design on the way out. */
export type ReportEntry = {
  key: ObjectKey;
  path: string;
  verdict: Verdict;
  reason: string;
  /** A call gets another answer than the design says: louder than something that is only missing. */
  changesMeaning?: boolean;
  /** The resource that carries it. */
  target?: string;
};

export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
};

export type ExportOptions = { channel?: string };
export type BundleFile = { path: string; text: string };

export type DialectExport = {
  text: string;
  resources: Manifest[];
  report: ReportEntry[];
  /** The bundle's files, where resources are no manifests of Kubernetes: what to apply in manifests/, notes beside it. */
  files?: readonly BundleFile[];
};

/** One field of the product and what the model does with it. `path` ends with `*` where it stands for all below it. */
export type FieldVerdict = { kind: string; path: string; verdict: Verdict; note: string };

export type Importer = {
  group: string;
  kind: string;
  versions: readonly string[];
  /** Lower ones are read first: what others name. */
  rank: number;
  /** Kinds of the whole cluster have no namespace. */
  isClusterWide?: boolean;
  /** For kinds that several products read: whether this one is for it, among all documents. It goes before one that does not ask. */
  takes?(value: unknown, all: readonly unknown[]): boolean;
  run(context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood;
};

/** What one import needs; made anew for each, so that readers may keep what they saw. */
export type Reading = {
  importers: readonly Importer[];
  /** After all documents, before the design is changed. */
  finish?(context: ImportContext): void;
};

/** `isChosen`: a person said that the documents are of this product. */
export type ReadingOptions = { isChosen?: boolean };

export type { DialectId } from "../catalogue";

/** A document that is no Kubernetes resource, as its dialect knows it. `path` leads to it within the text. */
export type Foreign = {
  apiVersion: string;
  kind: string;
  name: string;
  parent?: string;
  /** Where its document says that. */
  namespace?: string;
  labels?: Record<string, unknown>;
  path: Path;
  /** Its fields stand at `path` itself, without a spec around them. */
  isBare?: boolean;
  /** Where a field of the spec stands in the text, where the two are spelled differently. */
  place?(path: Path): Path;
  spec: unknown;
};

export type Dialect = DialectEntry & {
  recognises(apiVersion: string, kind: string): boolean;
  /** For products whose documents have no apiVersion and kind. */
  unwrap?(value: unknown): Foreign | undefined;
  /** For resources of the product in a form that is not read: what to give in their place. */
  readsInstead?(apiVersion: string): string | undefined;
  /** For texts in a language of the product that is not read. */
  refuses?(text: string): { line: number; message: string; fix: string } | undefined;
  reading(options?: ReadingOptions): Reading;
  /** Products whose documents belong to a mesh of this one. */
  alsoReads?: readonly DialectId[];
  /** The namespace that a resource without one most likely belongs to. */
  guessNamespace?(spec: unknown, context: ImportContext, all: readonly unknown[]): string | undefined;
  exportDocument?(document: MeshDocument, options?: ExportOptions): DialectExport;
  /** Which policies with the action custom its export carries, where it does not carry all of them. */
  saysAsking?: SaysAsking;
  fields: readonly FieldVerdict[];
};

/** Whether a product asks this authorizer as this policy says. */
export type SaysAsking = (policy: AuthorizationPolicy, authorizer: Authorizer) => boolean;

/** What a person has to know: everything that is not carried over as it is. */
export function lossesOf(report: readonly ReportEntry[]): ReportEntry[] {
  return report.filter((entry) => entry.verdict !== "exact" && entry.verdict !== "moved");
}
