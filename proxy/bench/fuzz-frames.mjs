// Fuzzing of HTTP/2: what the origin behind the proxy read must be among what nghttp2 (node:http2) reads from the same frames. Rule: the
// same bytes go to both at once; what the proxy refuses may be more, what it passes on may not be another thing.

import { connect } from "node:net";
import { randomOf } from "./fuzz-inputs.mjs";
import { same } from "./fuzz-meaning.mjs";
import { http2Origin } from "./fuzz-origins.mjs";

const GRACE_MS = 60;
const GAP_MS = 5;
const LIMIT_MS = 20_000;
const MOST_SAID = 200;
const STREAMS = 8;
const [DATA, HEADERS, RST, PING, GOAWAY, CONTINUATION] = [0, 1, 3, 6, 7, 9];
const requestTypes = new Set([DATA, HEADERS, CONTINUATION]);
const END_STREAM = 1;
const END_HEADERS = 4;

function frame(type, flags, id, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

function literal(text) {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** Without indexing, or (`isKept`) with: the next streams may refer to it. */
const block = (fields, isKept) =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([isKept ? 0x40 : 0]), literal(name), literal(value)]));

const poison = "\r \n \0 : \x7f \xff , ; = \x0b A # / \r\nx-smuggled:1".split(" ").concat(" ", "\t");
const wrong = [
  ["connection", "close"],
  ["transfer-encoding", "chunked"],
  ["content-length", "4"],
  ["content-length", "5"],
  ["content-length", "+5"],
  ["host", "b"],
  ["host", "a"],
  ["te", "trailers"],
  ["te", "gzip"],
  ["upgrade", "h2c"],
  [":path", "/smuggled"],
  [":authority", "b"],
  [":protocol", "websocket"],
  ["X-Upper", "1"],
  ["", "1"],
  ["cookie", "c=3"],
];

function injureFields(fields, { random, below, pick }) {
  const list = fields.map((one) => [...one]);
  const at = below(list.length);
  if (random() < 0.25) list.splice(at, 1);
  else if (random() < 0.4) list.splice(below(list.length + 1), 0, [...pick(wrong)]);
  else {
    const side = random() < 0.3 ? 0 : 1;
    const text = list[at][side];
    const place = below(text.length + 1);
    list[at][side] = text.slice(0, place) + pick(poison) + text.slice(place + below(2));
  }
  return list;
}

/** HEADERS, perhaps with CONTINUATION. */
function headerFrames(id, payload, flags, { random, below }) {
  if (random() < 0.8) return [frame(HEADERS, flags | END_HEADERS, id, payload)];
  const cut = below(payload.length);
  return [
    frame(HEADERS, flags, id, payload.subarray(0, cut)),
    frame(CONTINUATION, END_HEADERS, id, payload.subarray(cut)),
  ];
}

/** The frames of one request; `isInjured`: a field or the framing is damaged. */
function requestFrames(id, tag, isInjured, by) {
  const { random, below, pick } = by;
  const hasBody = random() < 0.5;
  let fields = [
    [":method", hasBody ? pick(["POST", "PUT", "GET"]) : pick(["GET", "DELETE", "HEAD", "OPTIONS"])],
    [":scheme", "http"],
    [":path", `/${tag}/${id}?a=b`],
    [":authority", "a"],
    ["x-a", tag],
  ];
  if (random() < 0.3) fields.push(["cookie", "a=1"], ["cookie", "b=2"]);
  const body = "hello".repeat(1 + below(3));
  if (hasBody && random() < 0.5) fields.push(["content-length", String(body.length)]);
  const isFields = isInjured && random() < 0.7;
  if (isFields) fields = injureFields(fields, by);
  const frames = headerFrames(id, block(fields, random() < 0.3), hasBody ? 0 : END_STREAM, by);
  if (hasBody) {
    const cut = below(body.length + 1);
    const hasTrailers = random() < 0.2;
    if (cut > 0) frames.push(frame(DATA, 0, id, Buffer.from(body.slice(0, cut))));
    if (cut < body.length || !hasTrailers)
      frames.push(frame(DATA, hasTrailers ? 0 : END_STREAM, id, Buffer.from(body.slice(cut))));
    if (hasTrailers) {
      const trailers = [["x-t", "1"]];
      frames.push(...headerFrames(id, block(isFields ? injureFields(trailers, by) : trailers, false), END_STREAM, by));
    }
  }
  if (!isInjured || isFields) return frames;
  const at = below(frames.length);
  const way = random();
  if (way < 0.3) frames.splice(at, 1);
  else if (way < 0.5)
    frames.splice(at, 0, frame(below(12), below(256), random() < 0.5 ? id : below(20), Buffer.alloc(below(9))));
  else if (way < 0.75) frames.push(frame(RST, 0, id, Buffer.from([0, 0, 0, 8])));
  else {
    const one = Buffer.from(frames[at]);
    one[below(one.length)] = below(256);
    frames[at] = one;
  }
  return frames;
}

const tagOf = (number) => `n${number}.`;

function frameInput(seed, number) {
  const by = randomOf(seed, number);
  const isValid = by.random() < 0.1;
  const victim = by.below(STREAMS);
  const groups = Array.from({ length: STREAMS }, (_, i) =>
    requestFrames(2 * i + 1, tagOf(number), !isValid && i >= victim && by.random() < 0.6, by),
  );
  return { isValid, groups };
}

const first = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0)]);
const last = frame(PING, 0, 0, Buffer.alloc(8));
const connectionOf = (frames) => Buffer.concat([first, ...frames, last]);

/** Sends everything and waits for the end of each stream; what damage leaves open (`mayHang`) is left when nothing more comes. Tells how each
 * stream ended, with the beginning of its body: what the proxy answers itself says why. */
function talk(port, bytes, mayHang, pieces = [bytes]) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const ended = new Map();
    const said = new Map();
    let held = Buffer.alloc(0);
    let timer = setTimeout(() => socket.destroy(), LIMIT_MS);
    let isHeard = false;
    const leave = () => {
      if (!mayHang || !isHeard) return;
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(), GRACE_MS);
    };
    socket.on("connect", async () => {
      for (const [i, piece] of pieces.entries()) {
        if (i > 0) await new Promise((next) => setTimeout(next, GAP_MS));
        if (!socket.destroyed) socket.write(piece);
      }
    });
    socket.on("data", (chunk) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
        const size = held.readUIntBE(0, 3);
        const [type, flags, id] = [held[3], held[4], held.readUInt32BE(5)];
        if (type === DATA)
          said.set(id, ((said.get(id) ?? "") + held.toString("latin1", 9, 9 + size)).slice(0, MOST_SAID));
        if (type === RST) ended.set(id, "reset");
        else if ((type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0)
          ended.set(id, `answered: ${said.get(id) ?? ""}`);
        if (type === GOAWAY || (type === PING && (flags & 1) !== 0)) isHeard = true;
        held = held.subarray(9 + size);
      }
      leave();
      if (ended.size === STREAMS) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(ended);
    });
  });
}

/** What reads the same frames without the proxy. */
export async function frameReference() {
  const reference = { seen: [], faults: [] };
  const { server, port } = await http2Origin(reference);
  return Object.assign(reference, { server, port });
}

/** A request that was left may reach the origin after its exchange: it tells whose it was. */
const ofExchange = (list, tag) => list.filter((one) => JSON.stringify(one).includes(tag));

/** The preface, and frame by frame what the lengths in the bytes say. */
function walk(bytes) {
  const pieces = [bytes.subarray(0, 24)];
  for (let at = 24; at < bytes.length; ) {
    const end = at + 9 <= bytes.length ? at + 9 + bytes.readUIntBE(at, 3) : bytes.length;
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

/** Streams that the client itself broke off: whether their requests came through is a matter of time. */
function brokenOff(whole) {
  const bytes = whole.subarray(24);
  const ids = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3))
    if (bytes[at + 3] === RST) ids.push(`/${bytes.readUInt32BE(at + 5) & 0x7fffffff}?`);
  return ids;
}

/** The requests among `seen` that are none of `expected`. */
function strangers(seen, expected) {
  const left = [...expected];
  return seen.filter((one) => {
    const at = left.findIndex((other) => same(one, other));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** The frames up to each DATA frame, as if the stream ended there. */
function endedByLength(frames) {
  return frames.flatMap((one, i) => {
    if (one[3] !== DATA) return [];
    const end = Buffer.from(one);
    end[4] |= END_STREAM;
    return [[...frames.slice(0, i), end]];
  });
}

export async function frameExchange(lane, seed, number) {
  const { groups, isValid } = frameInput(seed, number);
  const bytes = connectionOf(groups.flat());
  const { reference } = lane;
  for (const list of [lane.seen, lane.faults, reference.seen]) list.length = 0;
  const [ended] = await Promise.all([talk(lane.port, bytes, !isValid), talk(reference.port, bytes, !isValid)]);
  const broken = brokenOff(bytes);
  const seen = ofExchange(lane.seen, tagOf(number)).filter((one) => !broken.some((id) => one.path.includes(id)));
  // Where HTTP/1.1 tells a length there is no place for trailers.
  const hasRoom = (one) => lane.isHttp2 || !one.headers.some((line) => line.startsWith("content-length:"));
  const expected = () => reference.seen.map((one) => (hasRoom(one) ? one : { ...one, trailers: [] }));
  let strange = strangers(seen, expected());
  if (strange.length > 0) {
    // nghttp2 ends a connection where ours resets a stream (PRIORITY of a wrong size, DATA on an ended stream): each stream is read by itself, with
    // the frames that make a request (none refers to another's fields). And node:http2 drops what it has read but not told when the
    // connection then ends with an error: so all of it once more, frame by frame.
    reference.seen.length = 0;
    await talk(reference.port, bytes, true, walk(bytes));
    for (const [i, group] of groups.entries()) {
      const own = group.filter((one) => requestTypes.has(one[3]) && one.readUInt32BE(5) === 2 * i + 1);
      await talk(reference.port, connectionOf(own), true);
      // Behind HTTP/1.1 a request is whole with the last byte of its content-length, whatever its stream does after that.
      if (!lane.isHttp2) for (const whole of endedByLength(own)) await talk(reference.port, connectionOf(whole), true);
    }
    strange = strangers(seen, expected());
  }
  let problem = null;
  if (lane.faults.length > 0) problem = `malformed behind the proxy: ${lane.faults.join(", ")}`;
  else if (strange.length > 0) problem = "a request is another one, or nghttp2 does not read it";
  else if (isValid && seen.length < STREAMS) problem = "a valid request was refused or lost";
  const details = { strange, expected: expected(), ended: [...ended] };
  return { problem, count: Math.max(1, ended.size), forwarded: seen.length, input: bytes, details };
}
