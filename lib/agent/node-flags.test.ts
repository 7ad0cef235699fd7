// What Node is started with for a proxy stands in five places that cannot read each other: they say the same.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { NODE_FLAGS } from "./proxy-runner";

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../proxy/${name}`, import.meta.url)), "utf8");
const flagsIn = (text: string): string[] => text.match(/--[a-z0-9=-]+/g) ?? [];
/** Of the line that starts Node; what follows `--no-warnings` is the proxy's. */
const commandLine = (text: string): string => text.split("\n").find((line) => line.includes("--no-warnings")) ?? "";

it.each(["bin/meshwright-proxy.mjs", "Dockerfile", "systemd/meshwright-proxy.service"])(
  "%s gives Node the flags that the agent gives",
  (name) => {
    const line = commandLine(read(name));
    expect(flagsIn(line.slice(0, line.indexOf("--no-warnings")))).toEqual(NODE_FLAGS.slice(0, -1));
  },
);

it("the benchmark measures with the same", () => {
  const [, list] = read("bench/processes.mjs").match(/proxyFlags = \[([^\]]*)\]/) ?? [];
  expect([...flagsIn(list ?? ""), "--no-warnings"]).toEqual(NODE_FLAGS);
});
