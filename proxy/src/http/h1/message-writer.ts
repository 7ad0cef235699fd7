// What an HTTP/1.1 codec writes, in either direction: head as text, body framed as the head says, trailers behind it.
// Rule: the framing of a message is decided once, with its head, and every byte of its body follows it.

import { type HeaderList, NAME } from "./header-list";
import { Outbox } from "./outbox";
import type { RequestHead } from "./request-head";
import { lengthUnknown } from "./request-head";
import { reasonPhrase } from "./status";

const withoutBody = new Set(["GET", "HEAD", "OPTIONS", "DELETE"]);

export class MessageWriter extends Outbox {
  private isChunked = false;
  /** enable_trailers: written after a chunked body, else dropped. */
  hasTrailers = false;

  addRequest(head: RequestHead, path: string): void {
    const { method, headers, bodyLength, upgrade } = head;
    const text = headers.appendTo(`${method} ${path} HTTP/1.1\r\n`);
    this.isChunked = bodyLength === lengthUnknown && upgrade === "";
    if (upgrade !== "") this.addText(`${text}connection: Upgrade\r\nupgrade: ${upgrade}\r\n\r\n`);
    else if (this.isChunked) this.addText(`${text}transfer-encoding: chunked\r\n\r\n`);
    else if ((headers.seen & NAME.contentLength) === 0 && (bodyLength > 0 || !withoutBody.has(method))) {
      this.addText(`${text}content-length: ${bodyLength}\r\n\r\n`);
    } else this.addText(`${text}\r\n`);
  }

  addResponse(
    status: number,
    reason: string,
    headers: HeaderList,
    bodyLength: number,
    request: RequestHead,
    isLast: boolean,
  ): void {
    let text = headers.appendTo(`HTTP/1.1 ${status} ${reason === "" ? reasonPhrase(status) : reason}\r\n`);
    const isBodyless = request.method === "HEAD" || status === 204 || status === 304;
    this.isChunked = bodyLength === lengthUnknown && !isBodyless;
    if (this.isChunked) text += "transfer-encoding: chunked\r\n";
    else if (!isBodyless && (headers.seen & NAME.contentLength) === 0) text += `content-length: ${bodyLength}\r\n`;
    this.addText(text + (isLast ? "connection: close\r\n\r\n" : "\r\n"));
  }

  /** 101, or 200 to CONNECT: what follows is not framed. */
  addSwitch(status: number, reason: string, headers: HeaderList, upgrade: string): void {
    this.isChunked = false;
    const text = headers.appendTo(`HTTP/1.1 ${status} ${reason === "" ? reasonPhrase(status) : reason}\r\n`);
    this.addText(status === 101 ? `${text}connection: Upgrade\r\nupgrade: ${upgrade}\r\n\r\n` : `${text}\r\n`);
  }

  /** The last answer of a connection whose peer broke a rule. */
  addError(status: number): void {
    const upgrade = status === 426 ? "upgrade: HTTP/1.1\r\n" : "";
    const connection = status === 426 ? "close, upgrade" : "close";
    this.addText(
      `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${upgrade}connection: ${connection}\r\ncontent-length: 0\r\n\r\n`,
    );
  }

  addData(chunk: Buffer, start: number, end: number): void {
    if (start === end) return;
    if (!this.isChunked) {
      this.addSlice(chunk, start, end);
      return;
    }
    this.addText(`${(end - start).toString(16)}\r\n`);
    this.addSlice(chunk, start, end);
    this.addText("\r\n");
  }

  addEnd(trailers: HeaderList | null): void {
    if (!this.isChunked) return;
    this.isChunked = false;
    const isBare = trailers === null || !this.hasTrailers;
    this.addText(isBare ? "0\r\n\r\n" : `${trailers.appendTo("0\r\n")}\r\n`);
  }
}
