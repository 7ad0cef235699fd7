// What makes a rate limit impossible: a pattern that does not compile, and limits that nothing can reach.
import type { MeshIndex } from "../index-document";
import type { MeshObject } from "../types";
import type { Complaint } from "./complaint";
import { violationsOfMatch } from "./route";

export function violationsOfRateLimit(object: MeshObject, _index: MeshIndex): Complaint[] {
  if (object.kind !== "RateLimit") return [];
  const { limits } = object.spec;
  const complaints = limits.flatMap(({ match }, i) =>
    match ? violationsOfMatch(match, ["spec", "limits", i, "match"]) : [],
  );
  const everything = limits.findIndex(({ match }) => match === undefined || Object.keys(match).length === 0);
  if (everything >= 0 && everything < limits.length - 1) {
    const message = "takes every request, so the limits after it count nothing";
    complaints.push({ path: ["spec", "limits", everything], message, fix: "Put it last." });
  }
  return complaints;
}
