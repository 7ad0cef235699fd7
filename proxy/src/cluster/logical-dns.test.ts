// LOGICAL_DNS: what an answer that changes does to the one host of a cluster.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { noDialer } from "../../test/support/no-dialer";
import { cluster, endpoint } from "../../test/support/plans";
import type { ClusterPlan } from "../plan/types";
import { UpstreamCluster } from "./cluster";

let answers: string[] | null = [];
let app: UpstreamCluster;
const plan = (over: Partial<ClusterPlan> = {}, port = 80): ClusterPlan =>
  cluster("app", [endpoint(port, { address: "app.test", hostname: "app.test" })], { type: "logical-dns", ...over });
const places = (): string[] => app.hosts.map(({ key }) => key);

beforeEach(async () => {
  answers = ["10.0.0.1", "10.0.0.2"];
  app = new UpstreamCluster(plan(), noDialer, () => Promise.resolve(answers));
  await app.warmed;
});
afterEach(() => app.close());

it("takes the first address, and no other", () => {
  expect(places()).toEqual(["10.0.0.1:80"]);
});

it("an answer that changes moves the host, which keeps its connections", async () => {
  const [host] = app.hosts;
  const drain = vi.spyOn(host?.pool ?? expect.fail("no host"), "drain");
  answers = ["10.0.0.9"];
  await app.setEndpoints(plan());
  expect(places()).toEqual(["10.0.0.9:80"]);
  expect(app.hosts[0]).toBe(host);
  expect(app.pick()?.address).toBe("10.0.0.9");
  expect(drain).not.toHaveBeenCalled();
});

it("a look-up that fails changes nothing", async () => {
  const [host] = app.hosts;
  answers = null;
  await app.setEndpoints(plan());
  expect(places()).toEqual(["10.0.0.1:80"]);
  expect(app.hosts[0]).toBe(host);
});

it("another endpoint is another host", async () => {
  const [host] = app.hosts;
  const drain = vi.spyOn(host?.pool ?? expect.fail("no host"), "drain");
  await app.setEndpoints(plan({}, 81));
  expect(places()).toEqual(["10.0.0.1:81"]);
  expect(app.hosts[0]).not.toBe(host);
  expect(drain).toHaveBeenCalled();
});
