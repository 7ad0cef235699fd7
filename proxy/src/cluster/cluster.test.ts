// Zone-aware routing between clusters: who the callers are changes where calls go.

import { afterEach, expect, it } from "vitest";
import { noDialer } from "../../test/support/no-dialer";
import { cluster, endpoint } from "../../test/support/plans";
import { UpstreamCluster } from "./cluster";

const open: UpstreamCluster[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
const made = (name: string, zones: string): UpstreamCluster => {
  const one = new UpstreamCluster(cluster(name, hosts(zones)), noDialer);
  open.push(one);
  return one;
};
const hosts = (zones: string) => [...zones].map((locality, index) => endpoint(1000 + index, { locality }));
const picked = (of: UpstreamCluster): string =>
  [...new Set(Array.from({ length: 24 }, () => of.pick()?.plan.locality))].sort().join("");

it("callers that come and go in other zones decide whether calls stay", async () => {
  const app = made("app", "aaabbb");
  const home = made("home", "a");
  app.liveIn("a", home);
  expect(picked(app)).toBe("ab");
  await home.setEndpoints(cluster("home", hosts("ab")));
  expect(picked(app)).toBe("a");
  await home.setEndpoints(cluster("home", hosts("bb")));
  expect(picked(app)).toBe("ab");
});

it("another home is another answer, and one that is left is not listened to", async () => {
  const app = made("app", "aaabbb");
  const [before, after] = [made("before", "ab"), made("after", "aa")];
  app.liveIn("a", before);
  expect(picked(app)).toBe("a");
  app.liveIn("a", after);
  expect(picked(app)).toBe("ab");
  await before.setEndpoints(cluster("before", hosts("ab")));
  expect(picked(app)).toBe("ab");
  app.liveIn("b", before);
  expect(picked(app)).toBe("b");
  app.liveIn(null, null);
  expect(picked(app)).toBe("ab");
});
