// Measures what becomes of one design in a product: by exporting it, or for our own data plane by compiling it.
// The rule: an object counts by its worst part, and what changes the answers of calls is told apart from what is only missing.
import { compileMesh } from "@/lib/compliance";
import { exportDocument } from "@/lib/dialects";
import { type DialectEntry, dialectEntries, EXPORT_IDS, type ExportId } from "@/lib/dialects/catalogue";
import type { ReportEntry } from "@/lib/dialects/shared/dialect";
import type { Verdict as Carried } from "@/lib/dialects/shared/verdict";
import { type MeshDocument, type ObjectKey, objectKey } from "@/lib/mesh";
import { FIT_VERDICTS, type Fit, type FitVerdict, type Loss, MAX_LOSSES } from "./fit";
import type { Product, ProductId } from "./types";

type Measured = Pick<Product, "id" | "version" | "exportTarget">;

const CARRIED: Readonly<Record<Carried, FitVerdict>> = {
  exact: "exact",
  moved: "moved",
  approximate: "approximate",
  ignored: "approximate",
  escape: "lost",
  lost: "lost",
};

type Part = Pick<ReportEntry, "key" | "path" | "verdict" | "reason" | "changesMeaning">;

/** Undefined: nothing writes designs for this product, so nothing is measured. */
export function fitOf(product: Measured, document: MeshDocument): Fit | undefined {
  if (product.exportTarget === undefined) {
    return product.id === "meshwright" ? countFit(product.id, compiledParts(document)) : undefined;
  }
  const target = EXPORT_IDS.find((id): id is ExportId => id === product.exportTarget);
  if (target === undefined) return undefined;
  const channel = channelOf(target, product.version);
  return countFit(product.id, exportDocument(target, document, channel === undefined ? {} : { channel }).report);
}

/** None where no service is drawn: what a new mesh begins with would be called carried over in full by everybody. */
export function fitsOf(products: readonly Measured[], document: MeshDocument): Fit[] {
  if (!document.objects.some(({ kind }) => kind === "Service" || kind === "ExternalService")) return [];
  return products.flatMap((product) => fitOf(product, document) ?? []);
}

/** The variant of the export that is for this version, where variants are versions: 3.x for 3.0. */
function channelOf(target: ExportId, version: string): string | undefined {
  const entry: DialectEntry | undefined = dialectEntries.find(({ id }) => id === target);
  return entry?.channels?.find((channel) => channel === `${version.split(".")[0]}.x`);
}

/** What the compiler refuses is lost, what it warns of is nearly the same, all else runs as it was drawn. */
function compiledParts(document: MeshDocument): Part[] {
  const noted = compileMesh(document).said.map(({ path, message, isRefused }): Part => {
    const [key = path, at = ""] = path.split("#");
    const verdict = isRefused ? "lost" : "approximate";
    return { key: key as ObjectKey, path: at, verdict, reason: message };
  });
  const known = new Set(document.objects.map(objectKey));
  const drawn = [...known].map((key): Part => ({ key, path: "spec", verdict: "exact", reason: "" }));
  return [...drawn, ...noted.filter(({ key }) => known.has(key))];
}

export function countFit(product: ProductId, report: readonly Part[]): Fit {
  const worst = new Map<string, FitVerdict>();
  for (const { key, verdict } of report) {
    const now = CARRIED[verdict];
    const before = worst.get(key) ?? "exact";
    worst.set(key, FIT_VERDICTS.indexOf(now) > FIT_VERDICTS.indexOf(before) ? now : before);
  }
  const counts = { exact: 0, moved: 0, approximate: 0, lost: 0 };
  for (const verdict of worst.values()) counts[verdict] += 1;
  const losses = report.flatMap(toLoss).sort((one, other) => badness(other) - badness(one));
  const changed = new Set(losses.filter(({ changesMeaning }) => changesMeaning).map(({ object }) => object)).size;
  return {
    product,
    objects: worst.size,
    counts,
    changed,
    losses: losses.slice(0, MAX_LOSSES),
    lossesTotal: losses.length,
  };
}

function toLoss({ key, path, verdict, reason, changesMeaning = false }: Part): Loss[] {
  const carried = CARRIED[verdict];
  if (!changesMeaning && (carried === "exact" || carried === "moved")) return [];
  const told = carried === "lost" ? "lost" : "approximate";
  return [{ object: key, path, verdict: told, changesMeaning, reason }];
}

const badness = ({ changesMeaning, verdict }: Loss) => (changesMeaning ? 2 : 0) + (verdict === "lost" ? 1 : 0);
