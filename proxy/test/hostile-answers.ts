// What origins say that no well-meaning origin says: bytes, and what the client gets. One test each (hostile-answers.integration.test.ts),
// and a table of docs/reference/hostile-input.md. Rule: after each a client on the same kept connections gets its own answer.

export interface HostileAnswer {
  readonly name: string;
  /** What follows the first piece comes when the client has read what the proxy made of that. */
  readonly pieces: readonly string[];
  readonly method?: "GET" | "HEAD" | "POST";
  /** Status that the client sees; "broken off": a head that is never completed by its body. */
  readonly outcome: number | "broken off";
  readonly body?: string;
  readonly why: string;
  /** The origin ends its connection behind the pieces. */
  readonly isEnded?: boolean;
}

const OK = "HTTP/1.1 200 OK\r\n";
const chunked = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const refused = (name: string, bytes: string, why: string): HostileAnswer => ({
  name,
  pieces: [bytes],
  outcome: 502,
  why,
});
const cut = (name: string, body: string, why: string): HostileAnswer => ({
  name,
  pieces: [chunked, body],
  outcome: "broken off",
  why,
});

export const hostileAnswers: readonly HostileAnswer[] = [
  refused("two lengths", `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, "response splitting"),
  refused("CL+TE in an answer", `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "two lengths"),
  refused("CL with a tab", `${OK}Content-Length: 2\t\r\n\r\nok`, "a digit for some, not for llhttp"),
  refused("CL that is no number", `${OK}Content-Length: 0x2\r\n\r\nok`, "two readings"),
  refused(
    "TE other than chunked",
    `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    "a coding we do not implement",
  ),
  refused(
    "TE in HTTP/1.0",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.0 has no chunked",
  ),
  refused("bare LF", `${OK}X-A: 1\nX-B: 2\r\n\r\n`, "line ends are CRLF"),
  refused("obs-fold in an answer", `${OK}X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n`, "line folding"),
  refused("NUL in a value of an answer", `${OK}X-A: 1\x002\r\nContent-Length: 0\r\n\r\n`, "cut short by C strings"),
  refused("space before a colon", `${OK}Content-Length : 2\r\n\r\nok`, "some recipients strip it"),
  refused("no status", "HTTP/1.1 OK\r\n\r\n", "not a status line"),
  refused("status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", "not a status line"),
  refused("HTTP/2 in a status line", "HTTP/2 200 OK\r\n\r\n", "not how HTTP/2 begins"),
  refused(
    "101 that nobody asked for",
    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "the connection would be something else",
  ),
  refused("nine interim answers", "HTTP/1.1 100 Continue\r\n\r\n".repeat(9), "a flood: eight are enough"),
  refused(
    "interim answer that closes",
    `HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n${OK}\r\n`,
    "nothing can follow",
  ),
  refused("101 header fields in an answer", `${OK}${"X-A: 1\r\n".repeat(101)}\r\n`, "max_headers_count"),
  refused("a head of 140 KB", `${OK}X-A: ${"a".repeat(140_000)}`, "bounded"),
  { name: "no answer", pieces: [""], isEnded: true, outcome: 503, why: "the connection ended" },
  cut("chunk size 0x2 in an answer", "0x2\r\nok\r\n0\r\n\r\n", "two readings"),
  cut("chunk data that spills", "2\r\nokay\r\n0\r\n\r\n", "more than announced"),
  cut("chunk size ended by LF in an answer", "2\nok\r\n0\r\n\r\n", "line ends are CRLF"),
  cut("CL in trailers of an answer", "2\r\nok\r\n0\r\nContent-Length: 9\r\n\r\n", "framing comes first or not at all"),
  {
    name: "fewer bytes than its length",
    pieces: [`${OK}Content-Length: 10\r\n\r\nhalf`],
    isEnded: true,
    outcome: "broken off",
    why: "the client must see that it is cut",
  },
  {
    name: "duplicated 100 before the answer",
    pieces: [`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`],
    outcome: 200,
    body: "ok",
    why: "swallowed: 100 is ours to say",
  },
  {
    name: "bytes behind the answer",
    pieces: [`${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 6\r\n\r\npoison`],
    outcome: 200,
    body: "ok",
    why: "the connection is given up: response-queue poisoning",
  },
  {
    name: "HEAD with a body",
    method: "HEAD",
    pieces: [`${OK}Content-Length: 6\r\n\r\npoison`],
    outcome: 200,
    body: "",
    why: "the same, where there is no body by rule",
  },
  {
    name: "204 with a body",
    pieces: ["HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\npoison"],
    outcome: 204,
    body: "",
    why: "the same, and the length is dropped",
  },
  {
    name: "304 with a body",
    pieces: ['HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 6\r\n\r\npoison'],
    outcome: 304,
    body: "",
    why: "the same",
  },
  {
    name: "an answer before the body is there",
    method: "POST",
    pieces: [`HTTP/1.1 413 Payload Too Large\r\nContent-Length: 2\r\n\r\nno`],
    outcome: 413,
    body: "no",
    why: "CL.0: what is left of the body is no request, on either side",
  },
];
