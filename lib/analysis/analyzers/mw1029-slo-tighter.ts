// MW1029: a promise that cannot hold, because what it waits for promises less.
import { objectKey, type Service } from "@/lib/mesh";
import { endsOf } from "../calls";
import type { FindingBody, ObjectAnalyzer } from "../finding";

export const mw1029SloTighter: ObjectAnalyzer<"Service"> = {
  code: "MW1029",
  title: "SLO tighter than its dependencies",
  area: "resilience",
  scope: "object",
  kind: "Service",
  run(index, service) {
    const own = service.spec.slo;
    if (!own) return [];
    const key = objectKey(service);
    const callees = index
      .dependenciesFrom(key)
      .filter((dependency) => dependency.spec.interaction !== "async")
      .flatMap((dependency) => index.find("Service", endsOf(dependency).to) ?? []);
    return callees.flatMap((callee): FindingBody[] => {
      const gap = availabilityGap(service, callee) ?? latencyGap(service, callee);
      if (!gap) return [];
      return [
        {
          code: "MW1029",
          severity: gap.isCertain ? "warning" : "info",
          message: `${service.metadata.name} promises ${gap.own}, but waits for ${callee.metadata.name}, which promises ${gap.theirs}.`,
          cause:
            "A service that waits for another is at most as available and as fast as it, unless it can answer without it.",
          refs: [key, objectKey(callee)],
          path: gap.path,
        },
      ];
    });
  },
};

type Gap = { own: string; theirs: string; path: string; isCertain: boolean };
const percent = (share: number) => `${Number((share * 100).toFixed(4))} %`;

function availabilityGap(service: Service, callee: Service): Gap | undefined {
  const [own, theirs] = [service.spec.slo?.availability, callee.spec.slo?.availability];
  if (own === undefined || theirs === undefined || theirs >= own) return undefined;
  return { own: percent(own), theirs: percent(theirs), path: "spec.slo.availability", isCertain: true };
}

function latencyGap(service: Service, callee: Service): Gap | undefined {
  const [own, theirs] = [service.spec.slo?.latency, callee.spec.slo?.latency];
  if (!own || !theirs || theirs.percentile > own.percentile || theirs.thresholdMs <= own.thresholdMs) return undefined;
  const text = (each: typeof own) => `${each.thresholdMs} ms at p${each.percentile}`;
  // not every request of the caller goes there
  return { own: text(own), theirs: text(theirs), path: "spec.slo.latency", isCertain: false };
}
