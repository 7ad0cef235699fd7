// What stands behind the proxies: upstreams that tell in their answer what reached them, and do what `x-do` asks for.
// Rule: the n-th request with one `x-do` does its n-th step (the last one repeats), so that retries can be told apart.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { grpcAuthorizer, httpAuthorizer } from "../support/authorizers";
import { grpcCollector, httpCollector } from "../support/collector";
import { rateLimitServer } from "../support/rls";
import { answerCheck, Checks } from "./checked";
import { JWKS } from "./jwt";
import type { Material } from "./material";
import type { UpstreamKind } from "./types";

export interface Received {
  readonly upstream: string;
  readonly request: string;
  /** What its answer tells. */
  readonly told?: unknown;
}

export interface Upstreams {
  readonly ports: Readonly<Record<string, number>>;
  readonly received: Received[];
  /** How many connections each has had. */
  readonly connections: Readonly<Record<string, number>>;
  readonly checks: Checks;
  close(): void;
}

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

/** Nothing listens here. */
const DEAD_PORT = 1;

export async function startUpstreams(
  kinds: Readonly<Record<string, UpstreamKind>>,
  material: Material,
): Promise<Upstreams> {
  const received: Received[] = [];
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  const ports: Record<string, number> = {};
  const connections: Record<string, number> = {};
  const checks = new Checks();
  for (const [name, kind] of Object.entries(kinds)) {
    if (kind === "dead") {
      ports[name] = DEAD_PORT;
      continue;
    }
    const server = serverOf(name, kind, material, received, counts, checks);
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      connections[name] = (connections[name] ?? 0) + 1;
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
    ports[name] = (server.address() as AddressInfo).port;
  }
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { ports, received, connections, checks, close };
}

function serverOf(
  name: string,
  kind: UpstreamKind,
  material: Material,
  received: Received[],
  counts: Map<string, number>,
  checks: Checks,
): Server {
  const answer = (incoming: Incoming, outgoing: Outgoing): void => {
    const chunks: Buffer[] = [];
    incoming.on("error", () => {});
    outgoing.on("error", () => {});
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      if (!answerCheck(name, incoming, outgoing, body, checks))
        respond(name, incoming, outgoing, body.toString(), received, counts);
    });
  };
  const tls = { cert: material.pem("server.cert"), key: material.pem("server.key") };
  const mutual = { ...tls, ca: material.pem("ca.cert"), requestCert: true, rejectUnauthorized: false };
  const seen = (told: object): void => void received.push({ upstream: name, request: JSON.stringify(told) });
  switch (kind) {
    case "http":
      return createServer({ keepAliveTimeout: 60_000 }, answer);
    case "http2":
      return createHttp2Server({}, answer);
    case "tls":
      return createHttpsServer(mutual, answer);
    case "tls-http2":
      return createSecureServer({ ...mutual, allowHTTP1: true }, answer);
    case "proxied":
      return behindBalancer(createServer({ keepAliveTimeout: 60_000 }, answer), (socket) => socket.resume());
    case "proxied-tls":
      return behindBalancer(createHttpsServer(tls, answer));
    case "silent":
      return createTcpServer(() => {});
    case "rls":
      return rateLimitServer((asked) => received.push({ upstream: name, request: asked }));
    case "authz-grpc":
      return grpcAuthorizer((asked) => received.push({ upstream: name, request: asked }));
    case "authz-http":
      return httpAuthorizer((asked) => received.push({ upstream: name, request: asked }));
    case "otlp-grpc":
      return grpcCollector(seen, seen);
    case "otlp-http":
      return httpCollector(seen, seen);
    case "keys":
      return keyServer(name, received);
    default:
      return createTcpServer((socket) => {
        received.push({ upstream: name, request: "connection" });
        socket.once("data", () => socket.write(`${name}:`));
        socket.on("data", (chunk) => socket.write(chunk));
        socket.on("end", () => socket.end());
      });
  }
}

const V2_START = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
/** By the port of the peer: what stood before its connection. */
const headers = new Map<number, string>();

/** Takes a PROXY header off each connection, and the rest is the server's. */
function behindBalancer(server: Server, start: (socket: Socket) => void = () => {}): Server {
  return createTcpServer((socket) => {
    let held = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      const length = headerLength(held);
      if (length === 0) return;
      socket.off("data", onData);
      socket.pause();
      headers.set(socket.remotePort ?? 0, headerText(held.subarray(0, length)));
      if (held.length > length) socket.unshift(held.subarray(length));
      server.emit("connection", socket);
      start(socket);
    };
    socket.on("data", onData);
    socket.on("error", () => {});
  });
}

/** 0: more is needed. */
function headerLength(bytes: Buffer): number {
  if (!bytes.subarray(0, V2_START.length).equals(V2_START)) return bytes.indexOf("\n") + 1;
  return bytes.length < 16 || bytes.length < 16 + bytes.readUInt16BE(14) ? 0 : 16 + bytes.readUInt16BE(14);
}

const headerText = (bytes: Buffer): string =>
  bytes.subarray(0, V2_START.length).equals(V2_START)
    ? bytes.subarray(V2_START.length).toString("hex")
    : bytes.toString("latin1").replace(/\b127\.0\.0\.1 \d+ \d+/, "127.0.0.1 its ports");

/** A set of keys at /0; at /3 from the fourth time on. */
function keyServer(name: string, received: Received[]): Server {
  let asked = 0;
  return createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    received.push({ upstream: name, request: `${incoming.method} ${incoming.url}` });
    outgoing.statusCode = asked++ < Number(incoming.url?.slice(1)) ? 503 : 200;
    outgoing.end(outgoing.statusCode === 200 ? JWKS : "");
  });
}

function stepOf(name: string, incoming: Incoming, counts: Map<string, number>): string {
  if (incoming.headers["x-bad"] === name) return String(incoming.headers["x-step"]);
  const wanted = String(incoming.headers["x-do"] ?? "200");
  const steps = wanted.split(",");
  const key = `${wanted} ${incoming.headers["x-key"] ?? ""}`;
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1);
  return steps[Math.min(count, steps.length - 1)] ?? "200";
}

/** "503", "503+x-name=value", "slow300", "reset", "part", "grpc14", "trailer". */
function respond(
  name: string,
  incoming: Incoming,
  outgoing: Outgoing,
  body: string,
  received: Received[],
  counts: Map<string, number>,
): void {
  const step = stepOf(name, incoming, counts);
  const {
    ":method": _m,
    ":path": _p,
    ":scheme": _s,
    ":authority": authority,
    "x-do": _d,
    "x-key": _k,
    "x-bad": _b,
    "x-step": _t,
    ...rest
  } = incoming.headers;
  const trailers = Object.keys(incoming.trailers).length > 0 ? { trailers: incoming.trailers } : {};
  const [action = "", ...extra] = step.split("+");
  for (const each of extra) {
    const [key = "", value = ""] = each.split("=");
    outgoing.setHeader(key, value);
  }
  const told = {
    upstream: name,
    protocol: incoming.httpVersion,
    method: incoming.method,
    path: incoming.url,
    host: authority ?? incoming.headers.host,
    headers: { ...rest, host: undefined },
    ...(headers.has(incoming.socket.remotePort ?? 0) ? { proxied: headers.get(incoming.socket.remotePort ?? 0) } : {}),
    ...("getPeerCertificate" in incoming.socket ? { tls: peerOf(incoming) } : {}),
    ...(body === "" ? {} : { body }),
    ...trailers,
  };
  received.push({ upstream: name, request: `${incoming.method} ${incoming.url}`, told });
  const write = (status: number): void => {
    outgoing.statusCode = status;
    outgoing.setHeader("x-upstream", name);
    outgoing.end(JSON.stringify(told));
  };
  if (action === "reset") incoming.socket.destroy();
  else if (action.startsWith("slow")) setTimeout(() => write(200), Number(action.slice(4)));
  else if (action === "part") {
    outgoing.setHeader("content-length", "100");
    (outgoing as ServerResponse).write("part");
    setTimeout(() => incoming.socket.destroy(), 30);
  } else if (action.startsWith("grpc")) {
    outgoing.setHeader("content-type", "application/grpc");
    outgoing.setHeader("grpc-status", action.slice(4));
    outgoing.end();
  } else if (action === "trailer") {
    outgoing.setHeader("trailer", "x-late");
    (outgoing as ServerResponse).write("told");
    outgoing.addTrailers({ "x-late": "yes" });
    outgoing.end();
  } else write(Number(action));
}

function peerOf(incoming: Incoming): unknown {
  const socket = incoming.socket as import("node:tls").TLSSocket;
  const certificate = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol(),
    alpn: socket.alpnProtocol,
    sni: (socket as unknown as { servername?: string | false }).servername || "",
    peer: certificate?.subjectaltname ?? "",
  };
}
