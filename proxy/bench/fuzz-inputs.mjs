// What `npm run fuzz` sends: valid messages, and the same with small injuries. Rule: an input depends on its number and the seed alone,
// so that one can be sent again by itself.

/** mulberry32 */
export function randomOf(seed, number) {
  let state = (seed ^ Math.imul(number + 1, 0x9e3779b1)) | 0;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit) => Math.floor(random() * limit);
  const pick = (list) => list[below(list.length)];
  return { random, below, pick };
}

const chunk = (text, extension = "") => `${text.length.toString(16)}${extension}\r\n${text}\r\n`;

const requests = [
  () => "GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n",
  () => "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  () => `POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk("hello", ";x=y")}0\r\nX-T: 1\r\n\r\n`,
  () => `PUT /d HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a:8080\r\n\r\n${chunk("he")}${chunk("llo")}0\r\n\r\n`,
  () => "GET http://b/x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
  () => "PUT /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
  () => "OPTIONS * HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: te, x-one\r\nX-One: 1\r\n\r\n",
  () => "HEAD /h HTTP/1.1\r\nhost:a\r\nCookie: a=1; b=2\r\nCookie: c=3\r\n\r\n",
  () => "DELETE /e HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
  ({ below }) => `PATCH /l HTTP/1.1\r\nHost: a\r\n${"X-Many: v\r\n".repeat(below(60))}Content-Length: 2\r\n\r\nok`,
  ({ below }) => `POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n${String(below(10)).repeat(9000)}`,
];

/** The connection is something else behind these, or ends. */
const switching = [
  () => "GET /w HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  () =>
    "GET /h2c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
  () => "CONNECT a:7 HTTP/1.1\r\nHost: a:7\r\n\r\n",
  () => "GET /close HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
];

const pieces = [
  ...'\r \n \r\n \0 : ; , \x7f \xff 0 # %00 \x0b \x0c \x85 \xa0 " = + - 1 g / \\ @ HTTP/1.0 HTTP/1.2 \r\n\r\n 0\r\n\r\n'.split(
    " ",
  ),
  ...[" ", "\t", "\r\n ", "\r\n\t"],
  ..."Content-Length: 4|Content-Length: 0|Content-Length: 5|Content-Length: +5|Transfer-Encoding: chunked|Transfer-Encoding: identity"
    .split("|")
    .map((line) => `${line}\r\n`),
  ..."Host: b|Connection: host|Connection: close|Connection: Upgrade|Upgrade: websocket|Upgrade: h2c|TE: trailers|Expect: 100-continue"
    .split("|")
    .map((line) => `${line}\r\n`),
  ...["0\r\nX-T: 1\r\n", "Trailer: x-t\r\n", "Keep-Alive: timeout=1\r\n", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"],
];

/** `text` with one to three places damaged. */
function injure(text, { random, below, pick }) {
  let result = text;
  for (let i = random() < 0.6 ? 0 : below(3); i >= 0; i--) {
    const at = below(result.length);
    const cut = random() < 0.5 ? 0 : below(3);
    const piece = random() < 0.8 ? pick(pieces) : random() < 0.5 ? String.fromCharCode(below(256)) : "";
    result = result.slice(0, at) + piece + result.slice(at + cut);
  }
  return result;
}

/** Bytes cut at up to three places: how they reach the other side. */
function split(bytes, { random, below }) {
  if (random() < 0.5) return [bytes];
  const cuts = Array.from({ length: 1 + below(3) }, () => below(bytes.length + 1)).sort((a, b) => a - b);
  const ends = [...cuts, bytes.length];
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end)).filter((piece) => piece.length > 0);
}

/** One connection of a client: up to eight requests, with injuries in one of them. */
export function requestInput(seed, number) {
  const by = randomOf(seed, number);
  const count = by.random() < 0.3 ? 1 : 2 + by.below(7);
  const list = Array.from({ length: count }, () => by.pick(by.random() < 0.1 ? switching : requests)(by));
  const isValid = by.random() < 0.1;
  if (!isValid) {
    const at = by.below(count);
    list[at] = injure(list[at], by);
  }
  const bytes = Buffer.from(list.join(""), "latin1");
  return { bytes, isValid, pieces: split(bytes, by) };
}

const answers = [
  () => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello",
  () => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk("hello", ";x=y")}0\r\nX-T: 1\r\n\r\n`,
  () => `HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n${chunk("he")}${chunk("llo")}0\r\n\r\n`,
  () => "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
  () => 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
  () => "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  () => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nok",
  () => "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nuntil the end",
  () => "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length: 3\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nabc",
  () =>
    "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nConnection: keep-alive, x-one\r\nX-One: 1\r\nContent-Length: 0\r\n\r\n",
  () => "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
  ({ below }) => `HTTP/1.1 200 OK\r\n${"X-Many: v\r\n".repeat(below(60))}Content-Length: 2\r\n\r\nok`,
  ({ below }) => `HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n${String(below(10)).repeat(9000)}`,
];

/** One answer of an origin to `method`, most of them injured, and whether the connection ends behind it. */
export function answerInput(seed, number) {
  const by = randomOf(seed, number);
  const isValid = by.random() < 0.1;
  const whole = by.pick(answers)(by);
  const bytes = Buffer.from(isValid ? whole : injure(whole, by), "latin1");
  return {
    bytes,
    isValid,
    method: by.random() < 0.15 ? "HEAD" : "GET",
    isEnded: by.random() < 0.5,
    pieces: split(bytes, by),
  };
}
