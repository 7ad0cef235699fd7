import { expect, test } from "vitest";
import type { Flow } from "./flow";
import { emptyBuckets } from "./histogram";
import type { MeasuredWindow } from "./series";
import { joinWindows } from "./windows";

const MINUTE = 60_000;
const T = 1_000 * MINUTE;

function flow(requests: number): Flow {
  return {
    reporter: "destination",
    source: "Service/a/web",
    sourceVersion: "v1",
    destination: "Service/a/cart",
    destinationVersion: "v1",
    security: "mutual_tls",
    requests,
    errors: 0,
    codes: {},
    bucketCounts: emptyBuckets(),
    sumMs: 0,
    requestBytes: 0,
    responseBytes: 0,
    connections: 0,
    failedConnections: 0,
    receivedBytes: 0,
    sentBytes: 0,
  };
}
const window = (startMs: number, endMs: number, requests: number): MeasuredWindow => ({
  startMs,
  endMs,
  flows: requests > 0 ? [flow(requests)] : [],
});
const minute = (n: number, requests: number) => window(T + n * MINUTE, T + (n + 1) * MINUTE, requests);
const total = ({ older, finer }: ReturnType<typeof joinWindows>) =>
  [...older, ...finer].flatMap(({ flows }) => flows).reduce((sum, { requests }) => sum + requests, 0);

test("without a finer memory the rollups speak", () => {
  expect(joinWindows([minute(0, 5), minute(1, 7)], [])).toEqual({ older: [minute(0, 5), minute(1, 7)], finer: [] });
});

test("where both know a time it is told once, by the finer one", () => {
  const recent = [window(T + MINUTE, T + MINUTE + 2_000, 3), window(T + MINUTE + 2_000, T + MINUTE + 4_000, 4)];
  const joined = joinWindows([minute(0, 5), minute(1, 7)], recent);
  expect(joined).toEqual({ older: [minute(0, 5)], finer: recent });
  expect(total(joined)).toBe(12);
});

test("a scraper that began anew inside a minute loses nothing of that minute", () => {
  const recent = [
    window(T + MINUTE + 30_000, T + MINUTE + 32_000, 3),
    window(T + MINUTE + 32_000, T + 2 * MINUTE - 1, 4),
    window(T + 2 * MINUTE - 1, T + 2 * MINUTE, 2),
    window(T + 2 * MINUTE, T + 2 * MINUTE + 2_000, 1),
  ];
  // The rollup of minute 1 holds what the killed scraper counted (90) and what the new one did (7).
  const joined = joinWindows([minute(0, 5), minute(1, 97), minute(2, 3)], recent);
  expect(joined.older).toEqual([minute(0, 5), minute(1, 97)]);
  expect(joined.finer).toEqual(recent.slice(2));
  expect(total(joined)).toBe(105);
});

test("a rollup that is not written yet does not hide what was just seen", () => {
  const recent = [window(T, T + 2_000, 0), window(T + 2_000, T + 4_000, 8)];
  expect(total(joinWindows([minute(0, 2)], recent))).toBe(8);
  expect(total(joinWindows([], recent))).toBe(8);
});
