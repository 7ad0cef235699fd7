// Priority levels of endpoints: who gets what the levels before cannot carry. Rule: where one level has everything no chance is in it; where
// several have something, only that each has is told, of so many calls that none is missed; how much is held by semantics/priority-load.test.ts.

import { chosen } from "../answers";
import { endpoint, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Wire } from "../wire";
import { http, OFTEN, say, until } from "./active-health-parts";
import { partOfB, policy } from "./balancing";

const THREE: Readonly<Record<string, UpstreamKind>> = { app: "http", b: "http", c: "http" };
const ILL = { health_status: "UNHEALTHY" };
const DEGRADED = { health_status: "DEGRADED" };
const NO_PANIC = { common_lb_config: { healthy_panic_threshold: { value: 0 } } };

type Level = readonly [priority: number, hosts: readonly Config[], over?: Config];
const levels = (list: readonly Level[], over: Config = {}, load: Config = {}): Config =>
  web({
    clusters: [
      {
        name: "app",
        load_assignment: {
          cluster_name: "app",
          endpoints: list.map(([priority, hosts, more = {}]) => ({ priority, lb_endpoints: hosts, ...more })),
          ...load,
        },
        ...over,
      },
    ],
  });

/** A part of 3 in 10 is missed once in 10 to the 18. */
const everybody = async (wire: Wire): Promise<string> =>
  Object.keys(await wire.tally(120, () => "/", chosen, 4))
    .sort()
    .join(" ");

const priority = (
  id: string,
  list: readonly Level[],
  more: Partial<Case> & { over?: Config; load?: Config } = {},
): Case => {
  const { over, load, ...rest } = more;
  return {
    id: `priority ${id}`,
    config: levels(list, over, load),
    upstreams: THREE,
    isChance: true,
    run: everybody,
    ...rest,
  };
};
const app = endpoint("@app");
const b = endpoint("@b");
const c = endpoint("@c");
const half: readonly Config[] = [app, endpoint("@c", ILL)];
const PROVED = { proves: ["LocalityLbEndpoints.priority"] };

export const priorityCases: readonly Case[] = [
  priority(
    "of the first while it can carry everything",
    [
      [0, [app]],
      [1, [b]],
      [2, [c]],
    ],
    PROVED,
  ),
  priority(
    "written in any order",
    [
      [1, [b]],
      [0, [app]],
    ],
    PROVED,
  ),
  priority(
    "of the second when nobody is left in the first",
    [
      [0, [endpoint("@app", ILL)]],
      [1, [b]],
      [2, [c]],
    ],
    PROVED,
  ),
  priority("of the third when nobody is left before it", [
    [0, [endpoint("@app", ILL)]],
    [1, [endpoint("@b", ILL)]],
    [2, [c]],
  ]),
  priority("of a level without any before it", [
    [1, [app]],
    [3, [b]],
  ]),
  priority("of both when half of the first is left", [
    [0, half],
    [1, [b]],
  ]),
  priority(
    "of the first when the half of it counts for all",
    [
      [0, half],
      [1, [b]],
    ],
    {
      load: { policy: { overprovisioning_factor: 200 } },
      proves: ["ClusterLoadAssignment.Policy.overprovisioning_factor"],
    },
  ),
  priority("of healthy hosts of the second before degraded ones of the first", [
    [0, [endpoint("@app", DEGRADED)]],
    [1, [b]],
  ]),
  priority("of degraded hosts of the first when the second is down", [
    [0, [endpoint("@app", DEGRADED)]],
    [1, [endpoint("@b", ILL)]],
  ]),
  priority("of all when all panic", [
    [0, [endpoint("@app", ILL)]],
    [1, [endpoint("@b", ILL)]],
  ]),
  priority(
    "of nobody when nobody panics",
    [
      [0, [endpoint("@app", ILL)]],
      [1, [endpoint("@b", ILL)]],
    ],
    { over: NO_PANIC },
  ),
  priority("of one that panics beside one that carries everything", [
    [0, [app, endpoint("@c", ILL), endpoint("@c", ILL), endpoint("@c", ILL)]],
    [1, [b]],
  ]),
  priority(
    "by weight of localities within the second",
    [
      [0, [endpoint("@c", ILL)], { locality: { zone: "a" }, load_balancing_weight: 4 }],
      [1, [app], { locality: { zone: "a" }, load_balancing_weight: 1 }],
      [1, [b], { locality: { zone: "b" }, load_balancing_weight: 4 }],
    ],
    {
      over: policy("load_balancing_policies.round_robin.v3.RoundRobin", {
        locality_lb_config: { locality_weighted_lb_config: {} },
      }),
      run: partOfB,
    },
  ),
  priority(
    "there and back as checks say",
    [
      [0, [app]],
      [1, [b]],
    ],
    {
      over: { ...NO_PANIC, health_checks: [{ ...OFTEN, ...http() }] },
      run: async (wire) => {
        const before = await until(wire, "app");
        say(wire, "app", "503");
        const during = await until(wire, "b");
        say(wire, "app", "200");
        return [before, during, await until(wire, "app")];
      },
      ...PROVED,
    },
  ),
];
