// A question of the proxy itself to a cluster, and its whole answer.
// Rule: an answer is kept only up to its limit, every call ends in exactly one result, never inside the call that asks.

import type { UpstreamCluster } from "../cluster/cluster";
import type { UpstreamStream } from "./exchange";
import type { HeaderList } from "./h1/header-list";
import { RequestHead } from "./h1/request-head";
import type { ResponseHead } from "./h1/response-head";
import { type CallFailure, OwnCall } from "./own-call";

export type { CallFailure } from "./own-call";

export interface ClusterRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly authority: string;
  readonly path: string;
  /** Without host and content-length. */
  readonly headers: Iterable<readonly [string, string]>;
  /** null: none, and no content-length either. */
  readonly body: Uint8Array | null;
  /** For the whole call; null: no limit. */
  readonly timeoutMs: number | null;
  readonly maxAnswerBytes: number;
  /** The caller will ask again: then this answer is not counted. */
  readonly willRepeat?: (result: CallResult) => boolean;
}

export interface ClusterAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: HeaderList;
  readonly trailers: HeaderList | null;
  readonly body: Buffer;
}

export type CallResult = ClusterAnswer | { readonly kind: CallFailure };

/** Gives a call up: `onDone` will not be called any more. */
export type CancelCall = () => void;

export function callCluster(
  cluster: UpstreamCluster | undefined,
  request: ClusterRequest,
  onDone: (result: CallResult) => void,
): CancelCall {
  const call = new ClusterCall(request, onDone);
  call.start(cluster);
  return () => call.cancel();
}

class ClusterCall extends OwnCall {
  protected readonly isRepeatable = true;
  private headers: HeaderList | null = null;
  private trailers: HeaderList | null = null;
  private chunks: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly request: ClusterRequest,
    private readonly onDone: (result: CallResult) => void,
  ) {
    super(headOf(request), request.timeoutMs);
  }

  protected write(stream: UpstreamStream): void {
    const { body } = this.request;
    if (body !== null && body.length > 0) {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      stream.sendData(bytes, 0, bytes.length);
    }
    stream.endRequest(null);
    stream.flush();
  }

  override onResponse(head: ResponseHead): void {
    super.onResponse(head);
    this.headers = head.headers.copy();
  }

  onResponseData(chunk: Buffer, start: number, end: number): void {
    if (this.isDone) return;
    this.bytes += end - start;
    if (this.bytes > this.request.maxAnswerBytes) this.end("too-large");
    else this.chunks.push(Buffer.from(chunk.subarray(start, end)));
  }

  override onResponseEnd(trailers: HeaderList | null): void {
    this.trailers = trailers?.copy() ?? null;
    super.onResponseEnd(trailers);
  }

  protected override isCounted(failure: CallFailure | null): boolean {
    return this.request.willRepeat?.(this.resultOf(failure)) !== true;
  }

  protected onEnd(failure: CallFailure | null): void {
    const result = this.resultOf(failure);
    this.chunks = [];
    this.onDone(result);
  }

  private resultOf(failure: CallFailure | null): CallResult {
    if (failure !== null) return { kind: failure };
    const { status, headers, trailers } = this;
    return { kind: "answer", status, headers: headers as HeaderList, trailers, body: Buffer.concat(this.chunks) };
  }
}

function headOf({ method, path, authority, scheme, headers, body }: ClusterRequest): RequestHead {
  const head = new RequestHead();
  head.method = method;
  head.path = path;
  head.authority = authority;
  head.scheme = scheme;
  head.headers.push("host", authority);
  for (const [name, value] of headers) head.headers.push(name, value);
  if (body === null) return head;
  head.bodyLength = body.length;
  head.hasContentLength = true;
  head.headers.push("content-length", String(body.length));
  return head;
}
