// What the probe says of a gateway, by servers that speak what a gateway of ours cannot be made to.
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTls, type TlsOptions } from "node:tls";
import { afterEach, beforeAll, expect, test } from "vitest";
import { createPublicAuthority, type PublicCertificate } from "@/lib/compile/testing/public-authority";
import type { Gateway } from "@/lib/mesh";
import { gatewaySteps } from "./gateway-steps";
import type { Step } from "./step";
import type { Target } from "./target";

const ANSWER = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
let certificate: PublicCertificate;
const servers: Server[] = [];
beforeAll(async () => {
  certificate = await (await createPublicAuthority()).issue(["shop.example.com"]);
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const inTls = (options: TlsOptions = {}) =>
  listen(
    createTls({ cert: certificate.chainPem, key: certificate.keyPem, ...options }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(ANSWER));
    }),
  );

type Listeners = Gateway["spec"]["listeners"];
const https: Listeners[number] = {
  ...{ name: "secure", port: 443, protocol: "https", hosts: ["shop.example.com"] },
  tls: { certificate: "shop" },
};
const http: Listeners[number] = { name: "web", port: 80, protocol: "http", hosts: ["*"] };

/** Every step as `kind outcome: sentence`, with the twin that a refusal rests on. */
async function told(listeners: Listeners, ports: { publicPort?: number; listenerPorts?: Record<string, number> }) {
  const place = { namespace: "production", name: "edge" };
  const gateway = { kind: "Gateway", metadata: place, spec: { type: "ingress", listeners } } as unknown as Gateway;
  const target = { entry: { row: { host: "127.0.0.1", inboundPort: ports.publicPort ?? 1 } } } as unknown as Target;
  let count = 0;
  const steps = gatewaySteps(
    target,
    gateway,
    { instances: [], externals: [], gateways: [{ ...place, ...ports }] },
    (kind, title, ask, twin = null) =>
      ({ id: String(count++), kind, title, twin, ask: () => ask("probe") }) as unknown as Step,
  );
  const lines: string[] = [];
  for (const step of steps) {
    const { outcome, sentence } = await step.ask();
    const twin = steps.find(({ id }) => id === step.twin);
    lines.push(`${step.kind} ${outcome}: ${sentence}${twin ? ` (beside ${twin.kind})` : ""}`);
  }
  return lines;
}

test("TLS 1.2 and newer alone, and nothing without TLS: each refusal stands beside the handshake", async () => {
  const secure = await inTls();
  const lines = await told([https], { listenerPorts: { secure } });
  expect(lines).toEqual([
    "public-tls as-expected: edge spoke TLSv1.3 at secure.",
    expect.stringMatching(/^old-tls as-expected: edge refused TLS 1\.0 and 1\.1: .* \(beside public-tls\)$/),
    expect.stringMatching(new RegExp(`^old-tls as-expected: edge refused a call without TLS at port ${secure}: `)),
  ]);
});

test("an old version that is spoken is a failure", async () => {
  const secure = await inTls({ minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" });
  const lines = await told([https], { listenerPorts: { secure } });
  expect(lines[1]).toBe("old-tls not-as-expected: edge spoke TLSv1. (beside public-tls)");
});

test("plain HTTP is a failure, drawn or at the port that is for TLS alone", async () => {
  const publicPort = await listen(createHttp((_request, response) => response.end()));
  const secure = await inTls();
  expect((await told([http, https], { publicPort, listenerPorts: { secure } }))[0]).toBe(
    "old-tls not-as-expected: edge answered in plain HTTP: it speaks no version of TLS.",
  );
  expect(await told([https], { listenerPorts: { secure: publicPort } })).toEqual([
    expect.stringMatching(/^public-tls not-measured: edge made no handshake for shop\.example\.com at secure: /),
    expect.stringContaining("old-tls as-expected"),
    "old-tls not-as-expected: edge answered in plain HTTP: it speaks no version of TLS. (beside public-tls)",
  ]);
});

test("plain HTTP that is sent on to HTTPS is no failure, and an answer in its place is one", async () => {
  const secure = await inTls();
  const asked: (string | undefined)[] = [];
  const sending = await listen(
    createHttp(({ headers }, response) => {
      asked.push(headers.host);
      response.writeHead(301, { location: "https://shop.example.com/" }).end();
    }),
  );
  const sentOn = { ...http, hosts: ["*.example.com"], httpsRedirect: true };
  const lines = await told([sentOn, https], { publicPort: sending, listenerPorts: { secure } });
  expect(lines.at(-1)).toMatch(/^old-tls as-expected: edge refused a call without TLS at port/);
  expect(lines).toContain("old-tls as-expected: edge sent a call without TLS on to HTTPS. (beside public-tls)");
  expect(asked).toEqual(["probe.example.com"]);
  const elsewhere = await listen(
    createHttp((_request, response) => response.writeHead(301, { location: "http://shop.example.com/" }).end()),
  );
  expect(await told([sentOn, https], { publicPort: elsewhere, listenerPorts: { secure } })).toContain(
    "old-tls not-as-expected: edge answered in plain HTTP: it speaks no version of TLS. (beside public-tls)",
  );
  const serving = await listen(createHttp((_request, response) => response.end()));
  expect(await told([sentOn, https], { publicPort: serving, listenerPorts: { secure } })).toContain(
    "old-tls not-as-expected: edge answered in plain HTTP: it speaks no version of TLS. (beside public-tls)",
  );
});

test("where nobody is, or a listener has no certificate, nothing is measured", async () => {
  const port = await listen(createServer());
  servers.pop()?.close();
  for (const line of await told([https], { listenerPorts: { secure: port } })) expect(line).toContain("not-measured");
  const closing = await listen(createServer((socket) => socket.destroy()));
  expect((await told([https], { listenerPorts: { secure: closing } }))[0]).toContain(
    "Has it a certificate in this environment?",
  );
});
