// Decoder of the chunked coding (RFC 9112 7.1): gives data slices and trailers, drops extensions, refuses the rest.
// Rule: sizes, separators and line ends exactly as in the grammar; every leniency here is a smuggling gadget somewhere.

import { latin1 } from "./bytes";
import { CHAR, charClass } from "./chars";
import { HeaderList } from "./header-list";
import { type HeadRefusal, refusal } from "./refusal";
import { maxHeadBytes, parseFields } from "./request-head";
import { areForbidden } from "./trailers";

const maxLine = 1024;

const State = { size: 0, data: 1, dataCr: 2, dataLf: 3, trailer: 4, done: 5 } as const;

// token [ "=" ( token / quoted-string ) ], without the optional white space that RFC 9112 tells recipients to distrust.
const extensionPattern =
  /^(;[!#$%&'*+\-.^_`|~0-9A-Za-z]+(=([!#$%&'*+\-.^_`|~0-9A-Za-z]+|"([\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"))?)*$/;

export class ChunkedDecoder {
  private state: number = State.size;
  private remaining = 0;
  private line = "";
  private readonly fields = new HeaderList();
  /** HTTP/1 drops trailers unless enable_trailers says otherwise (Envoy). They are read and judged all the same. */
  keepsTrailers = false;

  constructor(private readonly isRequest: boolean) {}

  reset(): void {
    this.fields.clear();
    this.state = State.size;
    this.remaining = 0;
    this.line = "";
  }

  get isDone(): boolean {
    return this.state === State.done;
  }

  /** Of the message that is done, until the next one begins. */
  get trailers(): HeaderList | null {
    return this.keepsTrailers && this.fields.length > 0 ? this.fields : null;
  }

  set maxTrailers(count: number) {
    this.fields.maxFields = count;
  }

  /**
   * Decodes from `from`; calls `onData(chunk, start, end)` per run of data.
   * Returns the index after the last byte used, or a refusal.
   */
  decode(
    chunk: Buffer,
    from: number,
    onData: (chunk: Buffer, start: number, end: number) => void,
  ): number | HeadRefusal {
    let at = from;
    const size = chunk.length;
    while (at < size && this.state !== State.done) {
      switch (this.state) {
        case State.size: {
          const next = this.readLine(chunk, at, maxLine);
          if (typeof next !== "number") return next;
          at = next;
          if (this.state !== State.size || !this.line.endsWith("\r\n")) break;
          const bad = this.takeSize();
          if (bad !== undefined) return bad;
          break;
        }
        case State.data: {
          const end = Math.min(size, at + this.remaining);
          this.remaining -= end - at;
          if (this.remaining === 0) this.state = State.dataCr;
          onData(chunk, at, end);
          at = end;
          break;
        }
        case State.dataCr:
          if (chunk[at++] !== 13) return refusal(400, "chunk_data_not_followed_by_crlf");
          this.state = State.dataLf;
          break;
        case State.dataLf:
          if (chunk[at++] !== 10) return refusal(400, "chunk_data_not_followed_by_crlf");
          this.state = State.size;
          break;
        case State.trailer: {
          const next = this.readTrailer(chunk, at);
          if (typeof next !== "number") return next;
          at = next;
          break;
        }
      }
    }
    return at;
  }

  /** Appends to `line` up to LF; refuses bare LF, bare CR and control bytes at once. */
  private readLine(chunk: Buffer, from: number, limit: number): number | HeadRefusal {
    const lf = chunk.indexOf(10, from);
    const end = lf < 0 ? chunk.length : lf + 1;
    if (this.line.length + end - from > limit) return refusal(400, "chunk_line_too_long");
    this.line += latin1(chunk, from, end);
    const text = this.line;
    const cr = text.indexOf("\r");
    if (lf >= 0 ? cr !== text.length - 2 : cr >= 0 && cr !== text.length - 1) return refusal(400, "invalid_chunk_line");
    return end;
  }

  private takeSize(): HeadRefusal | undefined {
    const text = this.line;
    this.line = "";
    let i = 0;
    let size = 0;
    while (((charClass[text.charCodeAt(i)] ?? 0) & CHAR.hex) !== 0) {
      if (i === 13) return refusal(400, "chunk_size_too_large");
      size = size * 16 + Number.parseInt(text.charAt(i++), 16);
    }
    if (i === 0) return refusal(400, "invalid_chunk_size");
    if (text.length - i > 2 && !extensionPattern.test(text.substring(i, text.length - 2))) {
      return refusal(400, "invalid_chunk_size");
    }
    this.remaining = size;
    this.state = size === 0 ? State.trailer : State.data;
    return undefined;
  }

  private readTrailer(chunk: Buffer, from: number): number | HeadRefusal {
    const lf = chunk.indexOf(10, from);
    const end = lf < 0 ? chunk.length : lf + 1;
    if (this.line.length + end - from > maxHeadBytes) return refusal(431, "trailers_too_large");
    this.line += latin1(chunk, from, end);
    if (lf < 0) return end;
    const text = this.line;
    if (text === "\r\n") this.state = State.done;
    else if (text.endsWith("\r\n\r\n")) {
      const bad = parseFields(text, 0, this.fields);
      if (typeof bad !== "number") return bad;
      if (areForbidden(this.fields, this.isRequest)) return refusal(400, "forbidden_trailer");
      this.state = State.done;
    } else if (!text.endsWith("\r\n") || text.startsWith("\r")) return refusal(400, "invalid_trailer");
    if (this.state === State.done) this.line = "";
    return end;
  }
}
