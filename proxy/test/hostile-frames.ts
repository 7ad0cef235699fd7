// The table of hostile HTTP/2 input (research/dataplane 4.4, CVE lists, h2spec): frames and outcome.
// Rule: an outcome is what the peer sees: an answer, RST_STREAM of the stream, or GOAWAY and the end of the connection.

import { emptySettings, fields, frame, int32, preface, requestFields } from "./support/http2";

export interface HostileFrames {
  readonly name: string;
  readonly bytes: () => Buffer[];
  readonly outcome: string;
  readonly why: string;
  /** The bytes are everything: no preface and SETTINGS before them. */
  readonly isWholeConnection?: boolean;
  readonly appSees?: string;
}

const HEADERS = 1;
const end = 1;
const endHeaders = 4;
const whole = end | endHeaders;

const get = (id = 1, ...more: [string, string][]): Buffer => frame(HEADERS, whole, id, requestFields(...more));
const post = (id = 1, ...more: [string, string][]): Buffer =>
  frame(
    HEADERS,
    endHeaders,
    id,
    fields([":method", "POST"], [":scheme", "http"], [":path", "/"], [":authority", "callee"], ...more),
  );
const getPath = (path: string, id = 1): Buffer =>
  frame(HEADERS, whole, id, fields([":method", "GET"], [":scheme", "http"], [":path", path], [":authority", "callee"]));
const times = (count: number, make: (index: number) => Buffer): Buffer[] =>
  Array.from({ length: count }, (_, i) => make(i));

const RST = (code: string): string => `RST_STREAM ${code}`;
const GOAWAY = (code: string): string => `GOAWAY ${code}, closed`;
const MALFORMED = RST("PROTOCOL_ERROR");
const CALM = GOAWAY("ENHANCE_YOUR_CALM");
const BROKEN = GOAWAY("PROTOCOL_ERROR");
const SIZE = GOAWAY("FRAME_SIZE_ERROR");
const HPACK = GOAWAY("COMPRESSION_ERROR");

const entry = (name: string, outcome: string, why: string, ...bytes: Buffer[]): HostileFrames => ({
  name,
  outcome,
  why,
  bytes: () => bytes,
});
const late = (name: string, outcome: string, why: string, bytes: () => Buffer[]): HostileFrames => ({
  name,
  outcome,
  why,
  bytes,
});

const malformed: HostileFrames[] = [
  ["CR LF in a value", "x-a", "1\r\nx-smuggled: 1"],
  ["CR in a value", "x-a", "1\rx-smuggled: 1"],
  ["LF in a value", "x-a", "1\nx-smuggled: 1"],
  ["NUL in a value", "x-a", "1\0"],
  ["DEL in a value", "x-a", "1\x7f"],
  ["space before a value", "x-a", " 1"],
  ["tab after a value", "x-a", "1\t"],
  ["colon in a name", "x-a:b", "1"],
  ["space in a name", "x smuggled", "1"],
  ["CR LF in a name", "x-a: 1\r\nx-smuggled", "1"],
  ["upper case in a name", "X-A", "1"],
  ["empty name", "", "1"],
  ["name of a colon only", ":", "1"],
  ["connection", "connection", "close"],
  ["keep-alive", "keep-alive", "timeout=5"],
  ["proxy-connection", "proxy-connection", "close"],
  ["transfer-encoding", "transfer-encoding", "chunked"],
  ["upgrade", "upgrade", "websocket"],
  ["te other than trailers", "te", "gzip"],
  ["pseudo-header after a regular one", ":authority", "other"],
  ["unknown pseudo-header", ":protocol", "websocket"],
  ["host that differs from :authority", "host", "other"],
  ["content-length with END_STREAM", "content-length", "5"],
  ["content-length that is no number", "content-length", "0x0"],
  ["content-length with a sign", "content-length", "+0"],
].map(([name, key, value]) => entry(name!, MALFORMED, "RFC 9113 8.2, 8.3", get(1, [key!, value!])));

const heads: HostileFrames[] = [
  ["two :path", [":method", "GET"], [":scheme", "http"], [":path", "/"], [":path", "/smuggled"], [":authority", "a"]],
  ["two :method", [":method", "GET"], [":method", "POST"], [":scheme", "http"], [":path", "/"], [":authority", "a"]],
  [":status in a request", [":method", "GET"], [":scheme", "http"], [":path", "/"], [":status", "200"]],
  ["no :method", [":scheme", "http"], [":path", "/"], [":authority", "a"]],
  ["no :scheme", [":method", "GET"], [":path", "/"], [":authority", "a"]],
  ["no :path", [":method", "GET"], [":scheme", "http"], [":authority", "a"]],
  ["empty :path", [":method", "GET"], [":scheme", "http"], [":path", ""], [":authority", "a"]],
  [":path with a space", [":method", "GET"], [":scheme", "http"], [":path", "/ HTTP/1.1"], [":authority", "a"]],
  [":path with CR LF", [":method", "GET"], [":scheme", "http"], [":path", "/\r\nx-smuggled: 1"], [":authority", "a"]],
  [":path without a slash", [":method", "GET"], [":scheme", "http"], [":path", "a"], [":authority", "a"]],
  [":path with a fragment", [":method", "GET"], [":scheme", "http"], [":path", "/#a"], [":authority", "a"]],
  ["* without OPTIONS", [":method", "GET"], [":scheme", "http"], [":path", "*"], [":authority", "a"]],
  [":method with a space", [":method", "GET /"], [":scheme", "http"], [":path", "/"], [":authority", "a"]],
  ["unknown :method", [":method", "BREW"], [":scheme", "http"], [":path", "/"], [":authority", "a"]],
  ["CONNECT", [":method", "CONNECT"], [":authority", "a:443"]],
  [":scheme of another protocol", [":method", "GET"], [":scheme", "ftp"], [":path", "/"], [":authority", "a"]],
  [":authority with userinfo", [":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "u@a"]],
  [":authority with a slash", [":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "a/b"]],
  ["neither :authority nor host", [":method", "GET"], [":scheme", "http"], [":path", "/"]],
].map(([name, ...pairs]) =>
  entry(
    name as string,
    MALFORMED,
    "RFC 9113 8.3.1",
    frame(HEADERS, whole, 1, fields(...(pairs as unknown as [string, string][]))),
  ),
);

const bodies: HostileFrames[] = [
  entry(
    "less DATA than content-length",
    MALFORMED,
    "RFC 9113 8.1.1: a CL.0 gadget once it is HTTP/1.1",
    post(1, ["content-length", "10"]),
    frame(0, end, 1, "12345"),
  ),
  entry(
    "more DATA than content-length",
    MALFORMED,
    "RFC 9113 8.1.1: smuggled",
    post(1, ["content-length", "1"]),
    frame(0, end, 1, "1GET /smuggled HTTP/1.1\r\n\r\n"),
  ),
  entry(
    "two content-length",
    MALFORMED,
    "two lengths",
    post(1, ["content-length", "1"], ["content-length", "1"]),
    frame(0, end, 1, "1"),
  ),
  entry(
    "pseudo-header in trailers",
    MALFORMED,
    "RFC 9113 8.1",
    post(),
    frame(HEADERS, whole, 1, fields([":path", "/smuggled"])),
  ),
  entry(
    "trailers without END_STREAM",
    MALFORMED,
    "RFC 9113 8.1",
    post(),
    frame(HEADERS, endHeaders, 1, fields(["x-a", "1"])),
  ),
  entry(
    "DATA after END_STREAM",
    RST("STREAM_CLOSED"),
    "half-closed (RFC 9113 5.1)",
    getPath("/never"),
    frame(0, end, 1, "x"),
  ),
  entry("HEADERS after END_STREAM", RST("STREAM_CLOSED"), "half-closed (RFC 9113 5.1)", getPath("/never"), get(1)),
];

const framing: HostileFrames[] = [
  {
    ...entry("HTTP/1.1 after the preface", BROKEN, "the first frame is SETTINGS", preface, get(1)),
    isWholeConnection: true,
  },
  {
    ...entry("wrong preface", BROKEN, "RFC 9113 3.4", Buffer.from("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")),
    isWholeConnection: true,
    outcome: "closed",
    why: "not HTTP/2: the HTTP/1.1 parser refuses it",
  },
  entry("frame of 16385 bytes", SIZE, "RFC 9113 4.2", frame(0, 0, 1, Buffer.alloc(16_385))),
  entry("DATA on stream 0", BROKEN, "RFC 9113 6.1", frame(0, 0, 0, "x")),
  entry("DATA on an idle stream", BROKEN, "RFC 9113 5.1", frame(0, 0, 1, "x")),
  entry(
    "DATA padding as long as the frame",
    BROKEN,
    "RFC 9113 6.1",
    post(),
    frame(0, 8, 1, Buffer.from([5, 0, 0, 0, 0])),
  ),
  entry("HEADERS on stream 0", BROKEN, "RFC 9113 6.2", frame(HEADERS, whole, 0, requestFields())),
  entry("HEADERS on an even stream", BROKEN, "RFC 9113 5.1.1", get(2)),
  entry("HEADERS padding too long", BROKEN, "RFC 9113 6.2", frame(HEADERS, whole | 8, 1, Buffer.from([200, 0x82]))),
  entry(
    "stream id that goes back",
    GOAWAY("ENHANCE_YOUR_CALM"),
    "RFC 9113 5.1.1; tolerated until it is a flood",
    ...times(1200, (i) => get(i === 0 ? 5 : 3)),
  ),
  entry(
    "stream that depends on itself",
    BROKEN,
    "RFC 7540 5.3.1",
    frame(HEADERS, whole | 32, 1, Buffer.concat([int32(1), Buffer.from([0]), requestFields()])),
  ),
  entry(
    "PRIORITY of 6 bytes",
    RST("FRAME_SIZE_ERROR"),
    "MadeYouReset",
    getPath("/never"),
    frame(2, 0, 1, Buffer.alloc(6)),
  ),
  entry(
    "PRIORITY on itself",
    MALFORMED,
    "MadeYouReset",
    getPath("/never"),
    frame(2, 0, 1, Buffer.concat([int32(1), Buffer.from([0])])),
  ),
  entry("PRIORITY on stream 0", BROKEN, "RFC 9113 6.3", frame(2, 0, 0, Buffer.alloc(5))),
  entry("RST_STREAM on stream 0", BROKEN, "RFC 9113 6.4", frame(3, 0, 0, int32(8))),
  entry("RST_STREAM of 3 bytes", SIZE, "RFC 9113 6.4", getPath("/never"), frame(3, 0, 1, Buffer.alloc(3))),
  entry("RST_STREAM on an idle stream", BROKEN, "RFC 9113 6.4", frame(3, 0, 1, int32(8))),
  entry("SETTINGS of 5 bytes", SIZE, "RFC 9113 6.5", frame(4, 0, 0, Buffer.alloc(5))),
  entry("SETTINGS on a stream", BROKEN, "RFC 9113 6.5", frame(4, 0, 1)),
  entry("SETTINGS ACK with a payload", SIZE, "RFC 9113 6.5", frame(4, 1, 0, Buffer.alloc(6))),
  entry("ENABLE_PUSH 2", BROKEN, "RFC 9113 6.5.2", frame(4, 0, 0, Buffer.from([0, 2, 0, 0, 0, 2]))),
  entry(
    "INITIAL_WINDOW_SIZE 2^31",
    GOAWAY("FLOW_CONTROL_ERROR"),
    "RFC 9113 6.5.2",
    frame(4, 0, 0, Buffer.from([0, 4, 0x80, 0, 0, 0])),
  ),
  entry("MAX_FRAME_SIZE 16383", BROKEN, "RFC 9113 6.5.2", frame(4, 0, 0, Buffer.from([0, 5, 0, 0, 0x3f, 0xff]))),
  entry("PUSH_PROMISE", BROKEN, "RFC 9113 8.4", frame(5, 4, 1, Buffer.concat([int32(2), requestFields()]))),
  entry("PING of 7 bytes", SIZE, "RFC 9113 6.7", frame(6, 0, 0, Buffer.alloc(7))),
  entry("PING on a stream", BROKEN, "RFC 9113 6.7", frame(6, 0, 1, Buffer.alloc(8))),
  entry("GOAWAY on a stream", BROKEN, "RFC 9113 6.8", frame(7, 0, 1, Buffer.alloc(8))),
  entry("WINDOW_UPDATE of 0 on the connection", BROKEN, "RFC 9113 6.9", frame(8, 0, 0, int32(0))),
  entry("WINDOW_UPDATE of 0 on a stream", MALFORMED, "MadeYouReset", getPath("/never"), frame(8, 0, 1, int32(0))),
  entry("WINDOW_UPDATE of 3 bytes", SIZE, "RFC 9113 6.9", frame(8, 0, 0, Buffer.alloc(3))),
  entry("WINDOW_UPDATE on an idle stream", BROKEN, "RFC 9113 5.1", frame(8, 0, 1, int32(1))),
  entry(
    "window of the connection above 2^31-1",
    GOAWAY("FLOW_CONTROL_ERROR"),
    "RFC 9113 6.9.1",
    frame(8, 0, 0, int32(0x7fffffff)),
  ),
  entry(
    "window of a stream above 2^31-1",
    RST("FLOW_CONTROL_ERROR"),
    "MadeYouReset",
    getPath("/never"),
    frame(8, 0, 1, int32(0x7fffffff)),
  ),
  entry("CONTINUATION without HEADERS", BROKEN, "RFC 9113 6.10", frame(9, 4, 1, requestFields())),
  entry(
    "frame inside a header block",
    BROKEN,
    "RFC 9113 6.10",
    frame(HEADERS, end, 1, requestFields()),
    frame(6, 0, 0, Buffer.alloc(8)),
  ),
  entry(
    "CONTINUATION of another stream",
    BROKEN,
    "RFC 9113 6.10",
    frame(HEADERS, end, 1, requestFields()),
    frame(9, 4, 3, ""),
  ),
];

const hpack: HostileFrames[] = [
  entry("index 0", HPACK, "RFC 7541 6.1", frame(HEADERS, whole, 1, Buffer.from([0x80]))),
  entry("index beyond the table", HPACK, "RFC 7541 2.3.3", frame(HEADERS, whole, 1, Buffer.from([0xff, 0x7f]))),
  entry(
    "integer without end",
    HPACK,
    "RFC 7541 5.1",
    frame(HEADERS, whole, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])),
  ),
  entry(
    "string longer than the block",
    HPACK,
    "RFC 7541 5.2",
    frame(HEADERS, whole, 1, Buffer.from([0, 0x7f, 0x20, 0x61])),
  ),
  entry(
    "Huffman padding of 8 bits",
    HPACK,
    "RFC 7541 5.2",
    frame(HEADERS, whole, 1, Buffer.from([0x04, 0x82, 0x1f, 0xff])),
  ),
  entry(
    "Huffman padding that is not EOS",
    HPACK,
    "RFC 7541 5.2",
    frame(HEADERS, whole, 1, Buffer.from([0x04, 0x81, 0x18])),
  ),
  entry(
    "EOS inside a Huffman string",
    HPACK,
    "RFC 7541 5.2",
    frame(HEADERS, whole, 1, Buffer.from([0x04, 0x84, 0xff, 0xff, 0xff, 0xff])),
  ),
  entry(
    "table larger than announced",
    HPACK,
    "RFC 7541 6.3",
    frame(HEADERS, whole, 1, Buffer.from([0x3f, 0xe2, 0x1f])),
  ),
  entry("table size inside a block", HPACK, "RFC 7541 4.2", frame(HEADERS, whole, 1, Buffer.from([0x82, 0x20]))),
  late("HPACK bomb", CALM, "one byte per 4 KiB field: the list is bounded, not only the block", () => {
    const big = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xc1, 0x1e]), Buffer.alloc(4032, 0x61)]);
    return [frame(HEADERS, whole, 1, Buffer.concat([requestFields(), big, Buffer.alloc(2000, 0xbe)]))];
  }),
  late("header list above 60 KiB", MALFORMED, "max_request_headers_kb", () => {
    const value = "v".repeat(3000);
    const block = requestFields(
      ...times(21, () => Buffer.alloc(0)).map((_, i) => [`x-${i}`, value] as [string, string]),
    );
    const pieces = [
      block.subarray(0, 16_000),
      block.subarray(16_000, 32_000),
      block.subarray(32_000, 48_000),
      block.subarray(48_000),
    ];
    return pieces.map((piece, i) => (i === 0 ? frame(HEADERS, end, 1, piece) : frame(9, i === 3 ? 4 : 0, 1, piece)));
  }),
  late("101 header fields", MALFORMED, "max_headers_count", () => [
    get(1, ...times(98, () => Buffer.alloc(0)).map((_, i) => [`x-${i}`, "1"] as [string, string])),
  ]),
  late("cookie crumbs", MALFORMED, "CVE-2026-47774: each crumb counts as a field", () => [
    get(1, ...times(120, () => Buffer.alloc(0)).map((_, i) => ["cookie", `c${i}=1`] as [string, string])),
  ]),
];

const floods: HostileFrames[] = [
  late("CONTINUATION flood", CALM, "CVE-2024-27983", () => [
    frame(HEADERS, end, 1, requestFields()),
    ...times(50, () => frame(9, 0, 1, fields(["x-a", "1"]))),
  ]),
  late("empty CONTINUATION flood", CALM, "CVE-2019-9518", () => [
    frame(HEADERS, end, 1, requestFields()),
    ...times(50, () => frame(9, 0, 1, "")),
  ]),
  late("rapid reset", CALM, "CVE-2023-44487", () =>
    times(600, (i) => Buffer.concat([getPath("/never", 2 * i + 1), frame(3, 0, 2 * i + 1, int32(8))])),
  ),
  late(
    "MadeYouReset by window overflow",
    "RST_STREAM FLOW_CONTROL_ERROR",
    "CVE-2025-8671: ends with GOAWAY after 500",
    () => times(600, (i) => Buffer.concat([getPath("/never", 2 * i + 1), frame(8, 0, 2 * i + 1, int32(0x7fffffff))])),
  ),
  late("malformed requests without end", MALFORMED, "each costs a reset: counted as one, GOAWAY after 500", () =>
    times(600, (i) => get(2 * i + 1, ["connection", "close"])),
  ),
  late("SETTINGS flood", CALM, "CVE-2019-9515", () => times(1100, () => emptySettings)),
  late("PING flood", CALM, "CVE-2019-9512", () => times(1100, () => frame(6, 0, 0, Buffer.alloc(8)))),
  late("PRIORITY flood", CALM, "CVE-2019-9513; Envoy: 100 per stream", () =>
    times(300, () => frame(2, 0, 1, Buffer.alloc(5))),
  ),
  late("WINDOW_UPDATE flood", CALM, "Envoy: 10 per DATA frame", () => times(300, () => frame(8, 0, 0, int32(1)))),
  late("unknown frames without end", CALM, "ignored one by one, not for ever", () =>
    times(1100, () => frame(0x42, 0, 0, "x")),
  ),
  late("empty DATA", CALM, "CVE-2019-9518; Envoy: one in a row", () => [post(), ...times(3, () => frame(0, 0, 1, ""))]),
  late("DATA beyond the window of the stream", RST("FLOW_CONTROL_ERROR"), "RFC 9113 6.9", () => [
    frame(
      HEADERS,
      endHeaders,
      1,
      fields([":method", "POST"], [":scheme", "http"], [":path", "/unread"], [":authority", "a"]),
    ),
    ...times(1000, () => frame(0, 0, 1, Buffer.alloc(16_384))),
  ]),
];

const accepted: HostileFrames[] = [
  {
    ...entry(
      "cookie crumbs, a few",
      "200",
      "joined with '; ' (RFC 9113 8.2.3)",
      get(1, ["cookie", "a=1"], ["cookie", "b=2"]),
    ),
    appSees: "a=1; b=2",
  },
  entry("te: trailers", "200", "the one value that may be", get(1, ["te", "trailers"])),
  entry("host equal to :authority", "200", "allowed, sent on once", get(1, ["host", "callee"])),
  entry("unknown frame", "200", "RFC 9113 4.1: ignored", frame(0x42, 0xff, 7, "x"), get(1)),
  entry(
    "unknown setting",
    "200",
    "RFC 9113 6.5.2: ignored",
    frame(4, 0, 0, Buffer.from([0x42, 0x42, 0, 0, 0, 1])),
    get(1),
  ),
  entry(
    "padding",
    "200",
    "RFC 9113 6.2",
    frame(HEADERS, whole | 8, 1, Buffer.concat([Buffer.from([3]), requestFields(), Buffer.alloc(3)])),
  ),
  entry(
    "priority in HEADERS",
    "200",
    "read and ignored",
    frame(HEADERS, whole | 32, 1, Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), requestFields()])),
  ),
  entry(
    "block in three CONTINUATION frames",
    "200",
    "RFC 9113 6.10",
    frame(HEADERS, end, 1, requestFields().subarray(0, 5)),
    frame(9, 0, 1, requestFields().subarray(5, 9)),
    frame(9, 0, 1, ""),
    frame(9, 4, 1, requestFields().subarray(9)),
  ),
  entry("obs-text in a value", "200", "carried byte for byte", get(1, ["x-a", "\xe9"])),
  entry(
    "trailers",
    "200",
    "passed on to HTTP/2; to HTTP/1.1 where enable_trailers says so",
    post(),
    frame(HEADERS, whole, 1, fields(["x-sum", "1"])),
  ),
  ...["content-length", "host", "te", "authorization", "x-forwarded-for"].map((name) =>
    entry(
      `${name} in trailers`,
      "RST_STREAM PROTOCOL_ERROR",
      "RFC 9110 6.5.1: framing, routing and identity come first or not at all",
      post(),
      frame(HEADERS, whole, 1, fields([name, name === "te" ? "trailers" : "1"])),
    ),
  ),
  late("GOAWAY of the client, then a request", "closed", "a client that leaves is not waited for", () => [
    frame(7, 0, 0, Buffer.alloc(8)),
    get(1),
  ]),
  late("the last stream id", "200", "RFC 9113 5.1.1: 2^31-1", () => [get(0x7fffffff)]),
  late("header table of 4 GB", "200", "SETTINGS_HEADER_TABLE_SIZE: our encoder keeps its own bound", () => [
    frame(4, 0, 0, Buffer.from([0, 1, 0xff, 0xff, 0xff, 0xff])),
    get(1),
  ]),
  late("large answer, window never opened", "200", "no more than the window is sent", () => [getPath("/large")]),
];

export const hostileFrameGroups = { malformed, heads, bodies, framing, hpack, floods, accepted };
export const hostileFrames: readonly HostileFrames[] = Object.values(hostileFrameGroups).flat();

export function renderHttp2Strictness(): string {
  const rows = hostileFrames.map((input) => `| ${input.name} | ${input.outcome} | ${input.why} |`);
  return `# What the HTTP/2 side refuses

One row per case of \`proxy/test/hostile-frames.ts\`, each an automated test against a real socket; after each the same
process serves a well-behaved client. Renew with
\`UPDATE_DOCS=1 npx vitest run --project integration proxy/test/http2-hostile\`.

A mistake in one request resets its stream; Envoy closes the whole connection instead (\`stream_error_on_invalid_http_messaging\`
is off there). Resets that a peer provokes count like resets it sends: after 500 streams a connection more than half of
whose streams were reset within a second ends with GOAWAY ENHANCE_YOUR_CALM, as in Envoy.

| input | outcome | why |
| --- | --- | --- |
${rows.join("\n")}
`;
}
