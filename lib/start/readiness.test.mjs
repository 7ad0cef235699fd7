import http from "node:http";
import { afterEach, expect, test } from "vitest";
import { demoState, waitedForInVain } from "./readiness.mjs";

const servers = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
});

async function serve(status, body) {
  const server = http.createServer((_, response) => response.writeHead(status).end(JSON.stringify(body)));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  servers.push(server);
  return server.address().port;
}

async function installation({ proxies, openDeployments = 0, page = 200 }) {
  return {
    MESHWRIGHT_INTERNAL_URL: `http://127.0.0.1:${await serve(200, { proxies, openDeployments })}`,
    MESHWRIGHT_INTERNAL_SECRET: "secret",
    MESHWRIGHT_DEMO_GATEWAY_PORT: String(await serve(page, {})),
  };
}

test("the demo is live when every proxy is ready and its page answers", async () => {
  const live = await installation({ proxies: { desired: 11, ready: 11 } });
  expect(await demoState(live)).toBe("live");
  expect(await demoState(await installation({ proxies: { desired: 0, ready: 0 } }))).toBe("failed");
  expect(await demoState(await installation({ proxies: { desired: 11, ready: 11 }, page: 503 }))).toBeUndefined();
});

test("a proxy of another mesh that never gets ready is told, and ends nothing while the demo answers", async () => {
  const one = await installation({ proxies: { desired: 15, ready: 14 } });
  expect(await demoState(one)).toBeUndefined();
  expect(await waitedForInVain(one)).toBe("1 of 15 proxies not ready: see Proxies & identity");
  expect(await waitedForInVain(await installation({ proxies: { desired: 15, ready: 14 }, page: 503 }))).toBeUndefined();
  expect(await waitedForInVain(await installation({ proxies: { desired: 0, ready: 0 } }))).toBeUndefined();
});
