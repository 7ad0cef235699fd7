import { expect, test } from "vitest";
import { pathText } from "../references";
import { trafficLocality } from "../schema/locality";
import type { MeshObject, TrafficLocality } from "../types";
import { violationsOfLocality } from "./locality";

const complaints = (locality: TrafficLocality) => {
  const parsed = trafficLocality.parse(locality);
  const policy = { kind: "TrafficPolicy", metadata: {}, spec: { service: { name: "x" }, locality: parsed } };
  return violationsOfLocality(policy as unknown as MeshObject).map(
    ({ path, message }) => `${pathText(path)} ${message}`,
  );
};

test.each<[TrafficLocality]>([
  [{}],
  [{ enabled: false }],
  [
    {
      failover: [
        { from: "eu", to: "us" },
        { from: "us", to: "eu" },
      ],
      failoverPriority: ["version"],
    },
  ],
  [
    {
      distribute: [
        { from: "eu/a", to: { "eu/a": 100 } },
        { from: "eu/*", to: { us: 40, "eu/*": 60 } },
        { from: "*", to: { us: 100 } },
      ],
    },
  ],
])("%j fits together", (locality) => expect(complaints(locality)).toEqual([]));

const US = { us: 100 };
test.each<[TrafficLocality, string]>([
  [{ distribute: [{ from: "*", to: US }], failover: [{ from: "eu", to: "us" }] }, "excludes failover"],
  [{ distribute: [{ from: "*", to: US }], failoverPriority: ["version"] }, "excludes failoverPriority"],
  [{ distribute: [{ from: "*", to: { us: 90 } }] }, "spec.locality.distribute[0].to is 90 % together"],
  [{ distribute: [{ from: "*", to: { us: 60, "us/a": 40 } }] }, "has shares for us and us/a, which overlap"],
  [{ distribute: [{ from: "*", to: { "us/a": 60, "*": 40 } }] }, "has shares for us/a and *, which overlap"],
  [
    {
      distribute: [
        { from: "eu", to: US },
        { from: "eu/a", to: US },
      ],
    },
    "distribute[1].from is within eu",
  ],
  [{ failover: [{ from: "eu", to: "eu" }] }, "spec.locality.failover[0].to is the region itself"],
  [
    {
      failover: [
        { from: "eu", to: "us" },
        { from: "eu", to: "asia" },
      ],
    },
    "failover[1].from repeats callers in eu",
  ],
  [{ failover: [{ from: "eu", to: "us" }], failoverPriority: ["topology.kubernetes.io/zone"] }, "ranks places"],
  [{ failoverPriority: ["version", "version"] }, "failoverPriority[1] repeats the label version"],
])("%j does not fit: %s", (locality, words) => {
  const found = complaints(locality);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(words);
});

test.each([
  [{ failover: [{ from: "eu/a", to: "us" }] }],
  [{ failover: [{ from: "*", to: "us" }] }],
  [{ failover: [] }],
  [{ distribute: [{ from: "*/a", to: US }] }],
  [{ distribute: [{ from: "a/b/c/d", to: US }] }],
  [{ distribute: [{ from: "*", to: { us: 101 } }] }],
  [{ distribute: [{ from: "*", to: { us: 0, eu: 100 } }] }],
  [{ distribute: [{ from: "*", to: {} }] }],
  [{ failoverPriority: ["a label"] }],
])("%j is no locality of the schema", (locality) => expect(trafficLocality.safeParse(locality).success).toBe(false));
