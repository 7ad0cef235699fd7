// Zone-aware routing in the balancer: when a zone is chosen at all, and who is chosen in it.

import { describe, expect, it } from "vitest";
import { defaultBalancing } from "../../test/support/plans";
import type { ZoneAwarePlan } from "../plan/types";
import { type BalancePlan, Balancer } from "./balance";

const plan = (over: Partial<ZoneAwarePlan> = {}, healthyPanicThreshold = 50): BalancePlan => ({
  balancing: { ...defaultBalancing, zoneAware: { ...defaultBalancing.zoneAware, ...over } },
  healthyPanicThreshold,
});
const host = (locality: string, over: { isHealthy?: boolean; isDegraded?: boolean } = {}) => ({
  isHealthy: true,
  isDegraded: false,
  isExcluded: false,
  activeRequests: 0,
  startedAt: 0,
  ...over,
  address: "127.0.0.1",
  plan: { weight: 1, health: "healthy", locality, localityWeight: 0, port: 1, hostname: "", hashKey: "", priority: 0 },
});
const hosts = (text: string) => [...text].map((zone) => host(zone));
const sick = (zone: string) => host(zone, { isHealthy: false });

/** @param chance what is drawn, over and over */
function zonesOf(balancer: Balancer<ReturnType<typeof host>>, count = 12): string {
  return Array.from({ length: count }, () => balancer.pick()?.plan.locality ?? "-").join("");
}

describe("a balancer with a home zone", () => {
  it("takes all hosts of the own zone in turn, and no other", () => {
    const balancer = new Balancer<ReturnType<typeof host>>(plan(), () => 0.5);
    const all = hosts("aaabbb");
    balancer.update(all, { own: "a", hosts: hosts("ab") });
    const picked = Array.from({ length: 6 }, () => balancer.pick());
    expect(new Set(picked)).toEqual(new Set(all.slice(0, 3)));
    expect(balancer.zoneCounts).toEqual({ allDirectly: 6, sampled: 0, crossZone: 0 });
  });

  it("counts what stayed and what went on", () => {
    let next = 0;
    const balancer = new Balancer<ReturnType<typeof host>>(plan(), () => next);
    balancer.update(hosts("aaabbb"), { own: "a", hosts: hosts("aaab") });
    expect(zonesOf(balancer, 3)).toBe("aaa");
    next = 0.99;
    expect(zonesOf(balancer, 2)).toBe("bb");
    expect(balancer.zoneCounts).toEqual({ allDirectly: 0, sampled: 3, crossZone: 2 });
  });

  it("takes everybody when the draw is beyond routing_enabled", () => {
    let next = 0.29;
    const balancer = new Balancer<ReturnType<typeof host>>(plan({ routingEnabledPercent: 30 }), () => next);
    balancer.update(hosts("aaabbb"), { own: "a", hosts: hosts("ab") });
    expect(zonesOf(balancer)).toBe("aaaaaaaaaaaa");
    next = 0.3;
    expect([...zonesOf(balancer)].sort().join("")).toBe("aaaaaabbbbbb");
  });

  it("takes everybody while its own cluster panics, or nobody where that is said", () => {
    const home = { own: "a", hosts: [sick("a"), sick("a"), ...hosts("b")] };
    const balancer = new Balancer<ReturnType<typeof host>>(plan(), () => 0.5);
    balancer.update(hosts("aaabbb"), home);
    expect([...zonesOf(balancer)].sort().join("")).toBe("aaaaaabbbbbb");
    const strict = new Balancer<ReturnType<typeof host>>(plan({ failsOnPanic: true }), () => 0.5);
    strict.update(hosts("aaabbb"), home);
    expect(zonesOf(strict, 3)).toBe("---");
  });

  it("has nobody in panic where that is said, with or without a home", () => {
    const all = [...hosts("a"), sick("a"), sick("b"), sick("b")];
    for (const home of [null, { own: "a", hosts: hosts("ab") }]) {
      const strict = new Balancer<ReturnType<typeof host>>(plan({ failsOnPanic: true }), () => 0.5);
      strict.update(all, home);
      expect(strict.isPanicking).toBe(true);
      expect(zonesOf(strict, 3)).toBe("---");
    }
  });

  it("takes all hosts in panic", () => {
    const balancer = new Balancer<ReturnType<typeof host>>(plan({ minClusterSize: 1 }), () => 0.5);
    balancer.update([...hosts("a"), sick("a"), sick("b"), sick("b")], { own: "a", hosts: hosts("ab") });
    expect([...zonesOf(balancer, 8)].sort().join("")).toBe("aaaabbbb");
  });

  it("draws degraded hosts by zone as well", () => {
    // Two of six are healthy: 46 of 100 stay with them, 54 go to the degraded ones, of which the own zone has one.
    let next = 0;
    const balancer = new Balancer<ReturnType<typeof host>>(plan({ minClusterSize: 1 }), () => next);
    const spare = { isDegraded: true };
    const own = host("a", spare);
    balancer.update([...hosts("ab"), own, host("b", spare), host("b", spare), host("b", spare)], {
      own: "a",
      hosts: hosts("ab"),
    });
    next = 0.5;
    expect(balancer.pick()).toBe(own);
    next = 0.4;
    expect([balancer.pick()?.plan.locality, balancer.pick()?.isDegraded]).toEqual(["a", false]);
  });
});
