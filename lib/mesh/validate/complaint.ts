// The form in which the checks of this folder say what is wrong, and its way to a violation.
import { pathText } from "../references";
import type { ObjectKey, Path, Violation } from "../types";

/** Where in the object, what is wrong, what to do. */
export type Complaint = { path: Path; message: string; fix: string };

export function located(key: ObjectKey, complaint: Complaint): Violation {
  const inside = pathText(complaint.path);
  return { path: inside === "" ? key : `${key}#${inside}`, message: complaint.message, fix: complaint.fix, key };
}
