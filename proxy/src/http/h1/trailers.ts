// What may come after a body (RFC 9110 6.5.1). Rule: a trailer never says how a message is framed, where it goes or whom
// it is from, in either version of HTTP: somebody behind us may merge it into the header fields.

import { type HeaderList, NAME } from "./header-list";

const framing =
  NAME.contentLength |
  NAME.transferEncoding |
  NAME.host |
  NAME.connection |
  NAME.connectionSpecific |
  NAME.expect |
  NAME.te |
  NAME.trailer |
  NAME.hop;

/**
 * Of a request also what is guarded: credentials, forwarded and x-envoy-* fields. An app may name these in trailers of its
 * response, as gRPC servers do with their metadata; nobody decides anything by them.
 */
const ofRequest = framing | NAME.guarded;

export function areForbidden(trailers: HeaderList, isRequest: boolean): boolean {
  return (trailers.seen & (isRequest ? ofRequest : framing)) !== 0;
}
