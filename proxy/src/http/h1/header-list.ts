// Header fields of one message as parallel arrays, in wire order and wire case.
// Rule: names and values are latin1 strings that already passed the strict parser; nothing here validates again.
// No object per header: a name resolves once to a shared NameInfo (lower-case spelling + what the proxy must do with it).

import { latin1 } from "./bytes";

/** Bits of {@link NameInfo.flags}. */
export const NAME = {
  hop: 1 << 0, // RFC 9110 7.6.1: never forwarded
  contentLength: 1 << 1,
  transferEncoding: 1 << 2,
  host: 1 << 3,
  connection: 1 << 4,
  expect: 1 << 5,
  upgrade: 1 << 6,
  envoy: 1 << 7, // x-envoy-*: only trusted when we wrote it
  xfcc: 1 << 8,
  forwarded: 1 << 9, // x-forwarded-for, x-forwarded-proto
  requestId: 1 << 10,
  /** A peer may not name it in Connection: dropping it would change who the caller is or how the message is framed. */
  guarded: 1 << 11,
  keepAlive: 1 << 12,
  dated: 1 << 13,
  /** RFC 9113 8.2.2: a message with one of these is malformed in HTTP/2. */
  connectionSpecific: 1 << 14,
  te: 1 << 15,
  cookie: 1 << 16,
  /** Secrets: never put into an HPACK table that other streams share (RFC 7541 7.1.3). */
  secret: 1 << 17,
  trailer: 1 << 18,
  contentType: 1 << 19,
} as const;

export interface NameInfo {
  /** As spelled on the wire; never a slice of a request. */
  readonly name: string;
  readonly lower: string;
  readonly flags: number;
}

const known = new Map<string, NameInfo>();
const knownFlags: Record<string, number> = {
  connection: NAME.hop | NAME.connection | NAME.connectionSpecific,
  "keep-alive": NAME.hop | NAME.keepAlive | NAME.connectionSpecific,
  "proxy-connection": NAME.hop | NAME.connectionSpecific,
  te: NAME.te,
  trailer: NAME.trailer,
  "content-type": NAME.contentType,
  "transfer-encoding": NAME.hop | NAME.transferEncoding | NAME.guarded | NAME.connectionSpecific,
  upgrade: NAME.hop | NAME.upgrade | NAME.connectionSpecific,
  "http2-settings": NAME.hop,
  "proxy-authenticate": NAME.hop,
  "proxy-authorization": NAME.hop | NAME.secret,
  "content-length": NAME.contentLength | NAME.guarded,
  host: NAME.host | NAME.guarded,
  expect: NAME.expect,
  "x-forwarded-client-cert": NAME.xfcc | NAME.guarded,
  "x-forwarded-for": NAME.forwarded | NAME.guarded,
  "x-forwarded-proto": NAME.forwarded | NAME.guarded,
  "x-forwarded-host": NAME.guarded,
  "x-request-id": NAME.requestId | NAME.guarded,
  authorization: NAME.guarded | NAME.secret,
  cookie: NAME.guarded | NAME.cookie | NAME.secret,
  "set-cookie": NAME.secret,
  traceparent: NAME.guarded,
  tracestate: NAME.guarded,
  date: NAME.dated,
};

function describe(name: string, lower: string): NameInfo {
  const flags = knownFlags[lower] ?? (lower.startsWith("x-envoy-") ? NAME.envoy | NAME.guarded : 0);
  return { name, lower, flags };
}

/** A copy that keeps nothing else alive. */
export function flatCopy(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  return latin1(bytes, 0, bytes.length);
}

/** Bound of the name table: a hostile peer can invent names for ever, and memory must not follow. */
const maxKnownNames = 2048;

/** Resolves a header name in any case to its shared description. */
export function nameInfo(name: string): NameInfo {
  const found = known.get(name);
  if (found !== undefined) return found;
  // A substring would keep its whole request head alive: store a copy.
  const own = flatCopy(name);
  const lower = own.toLowerCase();
  const info = describe(own, known.get(lower)?.lower ?? lower);
  if (known.size < maxKnownNames) known.set(own, info);
  return info;
}

export class HeaderList {
  readonly infos: NameInfo[] = [];
  /** Made from the range when somebody asks. */
  private readonly values: (string | undefined)[] = [];
  private readonly valueStarts: number[] = [];
  private readonly valueEnds: number[] = [];
  /** The whole line as text, for fields of an HPACK table: made once, sent many times. */
  private readonly lines: (string | undefined)[] = [];
  /** Range of the whole line in `source` when it can be copied as it is ("Name: value" CRLF), else -1. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  /**
   * Names of the message before, by position: peers repeat themselves, and a comparison is cheaper than a scan, a
   * substring and a look-up per name (measured: a quarter of the parser).
   */
  readonly expected: NameInfo[] = [];
  /** Text that starts/ends index. */
  source = "";
  length = 0;
  /** More fields than this are refused (max_headers_count; Envoy's default). */
  maxFields = 100;
  /** OR of all flags ever added since the last clear: a zero bit proves absence without a scan. */
  seen = 0;

  // HeaderView of the plan: what semantics read.
  get count(): number {
    return this.length;
  }

  nameAt(index: number): string {
    return (this.infos[index] as NameInfo).lower;
  }

  valueAt(index: number): string {
    const known = this.values[index];
    if (known !== undefined) return known;
    const value = this.source.substring(this.valueStarts[index] as number, this.valueEnds[index] as number);
    this.values[index] = value;
    return value;
  }

  /** White space behind a value that llhttp takes for a part of it: it forgives spaces there, not tabs. Only for parsed fields. */
  endsWithTab(index: number): boolean {
    let at = this.valueEnds[index] as number;
    while (this.source.charCodeAt(at) === 32) at++;
    return this.source.charCodeAt(at) === 9;
  }

  clear(): void {
    this.length = 0;
    this.seen = 0;
    this.source = "";
  }

  push(name: string, value: string): void {
    this.pushField(nameInfo(name), value, undefined);
  }

  /** A field whose name is already resolved; `line`: "name: value" CRLF when there is such a text already. */
  pushField(info: NameInfo, value: string, line: string | undefined): void {
    const at = this.length++;
    this.infos[at] = info;
    this.values[at] = value;
    this.lines[at] = line;
    this.valueStarts[at] = -1;
    this.valueEnds[at] = -1;
    this.starts[at] = -1;
    this.ends[at] = -1;
    this.seen |= info.flags;
  }

  /** A field the parser read from `source`: range of its value, and of its line when that is canonical (else -1). */
  pushParsed(info: NameInfo, valueStart: number, valueEnd: number, start: number, end: number): void {
    const at = this.length++;
    this.infos[at] = info;
    this.values[at] = undefined;
    this.lines[at] = undefined;
    this.valueStarts[at] = valueStart;
    this.valueEnds[at] = valueEnd;
    this.starts[at] = start;
    this.ends[at] = end;
    this.seen |= info.flags;
  }

  /** Is the value at `index` this text? Compared in the source, without making a string. */
  valueIs(index: number, text: string): boolean {
    const known = this.values[index];
    if (known !== undefined) return known === text;
    const start = this.valueStarts[index] as number;
    return (this.valueEnds[index] as number) - start === text.length && this.source.startsWith(text, start);
  }

  valueLength(index: number): number {
    const known = this.values[index];
    return known !== undefined ? known.length : (this.valueEnds[index] as number) - (this.valueStarts[index] as number);
  }

  /** First value of a lower-case name. */
  get(lower: string): string | undefined {
    for (let i = 0; i < this.length; i++) if (this.infos[i]?.lower === lower) return this.valueAt(i);
    return undefined;
  }

  /** All values of a lower-case name, in wire order. */
  getAll(lower: string): string[] {
    const found: string[] = [];
    for (let i = 0; i < this.length; i++) if (this.infos[i]?.lower === lower) found.push(this.valueAt(i));
    return found;
  }

  has(lower: string): boolean {
    return this.get(lower) !== undefined;
  }

  /** Replaces every value of the name by one, in the place of the first. */
  set(name: string, value: string): void {
    const lower = nameInfo(name).lower;
    for (let i = 0; i < this.length; i++) {
      if (this.infos[i]?.lower !== lower) continue;
      this.values[i] = value;
      this.lines[i] = undefined;
      this.starts[i] = -1;
      this.removeFrom(lower, i + 1);
      return;
    }
    this.push(name, value);
  }

  remove(lower: string): void {
    this.removeFrom(lower, 0);
  }

  /** Removes every field that has one of the flags. */
  removeFlagged(flags: number): void {
    if ((this.seen & flags) === 0) return;
    let kept = 0;
    for (let i = 0; i < this.length; i++) {
      if (((this.infos[i] as NameInfo).flags & flags) !== 0) continue;
      this.move(i, kept++);
    }
    this.length = kept;
    this.seen &= ~flags;
  }

  private removeFrom(lower: string, start: number): void {
    let kept = start;
    for (let i = start; i < this.length; i++) {
      if (this.infos[i]?.lower === lower) continue;
      this.move(i, kept++);
    }
    this.length = kept;
  }

  private move(from: number, to: number): void {
    if (from === to) return;
    this.infos[to] = this.infos[from] as NameInfo;
    this.values[to] = this.values[from];
    this.lines[to] = this.lines[from];
    this.valueStarts[to] = this.valueStarts[from] as number;
    this.valueEnds[to] = this.valueEnds[from] as number;
    this.starts[to] = this.starts[from] as number;
    this.ends[to] = this.ends[from] as number;
  }

  /** The same fields, which nobody else changes. */
  copy(): HeaderList {
    const copy = new HeaderList();
    for (let i = 0; i < this.length; i++) copy.pushField(this.infos[i] as NameInfo, this.valueAt(i), this.lines[i]);
    return copy;
  }

  /** `out` plus all fields as wire text. Neighbouring untouched lines are copied as one slice of the source. */
  appendTo(out: string): string {
    const source = this.source;
    let text = out;
    let runStart = -1;
    let runEnd = -1;
    for (let i = 0; i < this.length; i++) {
      const start = this.starts[i] as number;
      if (start >= 0 && start === runEnd) {
        runEnd = this.ends[i] as number;
        continue;
      }
      if (runEnd >= 0) text += source.substring(runStart, runEnd);
      if (start >= 0) {
        runStart = start;
        runEnd = this.ends[i] as number;
      } else {
        runEnd = -1;
        text += this.lines[i] ?? `${this.infos[i]?.name}: ${this.valueAt(i)}\r\n`;
      }
    }
    return runEnd >= 0 ? text + source.substring(runStart, runEnd) : text;
  }
}
