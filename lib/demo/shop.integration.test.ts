// The whole shop without sidecars: a router on each outbound port does what the mesh would do.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, until } from "../start/wait.mjs";
import { AppRegistry } from "./app-registry";
import { AppServer } from "./app-server";
import { Load } from "./load";
import { carrier } from "./shop";
import { INITIAL_SWITCHES } from "./switches";

const NAMES = ["storefront", "catalog", "cart", "checkout", "inventory", "payment-service", "shipping"];
const switches = structuredClone(INITIAL_SWITCHES);
const ports = new Map<string, number>();
const seen: Record<string, number> = {};
let folder: string;
let registry: AppRegistry;
let external: AppServer;
let router: Server;
let routerPort: number;

beforeAll(async () => {
  for (const name of NAMES) ports.set(`${name}:8080`, await freePort());
  ports.set("api.carrier.example", await freePort());
  ports.set("shop.localhost", ports.get("storefront:8080")!);
  router = createServer((incoming, response) => {
    const host = incoming.headers.host ?? "";
    seen[host] = (seen[host] ?? 0) + 1;
    const onward = request(
      {
        port: ports.get(host)!,
        host: "127.0.0.1",
        path: incoming.url,
        method: incoming.method,
        headers: incoming.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.writeHead(503).end());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => router.listen(0, "127.0.0.1", resolve));
  routerPort = (router.address() as AddressInfo).port;
  folder = mkdtempSync(path.join(tmpdir(), "meshwright-demo-"));
  const file = path.join(folder, "apps.json");
  writeFileSync(
    file,
    JSON.stringify(
      NAMES.map((name) => ({
        proxyKey: `production/${name}/0`,
        kind: "demo",
        name,
        version: "v1",
        appPort: ports.get(`${name}:8080`),
        outboundPort: routerPort,
      })),
    ),
  );
  registry = new AppRegistry(file, switches);
  registry.reconcile();
  external = new AppServer(
    { proxyKey: "x", kind: "demo", name: "carrier-api", appPort: ports.get("api.carrier.example")!, outboundPort: 1 },
    carrier,
    switches,
  );
  external.start();
  const isUp = (port: number) =>
    fetch(`http://127.0.0.1:${port}/nothing`).then(
      () => true,
      () => false,
    );
  await until(async () => (await Promise.all([...ports.values()].map(isUp))).every(Boolean), 5_000);
});

afterAll(() => {
  registry.stop();
  external.stop();
  router.close();
  router.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const shop = (pathAndQuery: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${ports.get("storefront:8080")}${pathAndQuery}`, init);

test("a person gets a page with the products and their stock", async () => {
  const response = await shop("/", { headers: { accept: "text/html" } });
  expect(response.headers.get("content-type")).toContain("text/html");
  expect(await response.text()).toContain("<td>Desk lamp</td><td>49 €</td><td>12</td>");
});

test("an order goes through payment, inventory, shipping and the carrier", async () => {
  const order = (await (await shop("/checkout", { method: "POST" })).json()) as Record<string, unknown>;
  expect(order).toMatchObject({
    order: "placed",
    payment: { version: "v1", authorised: true },
    parcel: { price: 4.9 },
  });
});

test("an error switched on in one app is named by those that needed it", async () => {
  switches.errorRatio = { inventory: 1 };
  const response = await shop("/");
  switches.errorRatio = {};
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ app: "storefront", error: "catalog:8080 answered 502" });
});

test("the load visits at its rate and reaches every app of the shop", async () => {
  for (const host of Object.keys(seen)) seen[host] = 0;
  const load = new Load({ host: "127.0.0.1", port: routerPort }, switches);
  load.start();
  const startedAt = Date.now();
  await until(() => (seen["shop.localhost"] ?? 0) >= 40, 10_000);
  load.stop();
  const rate = (seen["shop.localhost"]! / (Date.now() - startedAt)) * 1000;
  expect(rate).toBeGreaterThan(15);
  expect(rate).toBeLessThan(25);
  for (const host of [...ports.keys()].filter((name) => name !== "storefront:8080"))
    expect(seen[host], host).toBeGreaterThan(0);
});
