// A warning for each value that the product's schema does not take for its field, whether an importer reads the field or not.
// The rule: what was refused or warned of at that place, around it or below it, is not told twice.
import { type Path, pathText } from "@/lib/mesh";
import { wrongValues } from "../field-types";
import { type ImportContext, type Resource, sourceText } from "./context";
import type { Problem } from "./fields";

export type Read = {
  resource: Resource;
  /** The document from its top, as the product's schema has it. */
  whole: unknown;
  /** What its importer refused. */
  problems: readonly Problem[];
};

/** Of one document; that there are more is said, not which. */
const MOST = 50;

export function tellTypes(context: ImportContext, read: readonly Read[]): void {
  const told = new Set(context.warnings.map(({ source, path }) => `${source}#${path}`));
  for (const { resource, whole, problems } of read) {
    const { apiVersion, kind } = resource;
    const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
    const found = wrongValues({ group, kind, value: whole, most: MOST + 1 });
    for (const { path, wanted, is, fix } of found.slice(0, MOST)) {
      if (told.has(`${sourceText(resource)}#${pathText(path)}`)) continue;
      if (problems.some((problem) => isAlong(problem.path, path))) continue;
      context.warn(resource, path, `must be ${wanted} by the product's schema, and is ${is}`, fix);
    }
    if (found.length > MOST) {
      const message = `has more than ${MOST} values that the product's schema does not take`;
      context.warn(resource, [], message, "Mend those that are named first.");
    }
  }
}

/** One leads to the other. */
const isAlong = (a: Path, b: Path) => a.slice(0, b.length).every((step, i) => String(step) === String(b[i]));
