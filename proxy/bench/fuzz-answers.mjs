// Fuzzing of HTTP/1.1 answers: what the client behind the proxy reads must be what llhttp reads from the origin's own bytes, or the proxy
// says so (502, or the connection ends unfinished). Rule: no byte of one answer reaches the next request.

import { connect, createServer } from "node:net";
import { answerInput } from "./fuzz-inputs.mjs";
import { answerMeaning, same } from "./fuzz-meaning.mjs";
import { readResponses } from "./llhttp.mjs";

const LIMIT_MS = 20_000;
const FINE = "HTTP/1.1 200 OK\r\nx-fine: 1\r\nContent-Length: 4\r\n\r\nfine";
const ownStatuses = new Set([502, 503, 504]);

/** Says `lane.script` to a request for /script, and an ordinary answer to any other. */
export function answerOrigin(lane) {
  const server = createServer({ noDelay: true }, (socket) => {
    let held = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      held += chunk.toString("latin1");
      if (!held.includes("\r\n\r\n")) return;
      const isScript = held.startsWith("GET /script ") || held.startsWith("HEAD /script ");
      held = "";
      if (!isScript) return socket.write(FINE);
      const { pieces, isEnded } = lane.script;
      let next = 0;
      const write = () => {
        if (socket.destroyed) return;
        if (next < pieces.length) socket.write(pieces[next++]);
        if (next < pieces.length) setImmediate(write);
        else if (isEnded) socket.end();
      };
      write();
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ server, port: server.address().port }));
  });
}

/** One request for the script and, where the connection lives on, one behind it. */
function talk(port, method) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const held = [];
    let isLate = false;
    let asked = 1;
    const timer = setTimeout(() => {
      isLate = true;
      socket.destroy();
    }, LIMIT_MS);
    const methods = [method, "GET"];
    socket.on("connect", () => socket.write(`${method} /script HTTP/1.1\r\nHost: a\r\n\r\n`));
    socket.on("data", (chunk) => {
      held.push(chunk);
      const { messages } = readResponses(Buffer.concat(held), methods, false);
      if (messages.length < asked) return;
      if (asked === 2) return socket.end();
      asked = 2;
      socket.write("GET /fine HTTP/1.1\r\nHost: a\r\n\r\n");
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve({ ...readResponses(Buffer.concat(held), methods, true), isLate });
    });
  });
}

function difference(expected, { messages, isLate }, isValid) {
  if (isLate) return "neither an answer nor its end came";
  const [first, second] = messages;
  // Bytes behind an answer may come when the connection already has its next request: that one is refused, not answered with them.
  const isFine = second === undefined || second.body === "fine" || ownStatuses.has(second.status);
  if (!isFine) return "the next request got another answer";
  if (messages.length > 2) return "an answer that nobody asked for";
  const isOwn = first === undefined || ownStatuses.has(first.status);
  if (isOwn) return isValid && expected !== null ? "a valid answer was refused" : null;
  if (expected === null) return "an answer that llhttp does not read was passed on as whole";
  return same(answerMeaning(first), answerMeaning(expected)) ? null : "the answer is another one";
}

export async function answerExchange(lane, seed, number) {
  const input = answerInput(seed, number);
  // An answer that waits for its end would wait for the route's time limit: the origin ends it.
  const early = readResponses(input.bytes, [input.method, "GET"], false);
  const isEnded = input.isEnded || early.messages.length === 0;
  lane.script = { pieces: input.pieces, isEnded };
  const reading = readResponses(input.bytes, [input.method, "GET"], isEnded);
  const expected = reading.messages[0] ?? null;
  const reply = await talk(lane.port, input.method);
  const problem = difference(expected, reply, input.isValid);
  return {
    problem,
    count: Math.max(1, reply.messages.length),
    forwarded: 1,
    input: input.bytes,
    details: { method: input.method, isEnded, expected, replies: reply.messages },
  };
}
