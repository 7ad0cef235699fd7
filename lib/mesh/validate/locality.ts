// What makes a traffic policy's locality impossible: ways that exclude each other, shares that are not 100 together, places that overlap.
import { isWithin, localityOf, PLACE_LABELS } from "../locality";
import type { MeshObject, Path, TrafficLocality } from "../types";
import type { Complaint } from "./complaint";

const AT: Path = ["spec", "locality"];

export function violationsOfLocality(object: MeshObject): Complaint[] {
  if (object.kind !== "TrafficPolicy" || !object.spec.locality) return [];
  const { locality } = object.spec;
  return [...exclusive(locality), ...ofFailover(locality), ...ofPriority(locality), ...ofDistribute(locality)];
}

function exclusive({ distribute, failover, failoverPriority }: TrafficLocality): Complaint[] {
  if (!distribute) return [];
  const fix = "Keep one of the two.";
  const message = "gives fixed shares, which leave no order of hosts: it excludes";
  return [
    ...(failover ? [{ path: [...AT, "distribute"], message: `${message} failover`, fix }] : []),
    ...(failoverPriority ? [{ path: [...AT, "distribute"], message: `${message} failoverPriority`, fix }] : []),
  ];
}

function ofFailover({ failover = [], failoverPriority = [] }: TrafficLocality): Complaint[] {
  const places: readonly string[] = Object.values(PLACE_LABELS);
  const place = failoverPriority.find((entry) => places.includes(entry.split("=")[0] ?? ""));
  return [
    ...failover.flatMap(({ from, to }, i): Complaint[] => {
      const path = [...AT, "failover", i];
      if (from === to) return [{ path: [...path, "to"], message: "is the region itself", fix: "Name another region." }];
      const isRepeated = failover.findIndex((each) => each.from === from) < i;
      const message = `repeats callers in ${from}: the first entry for a region counts`;
      return isRepeated ? [{ path: [...path, "from"], message, fix: "Keep one of them." }] : [];
    }),
    ...(failover.length > 0 && place !== undefined
      ? [
          {
            path: [...AT, "failover"],
            message: `ranks places, which the label ${place} of failoverPriority does already`,
            fix: "Keep failover, or the label.",
          },
        ]
      : []),
  ];
}

function ofPriority({ failoverPriority = [] }: TrafficLocality): Complaint[] {
  return failoverPriority.flatMap((label, i) => {
    if (failoverPriority.indexOf(label) === i) return [];
    const path = [...AT, "failoverPriority", i];
    return [{ path, message: `repeats the label ${label}`, fix: "Name each once." }];
  });
}

function ofDistribute({ distribute = [] }: TrafficLocality): Complaint[] {
  return distribute.flatMap(({ from, to }, i): Complaint[] => {
    const path = [...AT, "distribute", i];
    const shares = Object.entries(to);
    const sum = shares.reduce((total, [, weight]) => total + weight, 0);
    const before = distribute.slice(0, i).find((each) => covers(each.from, from));
    const overlapping = shares.flatMap(([a], at) =>
      shares.slice(at + 1).flatMap(([b]) => (covers(a, b) || covers(b, a) ? [`${a} and ${b}`] : [])),
    );
    return [
      ...(sum === 100
        ? []
        : [{ path: [...path, "to"], message: `is ${sum} % together`, fix: "Let the shares be 100 together." }]),
      ...overlapping.slice(0, 1).map((pair) => ({
        path: [...path, "to"],
        message: `has shares for ${pair}, which overlap`,
        fix: "Name each place once.",
      })),
      ...(before
        ? [
            {
              path: [...path, "from"],
              message: `is within ${before.from}, which is before it: no caller comes to it`,
              fix: "Put it first, or remove it.",
            },
          ]
        : []),
    ];
  });
}

/** Whether what fits `inner` fits `outer` too. */
function covers(outer: string, inner: string): boolean {
  const { region, zone, subzone } = localityOf(inner);
  const open = (part: string) => (part === "" ? "*" : part);
  return isWithin({ region, zone: open(zone), subzone: open(subzone) }, outer);
}
