// Routes that running proxies said they hold. One rule: a proxy that could not be asked keeps the layer from passing.
import { ofKind } from "./live";
import { unmeasured } from "./results";
import type { LiveContext, RouteFacts, SubjectResult } from "./types";

export function runningRoutes(context: LiveContext, judge: (routes: RouteFacts[]) => SubjectResult[]): SubjectResult[] {
  const all = ofKind(context, "running-routes");
  const read = all.filter((each) => each.outcome === "as-expected");
  const missing = all
    .filter((each) => each.outcome !== "as-expected")
    .map((each) => ({ ...unmeasured(each.subject, each.sentence), evidence: [each.id] }));
  const results = judge(read.flatMap((each) => each.facts.routes ?? []));
  const evidence = read.map((each) => each.id);
  return [...results.map((result) => ({ ...result, evidence })), ...missing];
}
