// Who watches requests through the admin interface. Rule: a tap lives as long as its reader, and there are few.

import { type ClientRequest, createServer, request } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { streamTap } from "../src/admin/tap-page";
import { watch } from "../src/telemetry/tap";
import { Telemetry } from "../src/telemetry/telemetry";
import { bootstrapOf, freePort, startConfigured } from "./support/both-proxies";
import { cleanUp, onCleanUp, portOf, startNamedOrigin } from "./support/network";
import { send } from "./support/send";

afterEach(cleanUp);

interface Watcher {
  readonly status: number;
  readonly lines: string[];
  readonly call: ClientRequest;
}

function watching(port: number, body: string): Promise<Watcher> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path: "/tap", method: "POST", agent: false }, (response) => {
      const watcher: Watcher = { status: response.statusCode ?? 0, lines: [], call };
      let rest = "";
      response.on("error", () => {});
      response.on("data", (chunk: Buffer) => {
        const all = (rest + chunk.toString()).split("\n");
        rest = all.pop() ?? "";
        watcher.lines.push(...all);
      });
      resolve(watcher);
    });
    call.on("error", reject);
    onCleanUp(() => void call.destroy());
    call.end(body);
  });
}

const soon = (hold: () => void): Promise<void> => vi.waitFor(hold, { timeout: 15_000, interval: 10 });

async function serve(telemetry: Telemetry): Promise<number> {
  const server = createServer((incoming, outgoing) =>
    streamTap((wanted, tell) => watch(telemetry.taps, wanted, tell), incoming, outgoing),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onCleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  return portOf(server);
}

test("a watcher sees requests that match, as they end", async () => {
  const app = await startNamedOrigin("app");
  const admin = await freePort();
  const port = await startConfigured("meshwright", (at) => {
    const options = { http_protocol_options: {} };
    const routes = [{ match: { prefix: "/" }, route: { cluster: "app" }, name: "all" }];
    const bootstrap = JSON.parse(bootstrapOf(at, routes, { app: { port: app.port, options } })) as object;
    return JSON.stringify({
      ...bootstrap,
      admin: { address: { socket_address: { address: "127.0.0.1", port_value: admin } } },
    });
  });
  const watcher = await watching(admin, JSON.stringify({ match: { pathPrefix: "/orders" }, headers: ["x-tenant"] }));
  expect(watcher.status).toBe(200);
  await send(port, "/other", { host: "shop.test" });
  await send(port, "/orders/7?secret=1", { host: "shop.test", "x-tenant": "a" });
  await soon(() => expect(watcher.lines).toHaveLength(1));
  expect(JSON.parse(watcher.lines[0] ?? "")).toMatchObject({
    method: "GET",
    authority: "shop.test",
    path: "/orders/7",
    status: 200,
    route: "all",
    cluster: "app",
    requestHeaders: { "x-tenant": "a" },
  });
});

test("who leaves is watched for no more", async () => {
  const telemetry = new Telemetry();
  const port = await serve(telemetry);
  const { call } = await watching(port, "");
  expect(telemetry.taps.size).toBe(1);
  call.on("error", () => {});
  call.destroy();
  await soon(() => expect(telemetry.taps.size).toBe(0));
});

test("a fifth watcher, a request that cannot be read and one that is too long are refused", async () => {
  const telemetry = new Telemetry();
  const port = await serve(telemetry);
  expect((await watching(port, "{")).status).toBe(400);
  expect((await watching(port, `"${"x".repeat(20_000)}"`)).status).toBe(413);
  for (let each = 0; each < 4; each++) expect((await watching(port, "")).status).toBe(200);
  expect((await watching(port, "")).status).toBe(429);
  expect(telemetry.taps.size).toBe(4);
});
