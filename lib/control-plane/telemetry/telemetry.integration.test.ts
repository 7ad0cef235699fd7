import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BOUNDS_MS } from "@/lib/signals";
import { TestPlane } from "../testing/test-plane";

const CART = "production/cart-v1/0";
const WEB = "production/web-v1/0";
let test: TestPlane;

/** A sidecar's page: so many requests from web to cart, each of 20 ms, so many of them answered 500. */
function page(reporter: "source" | "destination", requests: number, errors: number, processStart: number): string {
  const shared = `reporter="${reporter}",source_workload="web-v1",source_workload_namespace="production",source_principal="spiffe://shop.test/ns/production/sa/web",source_version="v1",destination_workload="cart-v1",destination_workload_namespace="production",destination_principal="spiffe://shop.test/ns/production/sa/cart",destination_service="cart.production",destination_service_name="cart",destination_service_namespace="production",destination_version="v1",request_protocol="http",connection_security_policy="mutual_tls"`;
  const buckets = [...BOUNDS_MS.map(String), "+Inf"].map(
    (le) =>
      `istio_request_duration_milliseconds_bucket{${shared},le="${le}"} ${le === "+Inf" || Number(le) >= 20 ? requests : 0}`,
  );
  return `${[
    `process_start_time_seconds ${processStart}`,
    "process_cpu_seconds_total 1",
    "process_resident_memory_bytes 1000",
    `istio_requests_total{${shared},response_code="200",response_flags="-"} ${requests - errors}`,
    `istio_requests_total{${shared},response_code="500",response_flags="-"} ${errors}`,
    ...buckets,
    `istio_request_duration_milliseconds_sum{${shared}} ${requests * 20}`,
    `istio_request_duration_milliseconds_count{${shared}} ${requests}`,
  ].join("\n")}\n`;
}

const start = () => Math.floor(Date.now() / 1000) + 1; // a process that started after the control plane
let cartStart = 0;

beforeAll(async () => {
  test = await TestPlane.start();
  await test.deploy(await test.revise("first"));
  cartStart = start();
});
afterAll(() => test?.stop());

async function scrape(): Promise<void> {
  await test.plane.scraper.round();
}

async function rollups(reporter: string) {
  const { rows } = await test.sql.query<{
    requests: string;
    errors: string;
    buckets: string[];
    codes: Record<string, number>;
  }>(
    `SELECT sum(requests) AS requests, sum(errors) AS errors, (SELECT array_agg(b) FROM unnest(min("bucketCounts")) b) AS buckets FROM "RollupMinute" WHERE "environmentId" = $1 AND reporter = $2`,
    [test.environmentId, reporter],
  );
  return { requests: Number(rows[0]?.requests), errors: Number(rows[0]?.errors) };
}

async function recent(): Promise<{ requests: number; windows: number; lastScrapeAt: number | null }> {
  const { body } = await test.call("GET", `/v1/signals/recent?environment=${test.environmentId}&seconds=900`);
  const windows = body.windows as { flows: { reporter: string; requests: number }[] }[];
  const requests = windows
    .flatMap((window) => window.flows)
    .filter((flow) => flow.reporter === "destination")
    .reduce((sum, flow) => sum + flow.requests, 0);
  return { requests, windows: windows.length, lastScrapeAt: body.lastScrapeAt as number | null };
}

describe("telemetry", () => {
  it("counts every request exactly, in recent windows and in rollups, over many scrapes and a proxy's restart", async () => {
    for (const [requests, errors] of [
      [100, 7],
      [100, 7],
      [250, 10],
      [400, 31],
    ] as const) {
      test.proxy(CART).metricsPage = page("destination", requests, errors, cartStart);
      test.proxy(WEB).metricsPage = page("source", requests, errors, cartStart);
      await scrape();
    }
    cartStart += 1; // restarted: counts from zero
    test.proxy(CART).metricsPage = page("destination", 50, 1, cartStart);
    await scrape();
    expect((await recent()).requests).toBe(450);
    await test.plane.scraper.stop();
    expect(await rollups("destination")).toEqual({ requests: 450, errors: 32 });
    expect(await rollups("source")).toEqual({ requests: 400, errors: 31 });
  });

  it("goes on after a restart of the control plane without losing or doubling a request", async () => {
    await test.plane.stop();
    test.proxy(CART).metricsPage = page("destination", 80, 1, cartStart);
    await test.startPlane();
    await scrape();
    await test.plane.scraper.stop();
    expect(await rollups("destination")).toEqual({ requests: 480, errors: 32 });
  });

  it("takes half a page for no page, and counts what it held later", async () => {
    const whole = page("destination", 90, 1, cartStart);
    test.proxy(CART).metricsPage = whole.slice(0, whole.length / 2);
    await scrape();
    test.proxy(CART).metricsPage = whole;
    await scrape();
    await test.plane.scraper.stop();
    expect((await rollups("destination")).requests).toBe(490);
  });

  it("keeps a round without traffic as zero, and makes no round when nobody answers", async () => {
    await scrape();
    const before = await recent();
    await scrape();
    const idle = await recent();
    expect(idle.windows).toBe(before.windows + 1);
    test.proxy(CART).metricsPage = "";
    test.proxy(WEB).metricsPage = "";
    test.proxy("production/cart-v1/1").metricsPage = "";
    await scrape();
    expect((await recent()).lastScrapeAt).toBe(idle.lastScrapeAt);
  });
});

describe("an environment that nobody has scraped yet", () => {
  it("has nothing that its proxies answered before the first round, or before a first scraper could save, left out", async () => {
    const fresh = await TestPlane.start();
    try {
      await fresh.deploy(await fresh.revise("first"));
      fresh.proxy(CART).metricsPage = page("destination", 40, 0, start() - 30);
      const counted = () =>
        fresh.plane.scraper
          .telemetryOf(fresh.environmentId)
          ?.recent.since(0)
          .flatMap(({ flows }) => flows)
          .filter(({ reporter }) => reporter === "destination")
          .reduce((sum, { requests }) => sum + requests, 0);
      await fresh.plane.scraper.round();
      expect(counted()).toBe(40);
      await fresh.plane.stop();
      await fresh.sql.query(`DELETE FROM "Setting" WHERE key LIKE 'telemetry:%'`); // as if it was killed before
      await fresh.startPlane();
      await fresh.plane.scraper.round();
      expect(counted()).toBe(40);
    } finally {
      await fresh.stop();
    }
  });
});
