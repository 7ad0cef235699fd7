// Numbers of RFC 9113 and the limits that this proxy sets for peers. Rule: a limit names where it comes from.

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const CODE = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
} as const;

export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  /** RFC 8441 3. */
  enableConnectProtocol: 8,
} as const;

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
export const frameHeadBytes = 9;
/** RFC 9113 4.2: what everybody must take, and all that we take. */
export const maxFrameBytes = 16_384;
/** Body in a full frame of ours: with its head one TLS record, where 16,384 bytes would need two. */
export const fullDataBytes = maxFrameBytes - frameHeadBytes;
export const maxWindow = 0x7fffffff;
export const defaultWindow = 65_535;
export const defaultHeaderTableBytes = 4096;
/** Streams that may be opened before the peer's SETTINGS are known (RFC 9113 6.5.2 recommends at least 100). */
export const assumedMaxStreams = 100;

/** nghttp2's limit; a whole list of 60 KiB takes four. */
export const maxContinuations = 8;
/** A header block that stays incomplete for so long ends the connection (as the HTTP/1.1 head does). */
export const headerBlockTimeoutMs = 15_000;
/** Stop using ids long before they run out; the connection is replaced. */
export const lastUsableStreamId = 0x3fffffff;
