// Redirects that the proxy follows itself, where a case of the conformance run cannot look: pipelined requests, HTTP/2 upstreams,
// what filters say of the target, and locations that no request could have. With ENVOY_BIN the same is asked of Envoy.

import { createServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootstrapOf, filter, kinds, ROUTER, startConfigured } from "./support/both-proxies";
import { call, cleanUp, onCleanUp, portOf, sendRaw, startOrigin } from "./support/network";

afterAll(cleanUp);

const HTTP1 = { http_protocol_options: {} };
const HTTP2 = { http2_protocol_options: {} };
const follow = (prefix: string, cluster: string) => ({
  match: { prefix },
  route: { cluster, internal_redirect_policy: { max_internal_redirects: 3 } },
});
const notOnPrivate = filter("rbac", "rbac.v3.RBAC", {
  rules: {
    action: "DENY",
    policies: {
      private: { permissions: [{ url_path: { path: { prefix: "/private" } } }], principals: [{ any: true }] },
    },
  },
});

describe.each(kinds)("%s", (kind) => {
  let port = 0;
  const seen: string[] = [];
  beforeAll(async () => {
    const http1 = await startOrigin((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const to = incoming.headers["x-to"];
        seen.push(`${incoming.method} ${incoming.url}`);
        if (incoming.url?.startsWith("/first")) response.writeHead(302, { location: String(to) }).end("moved");
        else response.end(`${incoming.method} ${incoming.url} ${Buffer.concat(chunks).length}`);
      });
    });
    const http2 = createServer((incoming: Http2ServerRequest, response: Http2ServerResponse) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      incoming.resume();
      incoming.on("end", () => {
        if (!incoming.url.startsWith("/h2/first")) response.end(`${incoming.method} ${incoming.url}`);
        else response.writeHead(302, { location: String(incoming.headers["x-to"]) }).end();
      });
    });
    await new Promise<void>((resolve) => http2.listen(0, "127.0.0.1", resolve));
    onCleanUp(() => void http2.close());
    const clusters = {
      http1: { port: http1.port, options: HTTP1 },
      http2: { port: portOf(http2), options: HTTP2 },
    };
    const routes = [follow("/h2", "http2"), follow("/", "http1")];
    port = await startConfigured(kind, (at) =>
      bootstrapOf(at, routes, clusters, { http_filters: [notOnPrivate, ROUTER] }),
    );
  });
  const ask = async (path: string, to: string, more: object = {}) => {
    seen.length = 0;
    const { status, body, headers } = await call(port, { path, headers: { host: "app", "x-to": to }, ...more });
    return { status, body, location: headers.location, seen: [...seen] };
  };

  it("follows them over one HTTP/2 connection, back and forth", async () => {
    expect(await ask("/h2/first", "http://app/h2/second")).toMatchObject({ status: 200, body: "GET /h2/second" });
    expect(await ask("/h2/first", "http://app/second")).toMatchObject({ status: 200, body: "GET /second 0" });
    expect(await ask("/first", "http://app/h2/second")).toMatchObject({ status: 200, body: "GET /h2/second" });
  });

  it("sends a body again", async () => {
    const told = await ask("/first", "http://app/second", { method: "POST", body: "x".repeat(20_000) });
    expect(told).toMatchObject({ status: 200, body: "POST /second 20000", seen: ["POST /first", "POST /second"] });
  });

  it("asks the filters about the target", async () => {
    expect(await ask("/first", "http://app/private")).toMatchObject({ status: 403, seen: ["GET /first"] });
  });

  it("ends a circle", async () => {
    const told = await ask("/first", "http://app/first");
    expect(told).toMatchObject({ status: 302, location: "http://app/first" });
    expect(told.seen).toHaveLength(4);
  });

  it("answers pipelined requests in order", async () => {
    const first = "GET /first HTTP/1.1\r\nhost: app\r\nx-to: http://app/second\r\n\r\n";
    const told = await sendRaw(port, `${first}GET /third HTTP/1.1\r\nhost: app\r\n\r\n${first}`, 300, 3);
    expect(told.match(/GET \/\w+ 0/g)).toEqual(["GET /second 0", "GET /third 0", "GET /second 0"]);
  });
});

describe("a location that no request could have", () => {
  it.each(["http://us er@app/x", "http://a,b/x", "http://app:999999/x", "http://app/a b", "http://app/a\\b\u00e9"])(
    "%j goes to the caller",
    async (location) => {
      const { port: origin } = await startOrigin((_incoming, response) => response.writeHead(302, { location }).end());
      const clusters = { http1: { port: origin, options: HTTP1 } };
      const port = await startConfigured("meshwright", (at) => bootstrapOf(at, [follow("/", "http1")], clusters));
      expect(await call(port)).toMatchObject({ status: 302, headers: { location } });
    },
  );
});
