// Health checks by HTTP and by gRPC: one connection to a host, one request at a time on it. Rule: the connection is the check's own, not the
// pool's: a host whose pool is full is still asked, and breakers do not count it.

import type { Socket } from "node:net";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { ResetReason, ResponseSink, UpstreamStream } from "../../http/exchange";
import { type ConnectionOwner, H1ClientConnection } from "../../http/h1/client-connection";
import type { HeaderList } from "../../http/h1/header-list";
import { RequestHead } from "../../http/h1/request-head";
import type { ResponseHead } from "../../http/h1/response-head";
import { H2ClientConnection, type H2ConnectionOwner } from "../../http/h2/client-connection";
import { applyOps } from "../../http/request-headers";
import type { GrpcCheckPlan, HttpCheckPlan } from "../../plan/types";
import { GRPC, grpcStatusIn, grpcTimeoutText, judgeStatus } from "../../semantics";
import type { UpstreamHost } from "../host";
import { FAILED, NETWORK, PASSED, type Probe, type ProbeOutcome } from "./probe";

const USER_AGENT = "Envoy/HC";
const IMMEDIATE_FAIL = "x-envoy-immediate-health-check-fail";
const GRPC_PATH = "/grpc.health.v1.Health/Check";
const SERVING = 1;
const PREFIX_BYTES = 5;
/** More of an answer is not kept; the status of a health check has a few bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

export class StreamProbe implements Probe, ResponseSink, ConnectionOwner, H2ConnectionOwner {
  private connection: H1ClientConnection | H2ClientConnection | null = null;
  private connecting: Socket | null = null;
  private stream: UpstreamStream | null = null;
  private status = 0;
  private headers: HeaderList | null = null;
  private chunks: Buffer[] = [];
  private bytes = 0;
  /** What comes of an earlier question is not heard. */
  private turn = 0;

  constructor(
    private readonly host: UpstreamHost,
    private readonly check: HttpCheckPlan | GrpcCheckPlan,
    private readonly timeoutMs: number,
    private readonly reuses: boolean,
    private readonly onDone: (outcome: ProbeOutcome) => void,
  ) {}

  private get isHttp2(): boolean {
    return this.check.kind === "grpc" || this.check.isHttp2;
  }

  ask(): void {
    this.status = 0;
    this.headers = null;
    this.chunks = [];
    this.bytes = 0;
    const turn = ++this.turn;
    const stream = this.ready();
    if (stream === null) {
      this.connect(turn);
      return;
    }
    this.stream = stream;
    setImmediate(() => {
      if (turn === this.turn) this.send(stream);
    });
  }

  private ready(): UpstreamStream | null {
    const { connection } = this;
    if (connection instanceof H2ClientConnection) return connection.acquire();
    if (connection === null) return null;
    if (connection.isUsable && performance.now() - connection.idleSince < connection.idleLimitMs) return connection;
    connection.destroy();
    return null;
  }

  private connect(turn: number): void {
    this.drop();
    const { host } = this;
    const { cluster } = host;
    this.connecting = cluster.dialer.dial(
      host,
      (socket) => {
        this.connecting = null;
        const { http } = cluster.plan;
        if (this.isHttp2) {
          const limits = { maxHeaderBytes: http.maxResponseHeadersKb * 1024, maxHeaders: http.maxHeadersCount };
          const connection = new H2ClientConnection(socket, http.http2, limits, this, Number.POSITIVE_INFINITY);
          this.connection = connection;
          this.send(connection.acquire());
          return;
        }
        const { idleLimitMs } = cluster;
        const max = Number.POSITIVE_INFINITY;
        const connection = new H1ClientConnection(socket, this, max, idleLimitMs, http.maxHeadersCount, false);
        this.connection = connection;
        this.send(connection);
      },
      () => {
        if (turn !== this.turn) return;
        this.connecting = null;
        this.onDone(NETWORK);
      },
      // The check's time is the only limit.
      { port: host.plan.check?.port || host.plan.port, timeoutMs: null },
    );
  }

  private send(stream: UpstreamStream | null): void {
    if (stream === null) {
      this.finish(NETWORK);
      return;
    }
    this.stream = stream;
    const { check } = this;
    const head = this.head();
    stream.attach(this);
    stream.sendHead(head, head.path);
    if (check.kind === "grpc") {
      const message = question(check.service);
      stream.sendData(message, 0, message.length);
    }
    stream.endRequest(null);
    stream.flush();
  }

  private head(): RequestHead {
    const { check, host } = this;
    const head = new RequestHead();
    const authority = host.plan.check?.hostname || check.authority;
    head.scheme = host.cluster.plan.tls === null ? "http" : "https";
    head.authority = authority;
    head.headers.push("host", authority);
    head.headers.push("user-agent", USER_AGENT);
    if (check.kind === "http") {
      head.method = check.method;
      head.path = check.path;
      applyOps(head.headers, check.headers);
      return head;
    }
    head.method = "POST";
    head.path = GRPC_PATH;
    head.bodyLength = question(check.service).length;
    head.headers.push("grpc-timeout", grpcTimeoutText(this.timeoutMs));
    head.headers.push("te", "trailers");
    head.headers.push("content-type", "application/grpc");
    return head;
  }

  onResponse({ status, headers }: ResponseHead): void {
    this.status = status;
    this.headers = headers.copy();
  }

  onResponseData(chunk: Buffer, start: number, end: number): void {
    if (this.check.kind === "http" || this.bytes > MAX_ANSWER_BYTES) return;
    this.bytes += end - start;
    this.chunks.push(Buffer.from(chunk.subarray(start, end)));
  }

  onResponseEnd(trailers: HeaderList | null): void {
    this.stream = null;
    const { check, headers } = this;
    const outcome =
      headers === null
        ? NETWORK
        : check.kind === "http"
          ? this.judge(check, headers)
          : this.judgeGrpc(headers, trailers);
    // The connection hears of its end first, so that the next question may follow at once.
    const { turn } = this;
    setImmediate(() => {
      if (turn === this.turn) this.finish(outcome);
    });
  }

  private judge(check: HttpCheckPlan, headers: HeaderList): ProbeOutcome {
    const verdict = judgeStatus(check, this.status);
    if (verdict === "passed") return { kind: "passed", isDegraded: headers.has("x-envoy-degraded") };
    return { kind: "failed", isRetriable: verdict === "retriable", isExcluded: headers.has(IMMEDIATE_FAIL) };
  }

  private judgeGrpc(headers: HeaderList, trailers: HeaderList | null): ProbeOutcome {
    const told = (trailers && grpcStatusIn(trailers)) ?? grpcStatusIn(headers);
    if (this.status !== 200 || told !== GRPC.ok) return FAILED;
    return isServing(Buffer.concat(this.chunks)) ? PASSED : FAILED;
  }

  onResponseFlush(): void {}
  onUpstreamWritable(): void {}

  onUpstreamReset(_reason: ResetReason): void {
    this.stream = null;
    this.finish(NETWORK);
  }

  private finish(outcome: ProbeOutcome): void {
    if (!this.reuses) this.drop();
    this.onDone(outcome);
  }

  abort(): void {
    this.turn++;
    const { stream } = this;
    this.stream = null;
    stream?.cancel();
    // One gRPC call may be given up without the connection; of HTTP Envoy gives up both.
    if (this.check.kind === "http" || !this.reuses || this.connecting !== null) this.drop();
  }

  retire(): void {
    this.connection?.drain();
  }

  close(): void {
    this.abort();
    this.drop();
  }

  private drop(): void {
    this.connecting?.destroy();
    this.connecting = null;
    const { connection } = this;
    this.connection = null;
    if (connection instanceof H1ClientConnection) connection.destroy();
    else connection?.drain();
  }

  onConnectionIdle(connection: H1ClientConnection): void {
    if (connection !== this.connection) connection.destroy();
  }

  onStreamFree(): void {}

  onConnectionClosed(connection: H1ClientConnection | H2ClientConnection): void {
    if (connection === this.connection) this.connection = null;
  }
}

/** A message HealthCheckRequest in its frame. */
function question(service: string): Buffer {
  const message = service === "" ? new Uint8Array() : new BinaryWriter().uint32(10).string(service).finish();
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Exactly one message HealthCheckResponse, of status SERVING. */
function isServing(body: Buffer): boolean {
  if (body.length < PREFIX_BYTES || body.readUInt8(0) !== 0) return false;
  if (body.readUInt32BE(1) !== body.length - PREFIX_BYTES) return false;
  let status = 0;
  try {
    const reader = new BinaryReader(body.subarray(PREFIX_BYTES));
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (field === 1 && wire === 0) status = reader.int32();
      else reader.skip(wire);
    }
  } catch {
    return false;
  }
  return status === SERVING;
}
