// A pair of sidecars with HTTP/2 between them, and a peer that writes frames by hand.

import { connect, type Socket as NetSocket } from "node:net";
import type { DataPlane } from "../../src/listener/data-plane";
import type { ClusterPlan, ForwardAction, HttpConnectionPlan, ProxyPlan } from "../../src/plan/types";
import { secretsOf, type TestCa, type TestLeaf } from "./certificates";
import { listenerPort, onCleanUp, startDataPlane } from "./network";
import {
  chain,
  cluster,
  downstreamTls,
  endpoint,
  forward,
  http,
  listener,
  proxyPlan,
  route,
  routes,
  upstreamTls,
} from "./plans";

export interface PairOptions {
  readonly app: number;
  readonly ca: TestCa;
  readonly caller: TestLeaf;
  readonly callee: TestLeaf;
  readonly cluster?: Partial<ClusterPlan>;
  readonly http?: Partial<ClusterPlan["http"]>;
  readonly action?: Partial<ForwardAction>;
  readonly inbound?: Partial<HttpConnectionPlan>;
  readonly outbound?: Partial<HttpConnectionPlan>;
  /** What the app behind the callee speaks. */
  readonly appHttp?: ClusterPlan["http"];
}

export function inboundH2Plan(
  app: number,
  over: Partial<HttpConnectionPlan> = {},
  appHttp: ClusterPlan["http"] = cluster("app", []).http,
): ProxyPlan {
  const tls = downstreamTls({ alpn: ["h2", "http/1.1"] });
  return proxyPlan({
    listeners: [listener("inbound", { filterChains: [chain({ tls, network: http(over) })] })],
    clusters: [cluster("app", [endpoint(app)], { http: appHttp })],
    routes: [routes([route(forward([{ name: "app" }], { timeoutMs: null }))])],
  });
}

export function outboundH2Plan(ports: readonly number[], options: Partial<PairOptions>): ProxyPlan {
  const tls = upstreamTls({ alpn: ["h2", "http/1.1"] });
  const base = cluster("callee", []).http;
  return proxyPlan({
    workload: "checkout",
    listeners: [
      listener("outbound", {
        trafficDirection: "outbound",
        filterChains: [chain({ network: http(options.outbound) })],
      }),
    ],
    clusters: [
      cluster(
        "callee",
        ports.map((port) => endpoint(port)),
        { tls, ...options.cluster, http: { ...base, protocol: "auto", ...options.http } },
      ),
    ],
    routes: [routes([route(forward([{ name: "callee" }], options.action))])],
  });
}

export interface Pair {
  readonly port: number;
  readonly a: DataPlane;
  readonly b: DataPlane;
}

export async function startPair(options: PairOptions): Promise<Pair> {
  const inbound = inboundH2Plan(options.app, options.inbound, options.appHttp);
  const b = await startDataPlane(inbound, secretsOf(options.callee, options.ca));
  const plan = outboundH2Plan([listenerPort(b, "inbound")], options);
  const a = await startDataPlane(plan, secretsOf(options.caller, options.ca));
  return { a, b, port: listenerPort(a, "outbound") };
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, id: number, payload: Buffer | string = ""): Buffer {
  const body = typeof payload === "string" ? Buffer.from(payload, "latin1") : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, body]);
}

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
export const emptySettings = frame(4, 0, 0);

/** A literal field without indexing, both sides spelled out. */
export function field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

export function fields(...pairs: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(pairs.map(([name, value]) => field(name, value)));
}

/** A GET that nobody can object to, with more fields behind. */
export function requestFields(...more: readonly (readonly [string, string])[]): Buffer {
  return fields([":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "callee"], ...more);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A connection that collects frames. */
export class FramePeer {
  readonly frames: Frame[] = [];
  isClosed = false;
  private held = Buffer.alloc(0);
  private waiters: (() => void)[] = [];

  constructor(
    readonly socket: NetSocket,
    private skip = 0,
  ) {
    socket.on("data", (chunk: Buffer) => this.read(chunk));
    socket.on("close", () => {
      this.isClosed = true;
      this.wake();
    });
    socket.on("error", () => {});
    onCleanUp(() => void socket.destroy());
  }

  private read(chunk: Buffer): void {
    this.held = Buffer.concat([this.held, chunk]);
    if (this.skip > 0) {
      const size = Math.min(this.skip, this.held.length);
      this.skip -= size;
      this.held = this.held.subarray(size);
    }
    while (this.held.length >= 9) {
      const length = this.held.readUIntBE(0, 3);
      if (this.held.length < 9 + length) break;
      this.frames.push({
        type: this.held[3]!,
        flags: this.held[4]!,
        id: this.held.readUInt32BE(5) & 0x7fffffff,
        payload: Buffer.from(this.held.subarray(9, 9 + length)),
      });
      this.held = this.held.subarray(9 + length);
    }
    this.wake();
  }

  private wake(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The first frame that fits, or null when the connection closed without one. */
  async find(fits: (one: Frame) => boolean, timeoutMs = 3000): Promise<Frame | null> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      if (this.isClosed || Date.now() > until) return null;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, until - Date.now()));
        this.waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async closed(timeoutMs = 3000): Promise<boolean> {
    await this.find(() => false, timeoutMs);
    return this.isClosed;
  }
}

/** Connects without TLS and says hello. */
export async function connectFrames(port: number, ...first: readonly Buffer[]): Promise<FramePeer> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const peer = new FramePeer(socket);
  peer.send(...(first.length > 0 ? first : [preface, emptySettings]));
  return peer;
}
