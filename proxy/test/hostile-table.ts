// Hostile and doubtful HTTP/1 input, with what the proxy must do. One test each (hostile.integration.test.ts), and the
// source of docs/reference/http1-strictness.md. Names follow the research list; "llhttp" tells what Node's parser does.

export interface HostileInput {
  readonly name: string;
  readonly bytes: string;
  /** Status of the first reply; null: no reply, the connection ends. */
  readonly status: number | null;
  /** Requests that reach the upstream. */
  readonly forwarded: number;
  readonly llhttp: "refuses" | "accepts";
  readonly why: string;
  /** What the upstream must (or must not) see. */
  readonly upstreamSees?: string;
  readonly upstreamMisses?: string;
}

const get = (rest: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${rest}\r\n`;
const post = (headers: string, body = ""): string => `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
const chunked = (body: string): string => post("Transfer-Encoding: chunked\r\n", body);
const next = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

const refuse = (name: string, bytes: string, why: string, status = 400): HostileInput => ({
  name,
  bytes,
  status,
  forwarded: 0,
  llhttp: "refuses",
  why,
});
const stricter = (name: string, bytes: string, why: string, status = 400): HostileInput => ({
  name,
  bytes,
  status,
  forwarded: 0,
  llhttp: "accepts",
  why,
});
const allow = (name: string, bytes: string, why: string, more: Partial<HostileInput> = {}): HostileInput => ({
  name,
  bytes,
  status: 200,
  forwarded: 1,
  llhttp: "accepts",
  why,
  ...more,
});

/** A body that was refused after its head went upstream: the upstream request is broken off, never completed. */
const refuseBody = (name: string, body: string, why: string, status = 400): HostileInput => ({
  name,
  bytes: chunked(body + next),
  status,
  forwarded: 0,
  llhttp: "refuses",
  why,
});

const framing: HostileInput[] = [
  refuse(
    "CL+TE",
    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${next}`),
    "two lengths: CL.TE and TE.CL smuggling",
  ),
  refuse("duplicate CL, differing", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), "two lengths"),
  refuse(
    "duplicate CL, identical",
    post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
    "one peer of the chain may join them",
  ),
  refuse("CL list 1, 1", post("Content-Length: 1, 1\r\n", "x"), "a list is no length"),
  refuse("CL +1", post("Content-Length: +1\r\n", "x"), "a sign is no digit"),
  refuse("CL 0x1", post("Content-Length: 0x1\r\n", "x"), "hexadecimal"),
  refuse("CL 1_0", post("Content-Length: 1_0\r\n", "0123456789"), "some languages read 10"),
  refuse("CL -1", post("Content-Length: -1\r\n"), "negative"),
  refuse("empty CL", post("Content-Length: \r\n"), "no length at all"),
  refuse("space before colon", post("Content-Length : 5\r\n", "hello"), "some recipients strip it"),
  refuse("CL 2^64 overflow", post("Content-Length: 18446744073709551617\r\n", "x"), "wraps to 1"),
  stricter("CL 2^53", post("Content-Length: 9007199254740993\r\n"), "not exact in a double"),
  stricter("CL 010", post("Content-Length: 010\r\n", "0123456789"), "octal or decimal?"),
  refuse("TE xchunked", post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n`), "an unknown coding", 501),
  refuse("TE chunked, gzip", post("Transfer-Encoding: chunked, gzip\r\n", `0\r\n\r\n`), "chunked must be last"),
  refuse("TE twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n`), "TE.TE"),
  refuse("TE identity", post("Transfer-Encoding: identity\r\n", "x"), "removed from HTTP in 2014", 501),
  stricter("empty TE", post("Transfer-Encoding: \r\n", `0\r\n\r\n`), "no coding at all"),
  refuse(
    "TE VT chunked",
    post("Transfer-Encoding: \x0bchunked\r\n", `0\r\n\r\n`),
    "vertical tab is no white space here",
  ),
  refuse("TE chunked;ext", post("Transfer-Encoding: chunked;x=1\r\n", `0\r\n\r\n`), "chunked has no parameters"),
  refuse(
    "TE obs-fold",
    post("Transfer-Encoding:\r\n chunked\r\n", `0\r\n\r\n`),
    "folded: one recipient sees it, another not",
  ),
  stricter(
    "TE gzip, chunked",
    post("Transfer-Encoding: gzip, chunked\r\n", `0\r\n\r\n`),
    "a coding we do not implement",
    501,
  ),
  stricter(
    "TE ,chunked",
    post("Transfer-Encoding: ,chunked\r\n", `0\r\n\r\n`),
    "empty list element: HTTP Garden transducer bugs",
  ),
  stricter(
    "TE on HTTP/1.0",
    `POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${next}`,
    "HTTP/1.0 has no chunked",
    426,
  ),
  refuse("TE with CL 0", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n`), "0.CL gadget"),
  refuse(
    "CL with a tab behind",
    post("Content-Length: 5\t\r\n", "hello"),
    "white space to some, a bad digit to llhttp",
  ),
  refuse(
    "TE with a tab behind",
    post("Transfer-Encoding: chunked\t\r\n", "0\r\n\r\n"),
    "chunked to some, not to llhttp",
  ),
  allow("CL with a space behind", post("Content-Length: 5 \r\n", "hello"), "optional white space", {
    upstreamSees: "content-length: 5\r\n",
  }),
  allow("TE Chunked in capitals", chunked("0\r\n\r\n").replace("chunked", "CHUNKED"), "codings are case-insensitive", {
    upstreamSees: "transfer-encoding: chunked",
  }),
];

const lines: HostileInput[] = [
  refuse("obs-fold", get("X-A: 1\r\n 2\r\n"), "line folding was removed from HTTP"),
  refuse("bare LF in request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", "line ends are CRLF"),
  refuse("bare LF in header", "GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n", "line ends are CRLF"),
  refuse("bare LF as header end", "GET / HTTP/1.1\r\nHost: a\r\n\n", "line ends are CRLF"),
  refuse("bare CR", get("X-A: 1\r2\r\n"), "some recipients end the line here"),
  refuse("NUL in value", get("X-A: 1\x002\r\n"), "cut short by C strings"),
  refuse("NUL in name", get("X\x00A: 1\r\n"), "cut short by C strings"),
  refuse("space in name", get("X A: 1\r\n"), "not a token"),
  refuse("empty name", get(": 1\r\n"), "not a token"),
  refuse("no colon", get("X-A\r\n"), "not a field"),
  refuse(
    "leading white space before the first header",
    "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "folds into the request line for some",
  ),
  refuse("missing Host", "GET / HTTP/1.1\r\nX-A: 1\r\n\r\n", "RFC 9112 3.2"),
  refuse("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "unknown version", 505),
  stricter("HTTP/2.0 in a request line", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "not how HTTP/2 begins", 505),
  refuse("PRI as a method", "PRI / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/2 begins with its whole preface or not at all"),
  refuse("lower-case protocol name", "GET / http/1.1\r\nHost: a\r\n\r\n", "the name is case-sensitive"),
  refuse("unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "what is behind us would refuse it too"),
  refuse("lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "methods are case-sensitive"),
  refuse("tab between method and target", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "one space"),
  stricter("double SP in request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "one space"),
  stricter("HTTP/0.9", "GET /\r\n\r\n", "no version, no headers, no framing"),
  refuse("unknown Expect", get("Expect: 200-ok\r\n"), "RFC 9110 10.1.1", 417),
  refuse("DEL in value", get("X-A: 1\x7f2\r\n"), "a control character"),
  refuse("DEL in name", get("X\x7fA: 1\r\n"), "not a token"),
  stricter("HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "upgrade required, as Envoy", 426),
];

const chunks: HostileInput[] = [
  refuseBody("chunk size 0x5", "0x5\r\nhello\r\n0\r\n\r\n", "prefix"),
  refuseBody("chunk size +5", "+5\r\nhello\r\n0\r\n\r\n", "sign"),
  refuseBody("chunk size -1", "-1\r\nhello\r\n0\r\n\r\n", "sign"),
  refuseBody("chunk size 1_0", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n", "underscore"),
  refuseBody("chunk size with leading space", " 5\r\nhello\r\n0\r\n\r\n", "white space"),
  refuseBody("chunk size with trailing space", "5 \r\nhello\r\n0\r\n\r\n", "white space"),
  refuseBody("chunk size with bare ;", "5;\r\nhello\r\n0\r\n\r\n", "an extension without a name"),
  refuseBody("empty chunk size", "\r\nhello\r\n0\r\n\r\n", "no size"),
  refuseBody("chunk size above 2^53", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "overflow"),
  refuseBody("chunk-ext with LF (TERM.EXT)", "5;a\nb\r\nhello\r\n0\r\n\r\n", "line-ending ambiguity"),
  refuseBody("chunk-ext with CR", "5;a\rb\r\nhello\r\n0\r\n\r\n", "line-ending ambiguity (EXT.TERM)"),
  refuseBody("chunk-ext with NUL", "5;a\x00b\r\nhello\r\n0\r\n\r\n", "control character"),
  refuseBody("chunk size ended by LF", "5\nhello\r\n0\r\n\r\n", "line ends are CRLF"),
  refuseBody("chunk data ended by LF", "5\r\nhello\n0\r\n\r\n", "line ends are CRLF"),
  refuseBody("chunk data spill", "5\r\nhello!!\r\n0\r\n\r\n", "more data than announced"),
  refuseBody("last chunk ended by LF", "5\r\nhello\r\n0\n\r\n", "line ends are CRLF"),
  refuseBody("CL in trailers", "5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n", "framing comes first or not at all"),
  {
    ...refuseBody("Host in trailers", "5\r\nhello\r\n0\r\nHost: b\r\n\r\n", "routing comes first or not at all"),
    llhttp: "accepts",
  },
  {
    ...refuseBody(
      "Authorization in trailers",
      "5\r\nhello\r\n0\r\nAuthorization: x\r\n\r\n",
      "identity comes first or not at all",
    ),
    llhttp: "accepts",
  },
  refuseBody(
    "TE in trailers",
    "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "framing comes first or not at all",
  ),
  refuseBody("obs-fold in trailers", "5\r\nhello\r\n0\r\nX: 1\r\n 2\r\n\r\n", "line folding"),
  allow("valid chunk-ext", chunked('5;a=b;c="d"\r\nhello\r\n0\r\n\r\n'), "dropped: bodies are re-chunked", {
    upstreamSees: "5\r\nhello\r\n0\r\n\r\n",
    upstreamMisses: ";a=b",
  }),
  allow("trailers", chunked("5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"), "dropped, as Envoy by default", {
    upstreamMisses: "X-Trailer",
  }),
  {
    ...allow(
      "incomplete trailer after the last chunk",
      chunked("5\r\nhello\r\n0\r\nX-T: 1\r\n"),
      "waits; the stream idle timeout ends it",
    ),
    status: null,
    forwarded: 0,
  },
];

const routing: HostileInput[] = [
  stricter("duplicate Host", get("Host: b\r\n"), "who is meant?"),
  stricter("Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "not an authority"),
  stricter("Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "not an authority"),
  stricter("Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "who is meant?"),
  stricter("empty Host", "GET / HTTP/1.1\r\nHost: \r\n\r\n", "nothing to route by"),
  stricter("Host with a word for a port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "not an authority"),
  allow(
    "absolute-form against Host",
    "GET http://right/x HTTP/1.1\r\nHost: wrong\r\n\r\n",
    "the target wins and Host is rewritten",
    { upstreamSees: "GET /x HTTP/1.1\r\nhost: right".toLowerCase(), upstreamMisses: "wrong" },
  ),
  stricter("absolute-form with userinfo", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "not an authority"),
  stricter("absolute-form with another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "only http and https"),
  stricter("fragment in target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "a fragment is never sent"),
  refuse("obs-text in target", "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", "not a URI character"),
  refuse("relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", "origin-form begins with a slash"),
  stricter("asterisk without OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "only OPTIONS asks about the server"),
  stricter("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "tunnels are not configured", 405),
  stricter("NUL escaped in path", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", "path normalisation refuses it"),
  allow("dot segments", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", "normalised before RBAC, routing and forwarding", {
    upstreamSees: "get /b http/1.1",
  }),
  allow(
    "escaped dot segments",
    "GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n",
    "normalised before RBAC, routing and forwarding",
    { upstreamSees: "get /b http/1.1" },
  ),
  allow("backslash in path", "GET /a\\..\\b HTTP/1.1\r\nHost: a\r\n\r\n", "a slash for many servers: normalised", {
    upstreamSees: "get /b http/1.1",
  }),
  allow("doubled slashes", "GET //a///b HTTP/1.1\r\nHost: a\r\n\r\n", "merged before RBAC, routing and forwarding", {
    upstreamSees: "get /a/b http/1.1",
  }),
  allow(
    "escaped slash in path",
    "GET /a%2fb HTTP/1.1\r\nHost: a\r\n\r\n",
    "kept as it is, unless the configuration says otherwise",
    {
      upstreamSees: "get /a%2fb http/1.1",
    },
  ),
  allow(
    "parameter in path",
    "GET /a;x=1/../b HTTP/1.1\r\nHost: a\r\n\r\n",
    "a part of its segment, which the dots remove",
    {
      upstreamSees: "get /b http/1.1",
    },
  ),
  allow(
    "overlong UTF-8 in path",
    "GET /a/%c0%ae%c0%ae/b HTTP/1.1\r\nHost: a\r\n\r\n",
    "no dots: passed on as it is, never decoded",
    {
      upstreamSees: "get /a/%c0%ae%c0%ae/b http/1.1",
    },
  ),
  allow("obs-text in value", get("X-A: \xe9\xff\r\n"), "forwarded byte for byte", { upstreamSees: "x-a: \xe9\xff" }),
  allow(
    "GET with a body",
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "forwarded with its framing",
    { upstreamSees: "content-length: 5\r\n" },
  ),
  allow(
    "DELETE with a chunked body",
    "DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "framing and body stay together",
    { upstreamSees: "5\r\nhello\r\n0\r\n\r\n" },
  ),
];

const hops: HostileInput[] = [
  stricter(
    "Connection: x-forwarded-for",
    get("Connection: x-forwarded-for\r\nX-Forwarded-For: 1.2.3.4\r\n"),
    "a peer cannot strip who it is",
  ),
  stricter("Connection: x-request-id", get("Connection: x-request-id\r\n"), "a peer cannot strip tracing"),
  stricter(
    "Connection: authorization",
    get("Connection: authorization\r\nAuthorization: x\r\n"),
    "a peer cannot strip credentials",
  ),
  ...["x-forwarded-client-cert", "traceparent", "cookie", "x-envoy-attempt-count", "transfer-encoding"].map((name) =>
    stricter(`Connection: ${name}`, get(`Connection: ${name}\r\n`), "a peer cannot strip identity, tracing or framing"),
  ),
  allow(
    "Proxy-Connection, Proxy-Authenticate",
    get("Proxy-Connection: keep-alive\r\nProxy-Authenticate: x\r\n"),
    "hop-by-hop fields are dropped",
    { upstreamMisses: "proxy-" },
  ),
  stricter("Connection: host", get("Connection: close, host\r\n"), "a peer cannot strip routing"),
  stricter(
    "Connection: content-length",
    post("Connection: content-length\r\nContent-Length: 5\r\n", "hello"),
    "a peer cannot strip framing",
  ),
  allow("Connection lists a header of the app", get("Connection: x-app\r\nX-App: 1\r\n"), "that header is dropped", {
    upstreamMisses: "x-app",
  }),
  allow(
    "Keep-Alive, TE, Proxy-Authorization",
    get("Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authorization: x\r\n"),
    "hop-by-hop fields are dropped",
    { upstreamMisses: "proxy-authorization" },
  ),
  stricter("websocket upgrade", get("Connection: upgrade\r\nUpgrade: websocket\r\n"), "not configured", 403),
  stricter(
    "Upgrade with a body",
    post("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n", "hello"),
    "an upgrade has no body",
    403,
  ),
  allow(
    "h2c upgrade",
    get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
    "never forwarded: the headers are dropped",
    { upstreamMisses: "h2c" },
  ),
  allow("spoofed x-envoy headers", get("X-Envoy-Retry-On: 5xx\r\nX-Envoy-Upstream-Rq-Timeout-Ms: 1\r\n"), "dropped", {
    upstreamMisses: "x-envoy-",
  }),
  allow(
    "spoofed x-forwarded-client-cert",
    get("X-Forwarded-Client-Cert: URI=spiffe://mesh.local/ns/a/sa/admin\r\n"),
    "dropped: plain text proves nobody",
    { upstreamMisses: "spiffe" },
  ),
  allow(
    "Expect: 100-Continue in odd case",
    post("Expect: 100-CONTINUE\r\nContent-Length: 5\r\n", "hello"),
    "answered here, never forwarded",
    { status: 100, upstreamMisses: "expect" },
  ),
  stricter(
    "101 headers",
    get(Array.from({ length: 101 }, (_, i) => `X-${i}: 1\r\n`).join("")),
    "Envoy's limit is 100",
    431,
  ),
  stricter(
    "2001 headers",
    get(Array.from({ length: 2001 }, (_, i) => `X-${i}: 1\r\n`).join("")),
    "Node drops the surplus silently",
    431,
  ),
  refuse("head above 60 KiB", get(`X-A: ${"a".repeat(62_000)}\r\n`), "Envoy's limit", 431),
  {
    ...allow(
      "pipelined request after Connection: close",
      get("Connection: close\r\n") + next,
      "the second is not read",
    ),
    forwarded: 1,
  },
  {
    ...refuse(
      "request after a refused one",
      `GET / HTTP/1.1\r\nHost: a\r\nX A: 1\r\n\r\n${next}`,
      "nothing is read after doubt",
    ),
    forwarded: 0,
  },
  refuse("random bytes", "\x00\x01\x02\x03", "not HTTP"),
  refuse("TLS hello on a plain listener", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", "not HTTP"),
];

export const hostileGroups = { framing, lines, chunks, routing, hops };
export const hostileInputs: readonly HostileInput[] = Object.values(hostileGroups).flat();

const shown = (bytes: string): string => {
  const text = bytes
    .replace(/\\/g, "\\\\")
    .replace(/\r/g, "\\r")
    .replace(/\n/g, "\\n")
    .replace(/\t/g, "\\t")
    .replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replace(/\|/g, "\\|");
  return text.length > 160 ? `${text.slice(0, 120)}… (${bytes.length} bytes)` : text;
};

export function renderStrictness(): string {
  const rows = hostileInputs.map(({ name, bytes, status, forwarded, llhttp, why }) => {
    const outcome =
      status === null
        ? "waits"
        : forwarded === 0
          ? `${status}, closes`
          : `${status === 100 ? "100, then 200" : status}`;
    return `| ${name.replace(/\|/g, "\\|")} | \`${shown(bytes)}\` | ${outcome} | ${forwarded} | ${llhttp} | ${why} |`;
  });
  return `# HTTP/1.1 strictness

What the proxy does with hostile and doubtful input, byte for byte. This page is generated from
\`proxy/test/hostile-table.ts\`; each row is one test in \`proxy/test/hostile.integration.test.ts\`. "Forwarded" is the
number of complete requests that reach the upstream; "llhttp" is what Node's own parser does with the same bytes.
Renew with \`UPDATE_DOCS=1 npx vitest run --project integration proxy/test/hostile\`.

${hostileInputs.length} inputs.

| name | bytes | outcome | forwarded | llhttp | why |
| --- | --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}
