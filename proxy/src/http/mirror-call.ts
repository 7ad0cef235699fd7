// The copy of a request that goes to a second cluster, and whose answer nobody reads.
// Rule: it never holds up the request that it is a copy of; one that falls too far behind is given up.

import type { MirrorPlan } from "../plan/types";
import type { UpstreamStream } from "./exchange";
import type { HeaderList } from "./h1/header-list";
import { RequestHead } from "./h1/request-head";
import { OwnCall } from "./own-call";

/** Bytes that may wait for a mirror: for its connection, or in front of a socket that takes no more. */
const MAX_BEHIND_BYTES = 1024 * 1024;

export class MirrorCall extends OwnCall {
  private held: Buffer[] = [];
  private behind = 0;
  private isStuck = false;
  private isWhole = false;
  private trailers: HeaderList | null = null;
  private hasSent = false;

  constructor(head: RequestHead, path: string, plan: MirrorPlan, timeoutMs: number | null) {
    super(copyOf(head, path, plan), timeoutMs);
  }

  protected get isRepeatable(): boolean {
    return this.isWhole && !this.hasSent;
  }

  protected write(stream: UpstreamStream): void {
    for (const piece of this.held) stream.sendData(piece, 0, piece.length);
    if (this.held.length > 0) this.hasSent = true;
    this.held = [];
    this.behind = 0;
    if (this.isWhole) stream.endRequest(this.trailers);
    this.isStuck = !stream.flush();
  }

  sendData(chunk: Buffer, start: number, end: number): void {
    if (this.isDone || this.isWhole) return;
    const { stream } = this;
    if (stream === null || this.isStuck) this.behind += end - start;
    if (this.behind > MAX_BEHIND_BYTES) {
      this.end("too-large");
      return;
    }
    if (stream === null) {
      this.held.push(Buffer.from(chunk.subarray(start, end)));
      return;
    }
    this.hasSent = true;
    stream.sendData(chunk, start, end);
  }

  flush(): void {
    if (this.stream !== null && !this.stream.flush()) this.isStuck = true;
  }

  endRequest(trailers: HeaderList | null): void {
    if (this.isDone || this.isWhole) return;
    this.isWhole = true;
    this.trailers = trailers?.copy() ?? null;
    this.stream?.endRequest(this.trailers);
  }

  override onUpstreamWritable(): void {
    this.isStuck = false;
    this.behind = 0;
  }

  onResponseData(): void {}

  protected onEnd(): void {
    this.held = [];
  }
}

function copyOf(head: RequestHead, path: string, { hasHostSuffix }: MirrorPlan): RequestHead {
  const copy = new RequestHead();
  const { headers } = head;
  for (let i = 0; i < headers.length; i++) copy.headers.push(headers.nameAt(i), headers.valueAt(i));
  copy.method = head.method;
  copy.path = path;
  copy.scheme = head.scheme;
  copy.bodyLength = head.bodyLength;
  copy.hasContentLength = head.hasContentLength;
  copy.mayHaveTrailers = head.mayHaveTrailers;
  const host = headers.get("host") ?? head.authority;
  copy.authority = hasHostSuffix ? shadowed(host) : host;
  copy.headers.set("host", copy.authority);
  return copy;
}

/** As Envoy: "shop.test:80" -> "shop.test-shadow:80". */
function shadowed(host: string): string {
  const port = /:\d+$/.exec(host)?.[0] ?? "";
  return `${host.slice(0, host.length - port.length)}-shadow${port}`;
}
