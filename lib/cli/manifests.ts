// A product's own manifests as a design, for every command that takes one: `--dialect istio FILE...`.
// The rule: nothing is written back; what the product says and a design cannot is told as warnings, never dropped in silence.
import { AUTO, IMPORT_CHOICES, type ImportResult, importDocuments } from "@/lib/dialects";
import { OPEN_DEFAULTS, withDefaults } from "@/lib/dialects/shared/open-defaults";
import { applyCommand, buildIndex, emptyMesh, type MeshDocument, type ObjectKey, workloadOwnerKey } from "@/lib/mesh";
import type { Given, OptionSpec } from "./command";
import type { Design, ReadDesign, TextFile } from "./design";
import type { Io } from "./io";
import { withOpenCalls } from "./open-calls";
import { warningText } from "./words";

export const MANIFEST_OPTIONS: Record<string, OptionSpec> = {
  dialect: {
    type: "string",
    value: "PRODUCT",
    about: `the files are manifests of ${IMPORT_CHOICES.filter((each) => each !== AUTO).join(", ")} or, with ${AUTO}, of several; absent: a design`,
  },
  namespace: { type: "string", value: "NAME", about: "with --dialect: for manifests that name none" },
};

/** Of Istio and Linkerd, where nobody chose one. */
const TRUST_DOMAIN = "cluster.local";

/** What gives calls another answer stands last, nearest to the prompt. */
export function sayWarnings(io: Io, { warnings }: Pick<Design, "warnings">): void {
  const loudLast = [...warnings].sort((a, b) => Number(a.changesMeaning) - Number(b.changesMeaning));
  for (const warning of loudLast) io.note(warningText(warning));
}

/** The same beside a JSON answer; nothing of a design. */
export const jsonWarnings = (...designs: readonly Pick<Design, "warnings">[]) => {
  const warnings = designs.flatMap((design) => design.warnings);
  return warnings.length === 0 ? {} : { warnings };
};

/** The design as its calls are asked: manifests draw none, so all that could be made are. `callers`: keys of workloads and gateways. */
export function askable({ document, source }: Design, callers?: readonly ObjectKey[]): MeshDocument {
  if (source === "design") return document;
  const index = callers && buildIndex(document);
  const services = callers?.flatMap((key) => {
    const workload = index?.find("Workload", key);
    return workload ? [workloadOwnerKey(workload)] : [];
  });
  return withOpenCalls(document, services && new Set(services));
}

/** Undefined: the files are designs. */
export function dialectOfGiven(given: Given) {
  if (given.text("dialect") === undefined) return undefined;
  return { choice: given.choice("dialect", IMPORT_CHOICES), defaultNamespace: given.text("namespace") };
}

export type Manifests = NonNullable<ReturnType<typeof dialectOfGiven>>;

/** All files are one world: a route in one finds its service in another. */
export function designOfManifests({ choice, defaultNamespace }: Manifests, texts: readonly TextFile[]): ReadDesign {
  const document = openMesh();
  const { commands, violations, understood, warnings } = importDocuments(choice, texts, { document, defaultNamespace });
  if (violations.length > 0) return { ok: false, violations };
  const applied = applyCommand(document, {}, { type: "batch", commands });
  const places = placesOf(understood);
  const locate = (key: ObjectKey) => places.get(key);
  if (applied.ok)
    return { ok: true, design: { ok: true, document: applied.document, locate, source: "manifests", warnings } };
  const placed = applied.violations.map((each) => ({ ...each, ...(each.key === undefined ? {} : locate(each.key)) }));
  return { ok: false, violations: placed };
}

/** As the products are before a manifest says otherwise. */
function openMesh(): MeshDocument {
  const { objects } = emptyMesh("mesh");
  return {
    objects: objects.map((each) => {
      if (each.kind !== "Mesh") return each;
      const open = withDefaults(each, OPEN_DEFAULTS);
      return { ...open, spec: { ...open.spec, trustDomain: TRUST_DOMAIN } };
    }),
  };
}

/** Where the resource begins that an object comes from; the first of several. */
function placesOf(understood: ImportResult["understood"]) {
  const places = new Map<ObjectKey, NonNullable<ReturnType<Design["locate"]>>>();
  for (const { objects, file, line } of understood) {
    for (const key of objects) if (!places.has(key)) places.set(key, { ...(file === undefined ? {} : { file }), line });
  }
  return places;
}
