// The answers that the proxy gives itself: refusals, direct responses, failures of upstreams. Rule: exactly one answer ends
// an exchange; a response that has begun can only be broken off, never replaced.

import { encodeGrpcMessage, GRPC, grpcStatusOfHttp } from "../semantics";
import type { DownstreamStream } from "./exchange";
import { ExchangeRecord } from "./exchange-record";
import { HeaderList, NAME } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import { httpDate } from "./http-date";
import { appendTo } from "./request-headers";

export abstract class AnsweringExchange extends ExchangeRecord {
  protected stream: DownstreamStream | null = null;
  protected isActive = false;
  protected isResponseStarted = false;
  protected readonly localHeaders = new HeaderList();
  /** Bytes of its answer per second; null: as fast as they come. */
  protected slowedTo: number | null = null;

  /** What filters say on the head of a response. */
  protected abstract filterResponse(headers: HeaderList): void;

  /** What the route says on the head of a response, and on what the router answers in its place. */
  protected abstract dressResponse(headers: HeaderList): void;

  /** The body of an own answer, after its head. */
  protected abstract sendSlowly(bytes: Buffer, bytesPerSecond: number): void;

  /** Counters, log line and everything held. Runs once. */
  protected abstract finish(): void;

  /** Of the cluster, or in its place; one that is tried again is none. */
  protected countAnswer(status: number): void {
    if (this.info.http.plan.countsAnswers && !this.isHealthCheck) this.cluster?.codes.count(status);
  }

  protected replyOverloaded(): void {
    this.localHeaders.clear();
    this.localHeaders.push("x-envoy-overloaded", "true");
    this.dressResponse(this.localHeaders);
    this.countAnswer(503);
    this.reply(503, "UO", "upstream_reset_before_response_started{overflow}", resetBody("overflow", false));
  }

  /** Local answer after an upstream failure; a response that has begun can only be broken off. */
  protected failWith(status: number, flag: string, reason: string): void {
    const flags = this.flags === "-" ? flag : `${this.flags},${flag}`;
    const details = `upstream_reset_before_response_started{${reason.replaceAll(" ", "_")}}`;
    this.routerReply(status, flags, details, resetBody(reason, this.attempts > 1));
  }

  /** Instead of an upstream's response: it gets the same headers. */
  protected routerReply(status: number, flags: string, details: string, body?: string): void {
    this.localHeaders.clear();
    this.dressResponse(this.localHeaders);
    this.countAnswer(status);
    this.reply(status, flags, details, body === undefined ? null : Buffer.from(body));
  }

  protected localReply(status: number, flags: string, details: string, body?: string, grpcStatus?: number): void {
    this.localHeaders.clear();
    this.reply(status, flags, details, body === undefined ? null : Buffer.from(body), grpcStatus);
  }

  /** `grpcStatus` instead of the one that HTTP's status stands for. */
  protected reply(
    status: number,
    flags: string,
    details: string,
    body: Buffer | string | null,
    grpcStatus = grpcStatusOfHttp(status),
  ): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (this.isGrpc) {
      this.ownGrpcStatus = grpcStatus;
      setGrpcStatus(this.localHeaders, grpcStatus, bytes);
      this.send(200, flags, details, null);
    } else this.send(status, flags, details, bytes);
  }

  protected send(status: number, flags: string, details: string, bytes: Buffer | null): void {
    const headers = this.localHeaders;
    const { plan } = this.info.http;
    if (bytes !== null) {
      if (bytes.length > 0) headers.push("content-length", String(bytes.length));
      if (!headers.has("content-type")) headers.push("content-type", "text/plain");
    }
    this.filterResponse(headers);
    headers.push("date", httpDate());
    if (plan.serverHeader !== "pass-through") headers.push("server", plan.serverName);
    if (plan.via !== null) appendTo(headers, "via", plan.via, ", ");
    const stream = this.stream as DownstreamStream;
    this.status = status;
    this.flags = flags;
    this.details = details;
    this.responseHeaders = headers;
    this.responseBytes = bytes?.length ?? 0;
    const isHead = (this.head as RequestHead).method === "HEAD";
    stream.sendHead(status, "", headers, bytes?.length ?? 0, false);
    if (this.slowedTo !== null && bytes !== null && bytes.length > 0 && !isHead) {
      this.sendSlowly(bytes, this.slowedTo);
      return;
    }
    if (bytes !== null && !isHead) stream.sendData(bytes, 0, bytes.length);
    this.finish();
    stream.endResponse(null);
  }

  protected breakResponse(): void {
    const stream = this.stream;
    // What RST_STREAM INTERNAL_ERROR is to a gRPC caller.
    this.ownGrpcStatus = GRPC.internal;
    this.finish();
    stream?.reset();
  }
}

/** A response that is all head, as gRPC calls trailers-only. */
function setGrpcStatus(headers: HeaderList, status: number, message: Buffer | null): void {
  headers.removeFlagged(NAME.contentLength);
  headers.set("content-type", "application/grpc");
  headers.set("grpc-status", String(status));
  if (message !== null && message.length > 0) headers.set("grpc-message", encodeGrpcMessage(message));
}

/** Envoy's words: people search for them. */
function resetBody(reason: string, isRetried: boolean): string {
  const retried = isRetried ? "retried and the latest " : "";
  return `upstream connect error or disconnect/reset before headers. ${retried}reset reason: ${reason}`;
}
