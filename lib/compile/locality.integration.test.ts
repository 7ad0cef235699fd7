// Localities on real proxies: the same compiled configuration on ours and, with ENVOY_BIN, on Envoy, while hosts are not there.
// The rule: who is called is decided before the first call, by the first health check, so nothing depends on chance or on time.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TrafficLocality } from "@/lib/mesh";
import { send } from "./testing/scripted-calls";
import { bundleProxy, type Side, startSide, surround } from "./testing/side-by-side";
import { STOCK_CALLER, STOCK_HOST, stockMesh } from "./testing/stock";

const envoy = process.env["ENVOY_BIN"];
const CALLS = 60;
const NEAREST: TrafficLocality = { enabled: true };
const SHARES: TrafficLocality = { distribute: [{ from: "eu", to: { "eu/eu-a": 80, us: 20 } }] };

let folder = "";
let bundle = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "meshwright-locality-"));
  bundle = await bundleProxy(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<[string, TrafficLocality, string[], string[]]>([
  ["the nearest host", NEAREST, [], ["stock-near"]],
  ["the own region without the own zone", NEAREST, ["stock-near"], ["stock-region"]],
  ["the other region without the own", NEAREST, ["stock-near", "stock-region"], ["stock-far"]],
  ["the host with the label", { failoverPriority: ["spot=far"] }, [], ["stock-far"]],
  ["all hosts without the label", { failoverPriority: ["spot=far"] }, ["stock-far"], ["stock-near", "stock-region"]],
  ["places with a share, each with its own", SHARES, [], ["stock-far", "stock-near"]],
  ["the place with a share that is left", SHARES, ["stock-near"], ["stock-far"]],
  ["the only place with a share", { distribute: [{ from: "*", to: { "eu/eu-b": 100 } }] }, [], ["stock-region"]],
])(
  "calls go to %s",
  async (_, locality, absent, expected) => {
    const document = stockMesh({
      healthCheck: { type: "tcp", intervalMs: 60_000 },
      outlierDetection: { minHealthPercent: 0 },
      loadBalancing: { policy: "round-robin" },
      locality,
    });
    const world = await surround(document, { absent });
    const commands: [Side["name"], string[]][] = [["ours", [process.execPath, bundle]]];
    if (envoy) commands.push(["envoy", [envoy, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"]]);
    try {
      for (const [name, command] of commands) {
        const side = await startSide(world, STOCK_CALLER, name, command);
        try {
          const called = new Map<string, number>();
          for (let i = 0; i < CALLS; i++) {
            const answer = await send(side.ports.outbound, { port: "outbound", headers: { host: STOCK_HOST } });
            const who =
              "refused" in answer ? "nobody" : String((answer.body as { callee?: string }).callee ?? answer.status);
            called.set(who, (called.get(who) ?? 0) + 1);
          }
          expect({ name, called: [...called.keys()].sort() }).toEqual({ name, called: expected });
          // Localities are taken in turn by their weights: no chance is in it.
          if (locality === SHARES && absent.length === 0)
            expect({ name, near: called.get("stock-near") }).toEqual({ name, near: 0.8 * CALLS });
        } finally {
          await side.stop();
        }
      }
    } finally {
      world.close();
    }
  },
  120_000,
);
