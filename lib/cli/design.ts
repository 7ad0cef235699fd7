// A design as the commands have it: read from its own files, or from manifests of a product.
import type { ImportResult } from "@/lib/dialects";
import type { FromYaml, Violation } from "@/lib/mesh";

export type TextFile = { file: string; text: string };

/** `warnings`: what the manifests say and a design cannot; none for a design. */
export type Design = Extract<FromYaml, { ok: true }> & {
  source: "design" | "manifests";
  warnings: ImportResult["warnings"];
};
export type ReadDesign = { ok: true; design: Design } | { ok: false; violations: Violation[] };
