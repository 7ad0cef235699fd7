// Collects what cannot be compiled, and what compiles to less than was drawn.
// The rule: every problem names the object and the field, says what is wrong and what to do; all of them at once.
import { type MeshObject, objectKey, type Violation } from "@/lib/mesh";
import type { CompileWarning } from "./types";

export class Problems {
  readonly violations: Violation[] = [];
  readonly warnings: CompileWarning[] = [];
  /** Made with the first problem: most of what is compiled has none. */
  private seen: Set<string> | undefined;

  /** `path` is inside the object, as `spec.rules[0].action`. */
  refuse(object: MeshObject, path: string, message: string, fix: string): void {
    const key = objectKey(object);
    const violation = { path: `${key}#${path}`, message, fix, key };
    if (this.isNew(violation.path, message)) this.violations.push(violation);
  }

  /** A violation that no object of the design is to blame for. */
  refuseAt(path: string, message: string, fix: string): void {
    if (this.isNew(path, message)) this.violations.push({ path, message, fix });
  }

  warn(object: MeshObject, path: string, message: string, fix: string): void {
    const at = `${objectKey(object)}#${path}`;
    if (this.isNew(at, message)) this.warnings.push({ path: at, message, fix });
  }

  /** What was found elsewhere, as if it had been found here. */
  take({ violations, warnings }: Problems): void {
    for (const violation of violations)
      if (this.isNew(violation.path, violation.message)) this.violations.push(violation);
    for (const warning of warnings) if (this.isNew(warning.path, warning.message)) this.warnings.push(warning);
  }

  private isNew(path: string, message: string): boolean {
    const text = `${path} ${message}`;
    this.seen ??= new Set();
    if (this.seen.has(text)) return false;
    this.seen.add(text);
    return true;
  }
}
