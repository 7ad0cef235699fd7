// Every field of a traffic policy that has a form is filled in, saved and found again. It leaves the draft as it found it.
import { choose, drawn, exported, field, fill, putBack, refuse, turnOn, unfold } from "./form-fields";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";

const EDITOR = "/meshes/shop/policies/TrafficPolicy/production/catalog";
const POOL = "Age, idle time and protocol of connections";
const OUTLIERS = "More ways to find failing hosts";

test("the fields of a traffic policy are filled in, saved and found again", { tag: "@once" }, async ({ page }) => {
  test.slow();
  page.setDefaultTimeout(15_000);
  await signIn(page);
  const text = await exported(page);
  const spec = () => drawn(page, "TrafficPolicy", "catalog");
  await page.goto(EDITOR);

  await test.step("connections: ages, idle times and their protocol", async () => {
    await fill(page, "Requests at once", 200);
    await unfold(page, POOL);
    await fill(page, "Idle timeout, HTTP", 60_000);
    await fill(page, "Maximum age, HTTP", 900_000);
    await expect(page.getByText("15 min", { exact: true })).toBeVisible();
    await fill(page, "Requests at once, HTTP/2", 100);
    await fill(page, "Idle timeout, TCP", 7_200_000);
    await refuse(page, "Connect attempts, TCP", 0, "must be from 1 to 100");
    await fill(page, "Connect attempts, TCP", 3);
    await choose(page, page, "Ports of protocol http are called by", "HTTP/2 always");
    await expect.poll(spec).toMatchObject({
      connectionPool: {
        ...{ maxRequests: 200, idleTimeoutMs: 60_000, maxConnectionDurationMs: 900_000, maxConcurrentStreams: 100 },
        ...{ tcpIdleTimeoutMs: 7_200_000, maxConnectAttempts: 3, h2UpgradePolicy: "upgrade" },
      },
    });
    await expectSoundScreen(page);
  });

  await test.step("outlier detection: calls without an answer, success rates and shares of failures", async () => {
    await unfold(page, OUTLIERS);
    await fill(page, "502, 503, 504 in a row", 3);
    await turnOn(page, "Count calls without an answer apart");
    await fill(page, "Without an answer in a row", 4);
    await turnOn(page, "Compare success rates");
    await refuse(page, "Standard deviations", 2000, "must be from 0 to 1000");
    await fill(page, "Standard deviations", 2.5);
    await turnOn(page, "Limit the share of failures");
    await fill(page, "Failed requests", 60);
    await expect.poll(spec).toMatchObject({
      outlierDetection: {
        ...{ consecutiveGatewayErrors: 3, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 4 },
        ...{ successRate: { standardDeviationFactor: 2.5 }, failurePercentage: { threshold: 60 } },
      },
    });
    await expect(page.getByRole("heading", { level: 1 })).toContainText("after 3 gateway errors in a row");
    await expectSoundScreen(page);
  });

  await test.step("new hosts warm up where hosts are chosen by load", async () => {
    await refuse(page, "Warm-up of new hosts", 10, "must be at least 1000 ms");
    await fill(page, "Warm-up of new hosts", 90_000);
    await fill(page, "Begins with", 20);
    await fill(page, "Aggression", 2);
    const warmup = { durationMs: 90_000, minimumPercent: 20, aggression: 2 };
    await expect.poll(spec).toMatchObject({ loadBalancing: { policy: "least-request", warmup } });
  });

  await test.step("a ring of hashes, by keys in order", async () => {
    await choose(page, page, "A host is chosen by", "ring hash");
    const [first, second] = ["Key 1", "Key 2"].map((name) => page.getByRole("article", { name }));
    if (!first || !second) throw new Error("two keys");
    await fill(first, "Name", "x-user-id");
    await page.getByRole("button", { name: "Add a key" }).click();
    await choose(page, second, "Key", "a cookie");
    await fill(second, "Name", "session");
    await fill(second, "Given for", 3600);
    await turnOn(first, "Enough by itself");
    await fill(page, "Maximum ring size", 65_536);
    await refuse(page, "Minimum ring size", 100_000, "must be at most the maximum of 65536");
    await fill(page, "Minimum ring size", 2048);
    await expect.poll(spec).toMatchObject({
      loadBalancing: {
        policy: "ring-hash",
        hash: [
          { type: "header", name: "x-user-id", terminal: true },
          { type: "cookie", name: "session", ttlSeconds: 3600 },
        ],
        ringHash: { minimumRingSize: 2048, maximumRingSize: 65_536 },
      },
    });
    await expectSoundScreen(page);
  });

  await test.step("localities: the nearest with failover, the same labels, shares, nobody", async () => {
    await choose(page, page, "Callers prefer", "the nearest hosts");
    await page.getByRole("button", { name: "Region that comes next" }).click();
    await fill(page, "Callers in region", "eu-west");
    await fill(page, "Then region", "eu-north");
    await expect.poll(spec).toMatchObject({ locality: { failover: [{ from: "eu-west", to: "eu-north" }] } });
    await choose(page, page, "Callers prefer", "hosts with the same labels");
    await expect.poll(spec).toHaveProperty("locality.failoverPriority");
    await choose(page, page, "Callers prefer", "nobody");
    await expect.poll(spec).toHaveProperty("locality", { enabled: false });
    await choose(page, page, "Callers prefer", "fixed shares by locality");
    await refuse(page, "Callers in", "eu-west/", "must be region, region/zone or region/zone/subzone");
    await fill(page, "Callers in", "eu-west/eu-west-1a");
    await expect
      .poll(spec)
      .toHaveProperty("locality", { distribute: [{ from: "eu-west/eu-west-1a", to: { "*": 100 } }] });
    await expectSoundScreen(page);
  });

  await test.step("all of it is there after a reload, in the form and in the YAML", async () => {
    await page.goto(EDITOR);
    for (const [name, value] of [
      ["Maximum age, HTTP", "900000 ms"],
      ["Idle timeout, TCP", "7200000 ms"],
      ["Connect attempts, TCP", "3"],
      ["Without an answer in a row", "4"],
      ["Standard deviations", "2.5"],
      ["Failed requests", "60 %"],
      ["Given for", "3600 s"],
      ["Minimum ring size", "2048"],
      ["Callers in", "eu-west/eu-west-1a"],
    ] as const)
      await expect(field(page, name)).toHaveValue(value);
    await expectSoundScreen(page);
    await page.goto(`${EDITOR}?pane=yaml`);
    const yaml = page.getByRole("textbox", { name: "YAML of TrafficPolicy catalog" });
    for (const line of ["maxConnectAttempts: 3", "h2UpgradePolicy: upgrade", "maxConnectionDurationMs: 900000"])
      await expect(yaml).toContainText(line);
  });

  await putBack(page, text);
});
