// How every command says that it was given something that does not hold together.
import type { Violation } from "@/lib/mesh";
import { EXIT, type Io, printJson } from "./io";
import { violationText } from "./words";

/** Every violation: as JSON, or as text beside the answer (`isNote`) or in its place. */
export function refuse(
  io: Io,
  violations: readonly Violation[],
  { isJson, isNote = true }: { isJson: boolean; isNote?: boolean },
) {
  if (isJson) printJson(io, { ok: false, violations });
  else for (const violation of violations) (isNote ? io.note : io.out)(violationText(violation));
  return EXIT.found;
}
