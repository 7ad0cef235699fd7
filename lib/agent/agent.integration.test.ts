import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "@/lib/observability/logger";
import { callAdmin } from "./admin-client";
import { MeshAgent } from "./agent";
import { isAlive, referTo } from "./process-table";
import type { ProxyReport } from "./protocol";
import { desiredProxy, FakeControl } from "./testing/fake-control";

const CART = desiredProxy("production/cart/0");
const stub = fileURLToPath(new URL("./testing/stub-proxy.mjs", import.meta.url));

let home: string;
let control: FakeControl;
let url: string;
let agents: MeshAgent[];

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "meshwright-agent-"));
  control = new FakeControl();
  url = await control.listen();
  agents = [];
});

afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop(2_000)));
  await control.stop();
  rmSync(home, { recursive: true, force: true });
});

function startAgent(): MeshAgent {
  const agent = new MeshAgent({
    home,
    internalUrl: url,
    internalSecret: "secret",
    proxyEntry: stub,
    appsEntry: stub,
    version: "test",
    supervisor: null,
    clock: { now: () => Date.now() },
    logger: silentLogger(),
  });
  agents.push(agent);
  agent.start();
  return agent;
}

const folder = join("proxies", "production~cart~0");
const starts = () =>
  existsSync(join(home, folder, "starts.log"))
    ? readFileSync(join(home, folder, "starts.log"), "utf8")
        .trim()
        .split("\n")
    : [];
const lastReport = (): ProxyReport | undefined => control.reports.at(-1)?.proxies[0];

async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isDone, { timeout: 10_000, interval: 20 }).toBe(true);
}

async function answers(): Promise<boolean> {
  const report = lastReport();
  return (
    report?.state === "running" &&
    callAdmin("127.0.0.1", report.ports.admin, "/meshwright/status").then(
      () => true,
      () => false,
    )
  );
}

describe("the agent", () => {
  it("starts a desired proxy in a private folder, with a join token, and reports its ports", async () => {
    control.want([CART]);
    startAgent();
    await until(answers);
    expect(starts()).toEqual([expect.stringMatching(/^\d+ token-1$/)]);
    expect(statSync(join(home, folder)).mode & 0o777).toBe(0o700);
    const bootstrap = JSON.parse(readFileSync(join(home, folder, "bootstrap.json"), "utf8"));
    expect(bootstrap.node.metadata).toMatchObject({
      MESHWRIGHT_PROXY_ROW_ID: CART.proxyRowId,
      WORKLOAD: "cart",
      NAMESPACE: "production",
    });
    const ports = lastReport()!.ports;
    expect(new Set([ports.inbound, ports.outbound, ports.admin]).size).toBe(3);
  });

  it("keeps the ports it is given", async () => {
    const ports = { inbound: 20_101, outbound: 20_102, admin: 20_103, app: 20_104 };
    control.want([{ ...CART, ports }]);
    startAgent();
    await until(answers);
    expect(lastReport()?.ports).toEqual(ports);
  });

  it("has a killed proxy answering again within two seconds, on the same ports", async () => {
    control.want([CART]);
    startAgent();
    await until(answers);
    const before = lastReport()!;
    const killedAt = Date.now();
    process.kill(before.pid!, "SIGKILL");
    await until(async () => lastReport()?.pid !== before.pid && (await answers()));
    expect(Date.now() - killedAt).toBeLessThan(2_000);
    expect(lastReport()).toMatchObject({ ports: before.ports, restarts: 1 });
  });

  it("adopts a running proxy after its own restart, and starts no second one", async () => {
    control.want([CART]);
    const first = startAgent();
    await until(answers);
    const { pid } = lastReport()!;
    abandon(first);
    control.reports.length = 0;
    startAgent();
    await until(answers);
    expect(lastReport()?.pid).toBe(pid);
    expect(starts()).toHaveLength(1);
    expect(agents[0]?.id).toBe(first.id);
  });

  it("starts a proxy again, in order and on the same ports, when the control plane is somewhere else", async () => {
    control.want([CART]);
    const first = startAgent();
    await until(answers);
    const before = lastReport()!;
    await first.stop(2_000);
    control.want([{ ...CART, adsUrl: "127.0.0.2:2" }]);
    startAgent();
    const told = () => readFileSync(join(home, folder, "bootstrap.json"), "utf8");
    await until(() => told().includes('"127.0.0.2"'));
    await until(answers);
    expect(lastReport()).toMatchObject({ ports: before.ports, state: "running", restarts: before.restarts });
    control.want([{ ...CART, adsUrl: "127.0.0.3:3" }]);
    await until(() => told().includes('"127.0.0.3"'));
    await until(answers);
    expect(lastReport()).toMatchObject({ ports: before.ports, state: "running", restarts: before.restarts });
  });

  it("restarts a proxy that died while no agent ran and the control plane was away", async () => {
    control.want([CART]);
    const first = startAgent();
    await until(answers);
    const { pid, ports } = lastReport()!;
    abandon(first);
    mkdirSync(join(home, folder, "identity"), { recursive: true });
    const before = referTo(pid!);
    process.kill(pid!, "SIGKILL");
    await until(() => !isAlive(before));
    startAgent();
    await until(() => starts().length === 2);
    await until(() =>
      callAdmin("127.0.0.1", ports.admin, "/").then(
        () => true,
        () => false,
      ),
    );
  });

  it.each([
    ["that asks for it", "75"],
    ["whose identity was revoked", "77"],
  ])("gives a proxy %s (exit %s) a new join token", async (_who, exitCode) => {
    mkdirSync(join(home, folder), { recursive: true });
    writeFileSync(join(home, folder, "exit-code"), exitCode);
    control.want([CART]);
    startAgent();
    await until(answers);
    expect(starts().map((line) => line.split(" ")[1])).toEqual(["token-1", "token-2"]);
  });

  it("drains a retired proxy, then ends it and deletes its identity", async () => {
    control.want([CART]);
    startAgent();
    await until(answers);
    const ref = referTo(lastReport()!.pid!);
    control.want([{ ...CART, desired: "draining" }]);
    await until(() => existsSync(join(home, "proxies", "drained.log")));
    expect(isAlive(ref)).toBe(true);
    control.want([{ ...CART, desired: "stopped" }]);
    await until(() => lastReport()?.state === "stopped");
    expect(isAlive(ref)).toBe(false);
    expect(existsSync(join(home, folder))).toBe(false);
  });

  it("ends what it started, in order, and keeps identities for the next start", async () => {
    control.want([CART]);
    const agent = startAgent();
    await until(answers);
    const ref = referTo(lastReport()!.pid!);
    await agent.stop(2_000);
    expect(isAlive(ref)).toBe(false);
    expect(existsSync(join(home, folder, "meshwright.json"))).toBe(true);
    expect(existsSync(join(home, "run", "proxy-production~cart~0.json"))).toBe(false);
  });
});

/** What a kill -9 leaves of an agent in the same process: nothing of it runs any more, its proxies do. */
function abandon(agent: MeshAgent): void {
  agent.abandon();
  agents = agents.filter((item) => item !== agent);
}
