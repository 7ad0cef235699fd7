// The upstream side of a CONNECT that ends here (RFC 9110 9.3.6): the bytes of the tunnel on a plain socket.
// Rule: the caller hears 200 before a byte of the upstream is read; what either side ends ends the tunnel.

import type { Socket } from "node:net";
import type { TcpSeries } from "../telemetry/tcp-metrics";
import type { ResponseSink, UpstreamStream } from "./exchange";
import type { HeaderList } from "./h1/header-list";
import { ResponseHead, untilClose } from "./h1/response-head";
import { localAddressOf, readInto } from "./socket-reader";

export class TunnelStream implements UpstreamStream {
  private sink: ResponseSink | null = null;
  private isBelowMark = true;
  /** Where it is counted, from its 200 on and byte by byte: it may last for days. null: nowhere, since its caller counts it. */
  series: TcpSeries | null = null;
  isOpen = false;
  readonly localAddress: string;

  constructor(private readonly socket: Socket) {
    this.localAddress = localAddressOf(socket);
    socket.setNoDelay(true);
    socket.on("end", this.onEnd);
    socket.on("error", this.onGone);
    socket.on("close", this.onGone);
    socket.on("drain", this.onDrain);
  }

  attach(sink: ResponseSink): void {
    this.sink = sink;
  }

  sendHead(): void {
    // A fresh turn: the router is not to be called from inside its call.
    setImmediate(() => {
      if (this.sink === null) return;
      const head = new ResponseHead();
      head.status = 200;
      head.bodyLength = untilClose;
      this.isOpen = true;
      if (this.series !== null) this.series.opened++;
      this.sink.onResponse(head);
      readInto(this.socket, this.onData);
    });
  }

  sendData(chunk: Buffer, start: number, end: number): void {
    if (this.series !== null) this.series.receivedBytes += end - start;
    // A copy: the chunk is only ours during this call.
    if (this.socket.writable) this.isBelowMark = this.socket.write(Buffer.from(chunk.subarray(start, end)));
  }

  endRequest(_trailers: HeaderList | null): void {
    this.socket.end();
  }

  flush(): boolean {
    return this.isBelowMark;
  }

  cancel(): void {
    this.sink = null;
    this.socket.destroy();
  }

  discard(): void {
    this.cancel();
  }

  pauseResponse(): void {
    this.socket.pause();
  }

  resumeResponse(): void {
    this.socket.resume();
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.series !== null) this.series.sentBytes += chunk.length;
    this.sink?.onResponseData(chunk, 0, chunk.length);
    this.sink?.onResponseFlush();
  };

  private readonly onEnd = (): void => {
    const { sink } = this;
    this.sink = null;
    sink?.onResponseEnd(null);
    this.socket.destroySoon();
  };

  private readonly onGone = (error?: unknown): void => {
    const { sink } = this;
    this.sink = null;
    const detail = error instanceof Error ? error.message : "upstream_closed";
    sink?.onUpstreamReset("remote-reset", detail, { hadBytes: true, isReused: false, hasStarted: true });
  };

  private readonly onDrain = (): void => {
    this.isBelowMark = true;
    this.sink?.onUpstreamWritable();
  };
}
