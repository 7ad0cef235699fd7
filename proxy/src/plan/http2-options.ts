// Envoy Http2ProtocolOptions -> Http2Plan. One rule: only options that change what a peer sees or what memory a
// connection may take are accepted; everything else in the message is refused by the support table.

import type { Http2ProtocolOptions } from "../contract/gen/envoy/config/core/v3/protocol_pb";
import type { Http2Plan } from "./types";

/**
 * Envoy's defaults but for the windows: 256 KiB per stream and 4 MiB per connection (Envoy: 16 and 24 MiB), so that a
 * reader that stands still cannot make a small process hold much.
 */
export const defaultHttp2: Http2Plan = {
  maxConcurrentStreams: 1024,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  headerTableBytes: 4096,
  allowConnect: false,
};

/** A table is memory that the peer fills. */
const maxHeaderTableBytes = 65_536;

export function http2Plan(options: Http2ProtocolOptions | undefined): Http2Plan {
  return {
    maxConcurrentStreams: options?.maxConcurrentStreams ?? defaultHttp2.maxConcurrentStreams,
    streamWindowBytes: options?.initialStreamWindowSize ?? defaultHttp2.streamWindowBytes,
    connectionWindowBytes: options?.initialConnectionWindowSize ?? defaultHttp2.connectionWindowBytes,
    allowConnect: options?.allowConnect ?? false,
    headerTableBytes: Math.min(options?.hpackTableSize ?? defaultHttp2.headerTableBytes, maxHeaderTableBytes),
  };
}
