// MW1083: a ring so large that each caller makes it for seconds whenever a host comes or goes.
import { objectKey } from "@/lib/mesh";
import type { ObjectAnalyzer } from "../finding";
import { keysOf } from "../hashing";

/** 0.4 s of our proxy: a change of hosts is late by it. */
const LARGE = 262_144;
const SENSIBLE = 65_536;
/** Of processor time, on our proxy: 8,388,608 entries in 11 s. */
const SECONDS_PER_ENTRY = 11 / 8_388_608;

export const mw1083RingTooLarge: ObjectAnalyzer<"TrafficPolicy"> = {
  code: "MW1083",
  title: "Ring that takes long to make",
  area: "resilience",
  scope: "object",
  kind: "TrafficPolicy",
  run(_index, policy) {
    const least = policy.spec.loadBalancing?.ringHash?.minimumRingSize ?? 0;
    if (!keysOf(policy) || least <= LARGE) return [];
    const key = objectKey(policy);
    return [
      {
        code: "MW1083",
        severity: "warning",
        message: `The ring of ${policy.metadata.name} has at least ${least} entries: each caller's proxy works on it for about ${(least * SECONDS_PER_ENTRY).toFixed(1)} s whenever a host of ${policy.spec.service.name} comes or goes.`,
        cause:
          "A ring is made again for each change of the hosts, by each caller and for each priority of its own. A new host gets nothing until it is made, and a change of the configuration waits for it. 65,536 entries share within a percent or two among dozens of hosts.",
        refs: [key],
        path: "spec.loadBalancing.ringHash.minimumRingSize",
        fixes: [
          {
            title: `Make it ${SENSIBLE}`,
            command: {
              type: "patchSpec",
              key,
              path: ["loadBalancing", "ringHash", "minimumRingSize"],
              value: SENSIBLE,
            },
          },
        ],
      },
    ];
  },
};
