// Strict parser of an HTTP/1 response head from an upstream. A refusal here becomes 502 with flag UPE.
// Rule: a response whose length could be read in two ways is never forwarded (response splitting, queue poisoning).

import { CHAR, charClass } from "./chars";
import { HeaderList, NAME } from "./header-list";
import { type HeadRefusal, refusal } from "./refusal";
import { connectionOptions, incomplete, lengthUnknown, parseContentLength, parseFields } from "./request-head";

/** Envoy lets 70 kB of response headers pass; one power of two above that. */
export const maxResponseHeadBytes = 128 * 1024;

export const untilClose = -2;

export class ResponseHead {
  status = 0;
  reason = "";
  readonly headers = new HeaderList();
  /** 0, n, {@link lengthUnknown} (chunked) or {@link untilClose}. */
  bodyLength = 0;
  hasContentLength = false;
  /** As in RequestHead. */
  mayHaveTrailers = false;
  /** The connection cannot be used again after this response. */
  wantsClose = false;
}

/**
 * Parses latin1 `text` from `start`; `requestMethod` decides whether a body follows (RFC 9112 6.3).
 * Returns the index after the head, {@link incomplete}, or the refusal (status 502).
 */
export function parseResponseHead(
  text: string,
  start: number,
  requestMethod: string,
  head: ResponseHead,
): number | HeadRefusal {
  const is11 = text.startsWith("HTTP/1.1 ", start);
  if (!is11 && !text.startsWith("HTTP/1.0 ", start)) {
    return isPrefix(text, start) ? incomplete : refusal(502, "malformed_status_line");
  }
  let i = start + 9;
  if (text.length < i + 4) return text.includes("\n", i) ? refusal(502, "malformed_status_line") : incomplete;
  let status = 0;
  for (const end = i + 3; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return refusal(502, "malformed_status_line");
    status = status * 10 + digit;
  }
  if (status < 100 || status > 599) return refusal(502, "invalid_status");
  const size = text.length;
  const reason = i + 1;
  if (text.charCodeAt(i) === 32) {
    i++;
    while (i < size && ((charClass[text.charCodeAt(i)] as number) & CHAR.value) !== 0) i++;
  }
  if (i + 1 >= size) return incomplete;
  if (text.charCodeAt(i) !== 13 || text.charCodeAt(i + 1) !== 10) return refusal(502, "malformed_status_line");
  head.status = status;
  head.reason = i > reason ? text.substring(reason, i) : "";
  const end = parseFields(text, i + 2, head.headers);
  if (end === incomplete) return incomplete;
  if (typeof end !== "number") return refusal(502, end.detail);
  return interpret(head, requestMethod, is11) ?? end;
}

function isPrefix(text: string, start: number): boolean {
  const piece = text.substring(start, start + 9);
  return piece.length < 9 && ("HTTP/1.1 ".startsWith(piece) || "HTTP/1.0 ".startsWith(piece));
}

const special = NAME.contentLength | NAME.transferEncoding | NAME.connection;

function interpret(head: ResponseHead, requestMethod: string, is11: boolean): HeadRefusal | undefined {
  const headers = head.headers;
  head.hasContentLength = false;
  head.wantsClose = !is11;
  let length = untilClose;
  if ((headers.seen & special) !== 0) {
    let isChunked = false;
    for (let i = 0; i < headers.length; i++) {
      const flags = (headers.infos[i] as { flags: number }).flags;
      if ((flags & special) === 0) continue;
      const value = headers.valueAt(i);
      if ((flags & NAME.contentLength) !== 0) {
        if (head.hasContentLength) return refusal(502, "duplicate_content_length");
        length = headers.endsWithTab(i) ? -1 : parseContentLength(value);
        if (length < 0) return refusal(502, "invalid_content_length");
        head.hasContentLength = true;
      } else if ((flags & NAME.transferEncoding) !== 0) {
        if (isChunked || value.toLowerCase() !== "chunked" || !is11 || headers.endsWithTab(i))
          return refusal(502, "invalid_transfer_encoding");
        isChunked = true;
      } else {
        const bits = connectionOptions(value);
        if (bits < 0) return refusal(502, "connection_names_guarded_header");
        if ((bits & 1) !== 0) head.wantsClose = true;
      }
    }
    if (isChunked && head.hasContentLength) return refusal(502, "content_length_with_transfer_encoding");
    if (isChunked) length = lengthUnknown;
  }
  const status = head.status;
  if (requestMethod === "HEAD" || status === 204 || status === 304 || status < 200) length = 0;
  head.bodyLength = length;
  if (length === untilClose) head.wantsClose = true;
  return undefined;
}
