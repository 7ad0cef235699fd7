// Strict parser of an HTTP/1.1 request head (RFC 9112). Job: bytes up to and including the empty line -> RequestHead.
// Rule: whatever this accepts, llhttp accepts with the same meaning; what two parsers could read differently is refused.
// docs/reference/http1-strictness.md is the table of refusals; proxy/test/hostile.ts holds the same table as tests.

import { isAuthority } from "./authority";
import { CHAR, charClass } from "./chars";
import { HeaderList, NAME, nameInfo } from "./header-list";
import { type HeadRefusal, refusal } from "./refusal";

/** Envoy's defaults for hostile peers (dataplane research 1.10). */
export const maxHeadBytes = 60 * 1024;

/** Length of a body that is chunked (or ends with the connection, for responses). */
export const lengthUnknown = -1;

export type MethodName = string;

// llhttp's methods without CONNECT and PRI. An unknown method is refused: llhttp behind us would refuse it too.
export const methods: ReadonlySet<string> = new Set(
  (
    "DELETE GET HEAD POST PUT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND " +
    "ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE MKCALENDAR LINK UNLINK"
  ).split(" "),
);

export class RequestHead {
  protocol: "HTTP/1.1" | "HTTP/2" = "HTTP/1.1";
  method: MethodName = "GET";
  /** Path with query, always in origin-form ("/a?b") or "*". */
  path = "/";
  /** Host as sent (or of the absolute-form target, which wins: RFC 9112 3.2.2). */
  authority = "";
  /** HTTP/1.1: what the downstream connection is; HTTP/2: what the peer says. With it a head is the semantics' HttpRequestView. */
  scheme: "http" | "https" = "http";
  readonly headers = new HeaderList();
  /** Bytes of body: 0 none, n, or {@link lengthUnknown} for chunked. */
  bodyLength = 0;
  hasContentLength = false;
  /** Trailers may follow although the length is known (HTTP/2 only; with HTTP/1.1 chunked has no known length). */
  mayHaveTrailers = false;
  /** The peer asked to close after this exchange. */
  wantsClose = false;
  expectsContinue = false;
  /**
   * What the connection, or the HTTP/2 stream, is to become, in lower case; "" for an ordinary request. HTTP/1.1 says it by
   * Upgrade, HTTP/2 by CONNECT with :protocol (RFC 8441), which is a GET here as well. "connect" is CONNECT, without a path.
   */
  upgrade = "";
  /** Configuration: CONNECT is a method here. */
  takesConnect = false;
}

const CR = 13;
const LF = 10;
const SP = 32;
const TAB = 9;
const COLON = 58;

/** More bytes are needed. */
export const incomplete = -1;

/**
 * Parses latin1 `text` from `start`. Returns the index after the empty line, {@link incomplete}, or the refusal,
 * which comes with the first offending byte: a peer that never ends its line is refused, not waited for.
 */
export function parseRequestHead(text: string, start: number, head: RequestHead): number | HeadRefusal {
  const size = text.length;
  let i = start;
  while (i < size && ((charClass[text.charCodeAt(i)] as number) & CHAR.token) !== 0) i++;
  if (i - start > maxMethodLength) return refusal(400, "unknown_method");
  if (i === size) return incomplete;
  if (i === start || text.charCodeAt(i) !== SP) return refusal(400, "malformed_request_line");
  const method = text.substring(start, i);
  if (!methods.has(method) && !(head.takesConnect && method === "CONNECT")) {
    return method === "CONNECT" ? refusal(405, "connect_not_configured") : refusal(400, "unknown_method");
  }
  const target = ++i;
  while (i < size && ((charClass[text.charCodeAt(i)] as number) & CHAR.target) !== 0) i++;
  if (i === size) return incomplete;
  if (text.charCodeAt(i) !== SP) {
    return refusal(400, text.charCodeAt(i) === CR ? "malformed_request_line" : "invalid_target_character");
  }
  if (i === target) return refusal(400, "malformed_request_line");
  head.method = method;
  head.path = text.substring(target, i);
  if (!text.startsWith(lineTail, i)) return badVersion(text, i + 1);
  const end = parseFields(text, i + lineTail.length, head.headers);
  if (typeof end !== "number" || end === incomplete) return end;
  return interpret(head) ?? end;
}

const maxMethodLength = 16;
const lineTail = " HTTP/1.1\r\n";

function badVersion(text: string, start: number): HeadRefusal | number {
  const lf = text.indexOf("\n", start);
  const line = lf < 0 ? text.substring(start) : text.substring(start, lf + 1);
  if (lf < 0 && line.length < lineTail.length && "HTTP/1.1\r\n".startsWith(line)) return incomplete;
  if (line.startsWith("HTTP/1.0\r")) return lf < 0 ? incomplete : refusal(426, "http10_not_supported");
  if (/^HTTP\/[0-9]\.[0-9]\r\n$/.test(line)) return refusal(505, "unsupported_version");
  if (lf < 0 && /^HTTP\/[0-9]?(\.[0-9]?\r?)?$/.test(line)) return incomplete;
  return refusal(400, "malformed_request_line");
}

/** Field lines and the empty line after them. */
export function parseFields(text: string, start: number, headers: HeaderList): number | HeadRefusal {
  headers.clear();
  headers.source = text;
  const size = text.length;
  let i = start;
  while (i < size) {
    const nameStart = i;
    const guess = headers.expected[headers.length];
    const isPrefixed = guess !== undefined && text.startsWith(guess.name, i);
    if (isPrefixed) i += guess.name.length;
    if (i === size) return incomplete;
    let c = text.charCodeAt(i);
    while (((charClass[c] as number) & CHAR.token) !== 0) {
      if (++i === size) return incomplete;
      c = text.charCodeAt(i);
    }
    if (c !== COLON || i === nameStart) {
      if (c !== CR || i !== nameStart) return badName(c, i === nameStart);
      if (i + 1 === size) return incomplete;
      return text.charCodeAt(i + 1) === LF ? i + 2 : refusal(400, "bare_cr");
    }
    const colon = i;
    do {
      if (++i === size) return incomplete;
      c = text.charCodeAt(i);
    } while (c === SP || c === TAB);
    const valueStart = i;
    while (((charClass[c] as number) & CHAR.value) !== 0) {
      if (++i === size) return incomplete;
      c = text.charCodeAt(i);
    }
    if (c !== CR) return refusal(400, c === LF ? "bare_lf" : "invalid_header_value");
    if (i + 1 === size) return incomplete;
    if (text.charCodeAt(i + 1) !== LF) return refusal(400, "bare_cr");
    let valueEnd = i;
    while (valueEnd > valueStart && isSpace(text.charCodeAt(valueEnd - 1))) valueEnd--;
    if (headers.length === headers.maxFields) return refusal(431, "too_many_headers");
    const isGuess = isPrefixed && colon - nameStart === guess.name.length;
    const info = isGuess ? guess : nameInfo(text.substring(nameStart, colon));
    if (!isGuess) headers.expected[headers.length] = info;
    const isPlain = valueStart === colon + 2 && valueEnd === i;
    i += 2;
    headers.pushParsed(info, valueStart, valueEnd, isPlain ? nameStart : -1, i);
  }
  return incomplete;
}

function isSpace(code: number): boolean {
  return code === SP || code === TAB;
}

function badName(code: number, isEmpty: boolean): HeadRefusal {
  if (isEmpty && isSpace(code)) return refusal(400, "obs_fold_or_leading_space");
  if (isEmpty && code === COLON) return refusal(400, "empty_header_name");
  if (code === LF) return refusal(400, "bare_lf");
  return refusal(400, isSpace(code) ? "space_in_header_name" : "invalid_header_name");
}

const special = NAME.contentLength | NAME.transferEncoding | NAME.host | NAME.connection | NAME.expect | NAME.upgrade;

/** Meaning of the framing and routing fields (RFC 9112 6, 7.2; RFC 9110 7.6.1, 10.1.1). */
function interpret(head: RequestHead): HeadRefusal | undefined {
  const headers = head.headers;
  head.bodyLength = 0;
  head.hasContentLength = false;
  head.wantsClose = false;
  head.expectsContinue = false;
  head.upgrade = "";
  let hosts = 0;
  let host = "";
  let isChunked = false;
  let upgrade = "";
  let connectionHasUpgrade = false;
  for (let i = 0; i < headers.length; i++) {
    const flags = (headers.infos[i] as { flags: number }).flags;
    if ((flags & special) === 0) continue;
    const value = headers.valueAt(i);
    if ((flags & NAME.host) !== 0) {
      hosts++;
      host = value;
    } else if ((flags & NAME.contentLength) !== 0) {
      if (head.hasContentLength) return refusal(400, "duplicate_content_length");
      const length = headers.endsWithTab(i) ? -1 : parseContentLength(value);
      if (length < 0) return refusal(400, "invalid_content_length");
      head.hasContentLength = true;
      head.bodyLength = length;
    } else if ((flags & NAME.transferEncoding) !== 0) {
      if (isChunked) return refusal(400, "duplicate_transfer_encoding");
      if (headers.endsWithTab(i)) return refusal(400, "invalid_transfer_encoding");
      const bad = checkTransferEncoding(value);
      if (bad !== undefined) return bad;
      isChunked = true;
    } else if ((flags & NAME.connection) !== 0) {
      const bits = connectionOptions(value);
      if (bits < 0) return refusal(400, "connection_names_guarded_header");
      if ((bits & 1) !== 0) head.wantsClose = true;
      if ((bits & 2) !== 0) connectionHasUpgrade = true;
    } else if ((flags & NAME.expect) !== 0) {
      if (head.expectsContinue || value.toLowerCase() !== "100-continue") return refusal(417, "unknown_expectation");
      head.expectsContinue = true;
    } else upgrade = upgrade === "" ? value : `${upgrade},${value}`;
  }
  if (isChunked) {
    if (head.hasContentLength) return refusal(400, "content_length_with_transfer_encoding");
    head.bodyLength = lengthUnknown;
  }
  if (hosts !== 1) return refusal(400, hosts === 0 ? "missing_host" : "duplicate_host");
  if (!isAuthority(host)) return refusal(400, "invalid_host");
  head.authority = host;
  // An h2c upgrade is never forwarded nor refused: its headers are hop-by-hop and fall away (RFC 9113 3.1).
  if (connectionHasUpgrade && upgrade.toLowerCase() !== "h2c") head.upgrade = upgrade.toLowerCase();
  return checkTarget(head);
}

function checkTransferEncoding(value: string): HeadRefusal | undefined {
  if (value === "chunked" || value.toLowerCase() === "chunked") return undefined;
  const codings = value.split(",");
  for (const coding of codings) if (!isToken(coding.trim())) return refusal(400, "invalid_transfer_encoding");
  const names = codings.map((coding) => coding.trim().toLowerCase());
  // Chunked twice or not last has no defined meaning; another coding is one we do not implement.
  if (names.indexOf("chunked") !== -1 && names.indexOf("chunked") !== names.length - 1)
    return refusal(400, "invalid_transfer_encoding");
  return refusal(501, "unknown_transfer_coding");
}

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (((charClass[text.charCodeAt(i)] ?? 0) & CHAR.token) === 0) return false;
  return text.length > 0;
}

/** Canonical decimal below 2^53, or -1. "010" is refused: some parsers read octal. */
export function parseContentLength(value: string): number {
  const size = value.length;
  if (size === 0 || size > 16) return -1;
  if (size > 1 && value.charCodeAt(0) === 48) return -1;
  let length = 0;
  for (let i = 0; i < size; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}

/** Bits: 1 close, 2 upgrade, 4 names other headers; -1 when a guarded header is named or the list is malformed. */
export function connectionOptions(value: string): number {
  if (value === "keep-alive") return 0;
  if (value === "close") return 1;
  let bits = 0;
  for (const part of value.split(",")) {
    const option = part.trim().toLowerCase();
    if (option === "") continue;
    if (option === "close") bits |= 1;
    else if (option === "upgrade") bits |= 2;
    else if (option !== "keep-alive") {
      if (!isToken(option) || (nameInfo(option).flags & NAME.guarded) !== 0) return -1;
      bits |= 4;
    }
  }
  return bits;
}

/** Authority-form, with a port (RFC 9112 3.2.3); it says where to, whatever Host says. */
function takeConnectTarget(head: RequestHead, target: string): HeadRefusal | undefined {
  if (!isAuthority(target) || !/:\d+$/.test(target)) return refusal(400, "invalid_target_authority");
  head.authority = target;
  head.headers.set("host", target);
  head.path = "";
  head.upgrade = "connect";
  return undefined;
}

/** Origin-form, "*" for OPTIONS, or absolute-form, which is turned into origin-form plus Host (RFC 9112 3.2.2). */
function checkTarget(head: RequestHead): HeadRefusal | undefined {
  const target = head.path;
  if (head.method === "CONNECT") return takeConnectTarget(head, target);
  if (target.charCodeAt(0) === 47) return undefined;
  if (target === "*") return head.method === "OPTIONS" ? undefined : refusal(400, "asterisk_without_options");
  const match = /^(https?):\/\/([^/?]*)(.*)$/i.exec(target);
  if (match === null) return refusal(400, "invalid_target_form");
  const authority = match[2] as string;
  if (!isAuthority(authority)) return refusal(400, "invalid_target_authority");
  const rest = match[3] as string;
  head.authority = authority;
  head.path = rest === "" ? "/" : rest.charCodeAt(0) === 63 ? `/${rest}` : rest;
  head.headers.set("host", authority);
  return undefined;
}
