// How much of Istio's documents the design itself holds: read in, written out without anything that was only kept.
// The rule: every field of every document counts, metadata too. `FIELDS=1` prints what is lost.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { exportDocument } from "@/lib/dialects";
import type { IstioDocument } from "@/lib/dialects/istio/testing/canonical";
import { type Field, isOfIstio, lossTable, survival } from "@/lib/dialects/istio/testing/survival";
import { WHOLE } from "@/lib/dialects/shared/whole";
import type { MeshDocument } from "@/lib/mesh";
import { designOfManifests } from "./manifests";
import { files, worldOf } from "./testing/foreign";

const own = ["everything", "seed"].map((name) => ({
  file: `${name}.yaml`,
  text: readFileSync(new URL(`../dialects/istio/fixtures/${name}.yaml`, import.meta.url), "utf8"),
}));

const documentsOf = (text: string) =>
  parseAllDocuments(text).flatMap((each) => (each.toJS() as IstioDocument | null) ?? []);

/** What was kept word for word of Istio's documents is gone; Kubernetes' own documents are beside the export, as in a cluster. */
const withoutKept = (document: MeshDocument): MeshDocument => ({
  objects: document.objects.map((object) => {
    const { origin } = object.metadata;
    if (!origin?.kept) return object;
    const kept = origin.kept.filter(({ path }) => origin.dialect !== "istio" && !path.startsWith(`${WHOLE}istio `));
    return { ...object, metadata: { ...object.metadata, origin: { ...origin, kept } } } as typeof object;
  }),
});

function fieldsOf(file: string, texts: { file: string; text: string }[]) {
  const before = documentsOf(texts.find((each) => each.file === file)?.text ?? "").filter(isOfIstio);
  if (before.length === 0) return [];
  const read = designOfManifests({ choice: "istio", defaultNamespace: undefined }, texts);
  if (!read.ok) throw new Error(`${file}: ${JSON.stringify(read.violations)}`);
  const { resources } = exportDocument("istio", withoutKept(read.design.document));
  return survival(before, resources as unknown as IstioDocument[]);
}

const shareOf = (fields: readonly Field[]) => fields.filter(({ survives }) => survives).length / fields.length;

test("at least 95 % of the fields of others' samples are in the design, not only kept beside it", () => {
  const samples = files.flatMap((file) => fieldsOf(file, worldOf(file)));
  const ours = own.flatMap((each) => fieldsOf(each.file, [each]));
  if (process.env["FIELDS"]) {
    const words = (name: string, fields: readonly Field[]) =>
      `${name}: ${(shareOf(fields) * 100).toFixed(1)} % of ${fields.length}`;
    const all = [...samples, ...ours];
    const said = [words("samples", samples), words("with our own", all)];
    console.log(`${said.join("; ")}\n${lossTable(all)}`);
  }
  expect(shareOf(samples)).toBeGreaterThanOrEqual(0.95);
});
