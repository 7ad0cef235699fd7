// What is kept between runs: Envoy's observations, and the rows that have no case yet. Rule: written by
// `npm run conformance:envoy -- --record` only.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = process.env["CONFORMANCE_FOLDER"] ?? fileURLToPath(new URL(".", import.meta.url));
const RECORDED = join(folder, "__golden__/envoy.json");
const WITHOUT_CASE = join(folder, "__golden__/without-case.json");

export const readRecorded = (): Map<string, unknown> =>
  new Map(Object.entries(JSON.parse(readFileSync(RECORDED, "utf8")) as Record<string, unknown>));

/** One line per configuration, so that a change is seen. */
export function writeRecorded(seen: ReadonlyMap<string, unknown>): void {
  const lines = [...seen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((one) => one.map((each) => JSON.stringify(each)).join(": "));
  writeFileSync(RECORDED, `{\n${lines.join(",\n")}\n}\n`);
}

export const readWithoutCase = (): string[] => JSON.parse(readFileSync(WITHOUT_CASE, "utf8")) as string[];

export function writeWithoutCase(rows: readonly string[]): void {
  writeFileSync(WITHOUT_CASE, `${JSON.stringify([...rows].sort(), null, 2)}\n`);
}
