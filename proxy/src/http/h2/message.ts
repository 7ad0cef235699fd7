// Meaning of a header block: pseudo-header fields, framing and what must not be there (RFC 9113 8.2, 8.3).
// Rule: the same heads come out as from HTTP/1.1, so that nothing behind the codec knows which one it was; what another
// parser could read differently once it is HTTP/1.1 again is malformed here.

import { HeaderList, NAME, type NameInfo, nameInfo } from "../h1/header-list";
import { isToken, lengthUnknown, methods, parseContentLength, type RequestHead } from "../h1/request-head";
import type { ResponseHead } from "../h1/response-head";
import { areForbidden } from "../h1/trailers";
import { type Field, type FieldSink, hostInfo, PSEUDO } from "./fields";

const special =
  NAME.connectionSpecific |
  NAME.te |
  NAME.cookie |
  NAME.host |
  NAME.contentLength |
  NAME.expect |
  NAME.transferEncoding;
const cookieInfo = nameInfo("cookie");

/** Collects one block. Kept per connection; `headers` is where ordinary fields go. */
export class MessageFields implements FieldSink {
  headers = new HeaderList();
  method = "";
  scheme = "";
  path = "";
  authority = "";
  status = "";
  private protocol = "";
  private seen = 0;
  private host: string | null = null;
  private cookies = "";
  private contentLength: string | null = null;
  private hasRegular = false;
  expectsContinue = false;
  problem = "";

  begin(headers: HeaderList): void {
    headers.clear();
    this.headers = headers;
    this.method = "";
    this.scheme = "";
    this.path = "";
    this.authority = "";
    this.status = "";
    this.protocol = "";
    this.seen = 0;
    this.host = null;
    this.cookies = "";
    this.contentLength = null;
    this.hasRegular = false;
    this.expectsContinue = false;
    this.problem = "";
  }

  onField(field: Field): void {
    if (field.problem !== "") this.problem = field.problem;
    if (field.pseudo !== PSEUDO.none) {
      this.onPseudo(field);
      return;
    }
    this.hasRegular = true;
    const { info } = field;
    if ((info.flags & special) !== 0 && !this.onSpecial(field, info)) return;
    this.headers.pushField(info, field.value, field.line);
  }

  private onPseudo(field: Field): void {
    const bit = 1 << field.pseudo;
    if (this.hasRegular) this.problem = "pseudo_header_after_regular";
    else if ((this.seen & bit) !== 0) this.problem = "duplicate_pseudo_header";
    this.seen |= bit;
    switch (field.pseudo) {
      case PSEUDO.method:
        this.method = field.value;
        break;
      case PSEUDO.scheme:
        this.scheme = field.value;
        break;
      case PSEUDO.path:
        this.path = field.value;
        break;
      case PSEUDO.authority:
        this.authority = field.value;
        this.headers.pushField(hostInfo, field.value, field.line);
        break;
      case PSEUDO.protocol:
        this.protocol = field.value;
        break;
      case PSEUDO.status:
        this.status = field.value;
    }
  }

  /** False: the field does not go on. */
  private onSpecial(field: Field, info: NameInfo): boolean {
    const { flags } = info;
    const { value } = field;
    if ((flags & NAME.connectionSpecific) !== 0) this.problem = "connection_specific_header";
    else if ((flags & NAME.te) !== 0) {
      if (value !== "trailers") this.problem = "te_other_than_trailers";
    } else if ((flags & NAME.cookie) !== 0) {
      // RFC 9113 8.2.3: crumbs become one field again; each was counted as a field by the decoder.
      this.cookies = this.cookies === "" ? value : `${this.cookies}; ${value}`;
      return false;
    } else if ((flags & NAME.host) !== 0) {
      if (this.host !== null) this.problem = "duplicate_host";
      this.host = value;
      return false;
    } else if ((flags & NAME.expect) !== 0) {
      if (value.toLowerCase() === "100-continue") this.expectsContinue = true;
      else this.problem = "unknown_expectation";
      return false;
    } else {
      if (this.contentLength !== null) this.problem = "duplicate_content_length";
      this.contentLength = value;
    }
    return true;
  }

  /** Completes a request head. The problem, or "". */
  toRequest(head: RequestHead, isLast: boolean, takesConnect: boolean): string {
    if (this.problem !== "") return this.problem;
    const required = (1 << PSEUDO.method) | (1 << PSEUDO.scheme) | (1 << PSEUDO.path);
    const isConnect = this.method === "CONNECT";
    const hasProtocol = (this.seen & (1 << PSEUDO.protocol)) !== 0;
    if (isConnect && !hasProtocol) return this.toConnect(head, isLast);
    const isUpgrade = isConnect && takesConnect && isToken(this.protocol);
    if (this.method === "CONNECT" && !isUpgrade) return "connect_not_configured";
    if (hasProtocol && !isUpgrade) return "protocol_without_connect";
    if (isUpgrade && (isLast || this.contentLength !== null)) return "upgrade_without_a_stream";
    if ((this.seen & required) !== required) return "missing_pseudo_header";
    if ((this.seen & (1 << PSEUDO.status)) !== 0) return "status_in_a_request";
    if (!isUpgrade && !methods.has(this.method)) return "unknown_method";
    if (this.scheme !== "http" && this.scheme !== "https") return "unknown_scheme";
    if (this.path === "*" && this.method !== "OPTIONS") return "asterisk_without_options";
    const bad = this.checkHost();
    if (bad !== "") return bad;
    if (this.cookies !== "") this.headers.pushField(cookieInfo, this.cookies, undefined);
    head.method = isUpgrade ? "GET" : this.method;
    head.upgrade = isUpgrade ? this.protocol.toLowerCase() : "";
    head.path = this.path;
    head.authority = this.authority;
    head.scheme = this.scheme;
    head.wantsClose = false;
    head.expectsContinue = this.expectsContinue;
    head.hasContentLength = this.contentLength !== null;
    head.bodyLength = this.bodyLength(isLast);
    head.mayHaveTrailers = !isLast && !isUpgrade;
    if (isUpgrade) head.bodyLength = 0;
    return head.bodyLength === invalidLength ? "invalid_content_length" : "";
  }

  /** Plain CONNECT has an authority and nothing else (RFC 9113 8.5). */
  private toConnect(head: RequestHead, isLast: boolean): string {
    const allowed = (1 << PSEUDO.method) | (1 << PSEUDO.authority);
    if (this.seen !== allowed || isLast || this.contentLength !== null) return "malformed_connect";
    const bad = this.checkHost();
    if (bad !== "") return bad;
    if (!/:\d+$/.test(this.authority)) return "invalid_authority";
    head.method = "CONNECT";
    head.upgrade = "connect";
    head.path = "";
    head.authority = this.authority;
    head.scheme = "http";
    head.wantsClose = false;
    head.expectsContinue = false;
    head.hasContentLength = false;
    head.mayHaveTrailers = false;
    head.bodyLength = 0;
    return "";
  }

  private checkHost(): string {
    const { host } = this;
    if ((this.seen & (1 << PSEUDO.authority)) !== 0) {
      return host === null || host === this.authority ? "" : "host_differs_from_authority";
    }
    if (host === null) return "missing_authority";
    this.authority = host;
    this.headers.pushField(hostInfo, host, undefined);
    return "";
  }

  private bodyLength(isLast: boolean): number {
    const length = this.contentLength === null ? lengthUnknown : parseContentLength(this.contentLength);
    if (this.contentLength !== null && length < 0) return invalidLength;
    if (!isLast) return length;
    return length > 0 ? invalidLength : 0;
  }

  /** Completes a response head; for interim ones only the status counts. The problem, or "". */
  toResponse(head: ResponseHead, isLast: boolean, isHead: boolean): string {
    if (this.problem !== "") return this.problem;
    if (this.seen !== 1 << PSEUDO.status) return "pseudo_headers_of_a_response";
    if (!/^[1-5][0-9]{2}$/.test(this.status)) return "invalid_status";
    head.status = Number(this.status);
    head.reason = "";
    head.wantsClose = false;
    head.hasContentLength = this.contentLength !== null;
    head.mayHaveTrailers = !isLast;
    if (this.cookies !== "") this.headers.pushField(cookieInfo, this.cookies, undefined);
    if (isHead || head.status === 204 || head.status === 304 || head.status < 200) {
      head.bodyLength = 0;
      return isLast || head.status < 200 ? "" : "body_where_none_may_be";
    }
    head.bodyLength = this.bodyLength(isLast);
    return head.bodyLength === invalidLength ? "invalid_content_length" : "";
  }

  /** Trailers: no pseudo-header fields, and nothing that had to come first. */
  areTrailers(isRequest: boolean): boolean {
    const hasLate = this.host !== null || this.expectsContinue || (isRequest && this.cookies !== "");
    return this.problem === "" && this.seen === 0 && !hasLate && !areForbidden(this.headers, isRequest);
  }
}

const invalidLength = -3;
