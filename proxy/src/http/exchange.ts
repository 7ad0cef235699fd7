// The seam between codecs and the router: one request and its response as two streams of events.
// Rule: nothing here knows a version of HTTP. The HTTP/1.1 codecs (h1/) implement DownstreamStream and UpstreamStream per
// connection, the HTTP/2 codecs (h2/) per stream; the router cannot tell.
// Data comes as (chunk, start, end) and is only valid during the call: whoever keeps it copies it.

import type { HeaderList } from "./h1/header-list";
import type { RequestHead } from "./h1/request-head";
import type { ResponseHead } from "./h1/response-head";

/** Response side of a downstream codec, called by the router. */
export interface DownstreamStream {
  readonly request: RequestHead;
  /** `bodyLength`: 0, n, or lengthUnknown. `mayHaveTrailers`: the end comes by itself, even when the length is known. */
  sendHead(status: number, reason: string, headers: HeaderList, bodyLength: number, mayHaveTrailers: boolean): void;
  sendData(chunk: Buffer, start: number, end: number): void;
  /** The response is complete; the codec may already start the next request from here. */
  endResponse(trailers: HeaderList | null): void;
  /** Writes what is held; false: stop sending until onDownstreamWritable. */
  flush(): boolean;
  /** The response cannot be completed: break the stream so that the peer sees it. */
  reset(): void;
  pauseRequest(): void;
  resumeRequest(): void;
  /** Ask for `connection: close` on this response (drain). */
  closeAfterResponse(): void;
  /** The connection takes nothing new after what is on its way, in the form of its protocol. */
  drainConnection(): void;
}

/** Receives a downstream codec's events. */
export interface RequestSink {
  onRequest(stream: DownstreamStream): void;
  onRequestData(chunk: Buffer, start: number, end: number): void;
  /** `trailers` stay as they are until the response is complete. */
  onRequestEnd(trailers: HeaderList | null): void;
  /** The codec used up its input: write what was collected for the upstream. */
  onRequestFlush(): void;
  /** The peer went away, or its body was malformed (then `status` is the local reply's status). */
  onDownstreamReset(status: number, detail: string): void;
  onDownstreamWritable(): void;
}

/** Request side of an upstream codec: an HTTP/1.1 connection while it carries the request, or an HTTP/2 stream. */
export interface UpstreamStream {
  /** This side of the connection that carries it: address and port. */
  readonly localAddress: string;
  /** First call: who gets the response. */
  attach(sink: ResponseSink): void;
  sendHead(head: RequestHead, path: string): void;
  sendData(chunk: Buffer, start: number, end: number): void;
  endRequest(trailers: HeaderList | null): void;
  flush(): boolean;
  /** Nobody wants the response any more. */
  cancel(): void;
  /** The response has begun but another attempt will be made. */
  discard(): void;
  pauseResponse(): void;
  resumeResponse(): void;
}

export type ResetReason =
  | "connect-failure"
  | "connect-timeout"
  | "tls-failure"
  | "remote-reset" // connection ended before the response was complete
  | "stream-reset" // the peer reset this request only
  | "refused-stream" // the peer has surely not looked at this request
  | "protocol-error"; // the response was malformed

export interface ResetFacts {
  /** A byte of the response had come. */
  readonly hadBytes: boolean;
  /** The connection had carried requests before. */
  readonly isReused: boolean;
  /** A byte of the request had been written: the peer may have acted on it. */
  readonly hasStarted: boolean;
}

export interface ResponseSink {
  onResponse(head: ResponseHead): void;
  onResponseData(chunk: Buffer, start: number, end: number): void;
  /** `trailers` are valid during the call only. */
  onResponseEnd(trailers: HeaderList | null): void;
  onResponseFlush(): void;
  onUpstreamReset(reason: ResetReason, detail: string, how: ResetFacts): void;
  onUpstreamWritable(): void;
}
