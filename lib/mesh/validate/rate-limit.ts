// What makes a rate limit impossible: one that limits nothing, a pattern that does not compile, limits that nothing can reach, and words of
// the one scope in the other.
import type { MeshIndex } from "../index-document";
import type { MeshObject, RateLimit } from "../types";
import type { Complaint } from "./complaint";
import { violationsOfMatch } from "./route";

export function violationsOfRateLimit(object: MeshObject, _index: MeshIndex): Complaint[] {
  if (object.kind !== "RateLimit") return [];
  const { limits = [], connectionRate, shadow } = object.spec;
  const complaints = limits.flatMap(({ match }, i) =>
    match ? violationsOfMatch(match, ["spec", "limits", i, "match"]) : [],
  );
  const everything = limits.findIndex(({ match }) => match === undefined || Object.keys(match).length === 0);
  if (everything >= 0 && everything < limits.length - 1) {
    const message = "takes every request, so the limits after it count nothing";
    complaints.push({ path: ["spec", "limits", everything], message, fix: "Put it last." });
  }
  if (limits.length === 0 && !connectionRate) {
    const message = "limits neither requests nor connections";
    complaints.push({ path: ["spec"], message, fix: "Say limits of requests, a connectionRate, or both." });
  }
  if (connectionRate && shadow) {
    const message = "cannot be counted only: a connection over the limit is closed";
    complaints.push({ path: ["spec", "connectionRate"], message, fix: "Remove it, or remove shadow." });
  }
  return [...complaints, ...violationsOfScope(object.spec)];
}

/** Shorter ones would be over before control planes have told each other what they counted. */
export const MIN_GLOBAL_PERIOD_MS = 1000;

function violationsOfScope({ scope, limits = [], whenAway }: RateLimit["spec"]): Complaint[] {
  if (scope === "global") {
    if (limits.length === 0) {
      const message = "is for limits of requests, and there are none: each instance counts its connections for itself";
      return [{ path: ["spec", "scope"], message, fix: "Remove it, or say limits." }];
    }
    return limits.flatMap(({ burst, perMs }, i) => [
      ...(burst === undefined
        ? []
        : [
            {
              path: ["spec", "limits", i, "burst"],
              message: "has no effect where all instances share one count: a period begins anew, nothing is saved up",
              fix: "Remove it, or let each instance count for itself.",
            },
          ]),
      ...(perMs >= MIN_GLOBAL_PERIOD_MS
        ? []
        : [
            {
              path: ["spec", "limits", i, "perMs"],
              message: "must be at least 1000 ms where all instances share one count",
              fix: "Say how many there may be in a second.",
            },
          ]),
    ]);
  }
  const fix = "Remove it, or set the scope to global.";
  const message = "is for limits that all instances share";
  return [
    ...limits.flatMap(({ per }, i) => (per ? [{ path: ["spec", "limits", i, "per"], message, fix }] : [])),
    ...(whenAway ? [{ path: ["spec", "whenAway"], message, fix }] : []),
  ];
}
