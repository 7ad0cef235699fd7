// Fuzzing of HTTP/1.1 requests: what the origin behind the proxy read must be what llhttp reads from the client's own bytes, up to the
// point where the proxy refused to go on. Rule: nothing is decided by a clock, except how long an unfinished request is left waiting.

import { connect } from "node:net";
import { requestInput } from "./fuzz-inputs.mjs";
import { requestMeaning, same } from "./fuzz-meaning.mjs";
import { fieldOf, readRequests, readResponses } from "./llhttp.mjs";

const GRACE_MS = 40;
const LIMIT_MS = 20_000;
const MARK = Buffer.from("HTTP/1.1 ");

/** Sends `pieces`, waits for `expected` answers, and tells what came back. */
function talk(port, pieces, expected, methods) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const held = [];
    let heads = 0;
    let isLate = false;
    const end = () => socket.end();
    let timer = setTimeout(() => {
      isLate = true;
      socket.destroy();
    }, LIMIT_MS);
    const rest = () => {
      // Reading anew what came so far costs more than a look at whether it can be enough.
      if (heads < expected.count) return;
      const reading = readResponses(Buffer.concat(held), methods, false);
      if (reading.messages.length < expected.count) return;
      clearTimeout(timer);
      if (expected.isWhole && expected.count > 0) return end();
      timer = setTimeout(end, GRACE_MS);
    };
    socket.on("connect", () => {
      let next = 0;
      const write = () => {
        if (next < pieces.length && !socket.destroyed) socket.write(pieces[next++]);
        if (next < pieces.length) setImmediate(write);
        else rest();
      };
      write();
    });
    socket.on("data", (chunk) => {
      held.push(chunk);
      for (let at = chunk.indexOf(MARK); at >= 0; at = chunk.indexOf(MARK, at + 1)) heads++;
      rest();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve({ ...readResponses(Buffer.concat(held), methods, true), isLate });
    });
  });
}

/** Why the two readings differ, or null. */
function difference({ seen, faults }, { expected, replies, isLate, mustPass, switches }) {
  if (faults.length > 0) return `malformed behind the proxy: ${faults.join(", ")}`;
  if (isLate) return "the proxy waits where llhttp has a whole request";
  if (replies.length > expected.length + 1)
    return `${replies.length} answers, ${expected.length} requests in the bytes`;
  let taken = 0;
  for (const [i, one] of expected.entries()) {
    const reply = replies[i];
    const number = fieldOf(reply, "x-number");
    const isOwn = reply !== undefined && number === "";
    if (isOwn && reply.status < 400) return `answer ${i + 1} is nobody's`;
    // What follows a request for another protocol is not read as a request.
    if (reply === undefined)
      return (switches >= 0 && i > switches) || isClosed(replies.at(-1))
        ? tooMany(seen, taken)
        : `request ${i + 1} was lost`;
    if (isOwn && mustPass && expected[i].path !== "*") return "a valid request was refused";
    if (isOwn) continue;
    if (number !== String(++taken)) return `answer ${i + 1} belongs to another request`;
    if (!same(seen[taken - 1], one)) return `request ${i + 1} is another one`;
  }
  return tooMany(seen, taken);
}

const isClosed = (reply) => reply !== undefined && !reply.keepAlive;
const tooMany = (seen, taken) =>
  seen.length > taken ? `${seen.length} requests behind the proxy, ${taken} answered` : null;

export async function requestExchange(lane, seed, number) {
  const { bytes, pieces, isValid } = requestInput(seed, number);
  const reading = readRequests(bytes);
  lane.seen.length = 0;
  lane.faults.length = 0;
  const methods = [...reading.messages.map((one) => one.method), "GET"];
  const expected = reading.messages.map((one) => requestMeaning(one));
  const switches = reading.messages.findIndex((one) => one.upgrade);
  const isWhole = !reading.isBroken && !reading.isPartial;
  const { messages: replies, isLate } = await talk(lane.port, pieces, { count: expected.length, isWhole }, methods);
  const mustPass = isValid && switches < 0;
  const problem = difference(lane, { expected, replies, isLate, mustPass, switches });
  return {
    problem,
    count: Math.max(1, replies.length),
    forwarded: lane.seen.length,
    input: bytes,
    details: { seen: [...lane.seen], expected, replies },
  };
}
