// MW1088: a traffic policy goes by where callers are, and callers do not say it: for them every place is elsewhere.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { asksForPlaces, callersOf, hostsOf, preferenceOf } from "../localities";

/** In a sentence. */
const MOST_NAMED = 3;

export const mw1088CallersWithoutPlace: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1088",
  title: "Callers without a locality",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  ofDesign: true,
  run(index, policy) {
    const locality = preferenceOf(policy);
    if (!locality || !asksForPlaces(locality)) return [];
    const place = hostsOf(index, policy).find(({ spec }) => spec.locality !== undefined)?.spec.locality;
    if (place === undefined) return []; // MW1086
    const callers = callersOf(index, policy);
    const lost = callers.filter(({ spec }) => spec.locality === undefined);
    if (lost.length === 0) return [];
    const names = lost.slice(0, MOST_NAMED).map(({ metadata }) => metadata.name);
    const more = lost.length > names.length ? ` and ${lost.length - names.length} more` : "";
    return [
      {
        code: "MW1088",
        severity: lost.length === callers.length ? "warning" : "info",
        message: `${policy.metadata.name} goes by where callers of ${policy.spec.service.name} are, and ${names.join(", ")}${more} ${lost.length === 1 ? "does" : "do"} not say it.`,
        cause:
          "For a caller of which nobody says where it is every place is elsewhere: none is nearer, and no share is for it.",
        refs: [objectKey(policy), ...lost.map(objectKey)],
        path: "spec.locality",
      },
    ];
  },
};
