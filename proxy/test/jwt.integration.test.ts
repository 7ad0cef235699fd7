// JWT authentication on our proxy, and on Envoy where ENVOY_BIN names it: the same configuration, the same answers and log lines.
// Rule: what a token has to say is written in the test; keys are made anew, so that no answer can be learnt by heart.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  AUDIENCE,
  bearer,
  cases,
  claims,
  ec,
  good,
  ISSUER,
  JWT,
  MISSING_TOKEN,
  OK,
  of,
  providers,
  routes,
  rules,
} from "./jwt-table";
import { bootstrapOf, filter, kinds, logging, ROUTER, startConfigured } from "./support/both-proxies";
import { cleanUp, onCleanUp, startOrigin } from "./support/network";
import { send } from "./support/send";
import { keySetOf, tokenOf } from "./support/tokens";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };

describe.each(kinds)("tokens on %s", (kind) => {
  let port = 0;
  let log = "";
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "meshwright-jwt-"));
    onCleanUp(() => rmSync(folder, { recursive: true, force: true }));
    log = join(folder, "access.log");
    writeFileSync(join(folder, "keys.json"), keySetOf(ec));
    const app = await startOrigin((incoming, response) => {
      const { "x-request-id": _, "x-forwarded-proto": __, ...headers } = incoming.headers;
      response.end(JSON.stringify({ path: incoming.url, headers }));
    });
    const listener = {
      http_filters: [
        filter("jwt", `${JWT}.JwtAuthentication`, {
          providers: { ...providers, file: { issuer: ISSUER, local_jwks: { filename: join(folder, "keys.json") } } },
          rules: [...rules, { match: { prefix: "/file" }, requires: of("file") }],
          requirement_map: { gone: of("gone") },
          bypass_cors_preflight: true,
        }),
        ROUTER,
      ],
      route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
      ...logging(log, "%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"),
    };
    port = await startConfigured(kind, (at) =>
      bootstrapOf(at, [], { app: { port: app.port, options: HTTP1 } }, listener),
    );
  });

  test.each(cases)("%s", async (_, path, headers, expected) => {
    const reply = await send(port, path, headers);
    expect(reply.status).toBe(expected === OK ? 200 : expected === AUDIENCE ? 403 : 401);
    if (expected === OK) return;
    expect(reply.body).toBe(expected);
    const error = expected === MISSING_TOKEN ? "" : ', error="invalid_token"';
    const host = headers["host"] ?? `127.0.0.1:${port}`;
    expect(reply.headers["www-authenticate"]).toBe(`Bearer realm="http://${host}${path.slice(0, 256)}"${error}`);
    expect(reply.headers).toMatchObject({ "content-type": "text/plain", "content-length": String(expected.length) });
  });

  async function appSees(
    path: string,
    headers: OutgoingHttpHeaders,
  ): Promise<{ path: string; headers: IncomingHttpHeaders }> {
    return JSON.parse((await send(port, path, headers)).body);
  }

  test("the app gets what a token said, and nothing that a caller claims to be said by one", async () => {
    const token = tokenOf(ec, { ...claims, deep: { down: "x" }, n: 7, f: 1.5, flag: true, groups: ["a"] });
    const own = { "x-payload": "mine", "x-sub": "mine", "x-list": "mine" };
    const seen = await appSees("/telling/", { ...bearer(token), ...own });
    const payload = token.split(".")[1] ?? "";
    expect(seen.headers).toMatchObject({
      "x-payload": payload.padEnd(Math.ceil(payload.length / 4) * 4, "="),
      "x-sub": "user-1",
      "x-nested": "x",
      "x-number": "7",
      "x-share": "1.500000",
      "x-flag": "true",
      "x-list": "WyJhIl0=",
    });
    expect(seen.headers.authorization).toBeUndefined();
    const odd = await appSees("/telling/", { ...bearer(tokenOf(ec, { ...claims, n: -3, f: 1e21 })), ...own });
    expect(odd.headers).toMatchObject({ "x-number": "-3.000000", "x-share": "1000000000000000000000.000000" });
    expect(odd.headers["x-list"]).toBeUndefined();
  });

  test("a token reaches the app only where its provider forwards it", async () => {
    expect((await appSees("/all/", bearer(good))).headers.authorization).toBe(`Bearer ${good}`);
    expect((await appSees("/gone/", bearer(good))).headers.authorization).toBeUndefined();
    expect((await appSees(`/gone/?access_token=${good}`, {})).path).toBe("/gone/");
    expect((await appSees(`/gone/?a=1&access%5Ftoken=${good}&b=2`, {})).path).toBe("/gone/?a=1&b=2");
    expect((await appSees(`/params/`, { cookie: `c=${good}` })).headers.cookie).toBe(`c=${good}`);
  });

  test("what is left of the query stays as it was written", async () => {
    const { path } = await appSees(`/gone/?z=%2F&c&access_token=${good}&b=3`, {});
    // Envoy writes it decoded and sorted by name: a space in it would break the request.
    expect(path).toBe(kind === "envoy" ? "/gone/?b=3&c=&z=/" : "/gone/?z=%2F&c&b=3");
  });

  test("preflights of browsers carry no token, and need none", async () => {
    const preflight = { origin: "https://shop.test", "access-control-request-method": "GET" };
    expect((await send(port, "/all/", preflight, "OPTIONS")).status).toBe(200);
    expect((await send(port, "/all/", { origin: "https://shop.test" }, "OPTIONS")).status).toBe(401);
    expect((await send(port, "/all/", preflight)).status).toBe(401);
  });

  test("a route that asks for what is not there is closed", async () => {
    const reply = await send(port, "/route/wrong");
    expect(reply.status).toBe(403);
    expect(reply.body).toBe("Failed JWT authentication: Wrong requirement_name: nobody. It should be one of [gone]");
  });

  test("the log says why", async () => {
    await send(port, "/all/log", {});
    await send(port, "/audience/log", bearer(good));
    await vi.waitFor(() => {
      const lines = readFileSync(log, "utf8");
      expect(lines).toContain("/all/log 401 - jwt_authn_access_denied{Jwt_is_missing}\n");
      expect(lines).toContain("/audience/log 403 - jwt_authn_access_denied{Audiences_in_Jwt_are_not_allowed}\n");
    });
  });

  test("gRPC callers get a status of gRPC", async () => {
    const reply = await send(port, "/all/", { "content-type": "application/grpc", te: "trailers" });
    expect(reply.headers).toMatchObject({ "grpc-status": "16", "grpc-message": MISSING_TOKEN });
  });
});
