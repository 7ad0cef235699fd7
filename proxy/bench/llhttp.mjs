// What llhttp, the parser inside Node, reads from bytes: synchronously and without a socket, so that the answer is the same at any load.
// Rule: it says what the bytes mean to llhttp; what node:http makes of that (Host, Expect) is not asked.

import { HTTPParser, methods } from "node:_http_common";

const { REQUEST, RESPONSE, kOnHeaders, kOnHeadersComplete, kOnBody, kOnMessageComplete } = HTTPParser;
const SKIP_BODY = 1;

const parser = new HTTPParser();

function pairs(flat) {
  const list = [];
  for (let i = 0; i + 1 < flat.length; i += 2) list.push([flat[i].toLowerCase(), flat[i + 1]]);
  return list;
}

/**
 * All messages in `bytes`. `isBroken`: llhttp refused what came after them; `isPartial`: a message began and did not end;
 * `after`: bytes were left when the other protocol of an upgrade began.
 */
function read(type, bytes, { onHead, isEnded = false }) {
  parser.initialize(type, {});
  const messages = [];
  let current = null;
  let flat = [];
  let early = "";
  // Called when there are more than 32 fields, and for trailers.
  parser[kOnHeaders | 0] = (headers, url) => {
    flat.push(...headers);
    if (current === null) early += url;
  };
  parser[kOnHeadersComplete | 0] = (major, minor, headers, method, url, status, reason, upgrade, keepAlive) => {
    const all = pairs(headers ?? flat);
    current = {
      version: `${major}.${minor}`,
      url: url ?? early,
      status,
      reason,
      upgrade,
      keepAlive,
      headers: all,
      body: "",
    };
    flat = [];
    early = "";
    return onHead(current, method);
  };
  parser[kOnBody | 0] = (chunk, offset, length) => {
    // Node 20 hands over the piece itself, earlier ones a buffer with a range.
    current.body += (offset === undefined ? chunk : chunk.subarray(offset, offset + length)).toString("latin1");
  };
  parser[kOnMessageComplete | 0] = () => {
    messages.push({ ...current, trailers: pairs(flat) });
    flat = [];
    current = null;
  };
  let result = parser.execute(bytes, 0, bytes.length);
  const used = result instanceof Error ? 0 : result;
  if (!(result instanceof Error) && isEnded) result = parser.finish() ?? used;
  const isBroken = result instanceof Error;
  const error = isBroken ? result.code : "";
  return { messages, isBroken, error, isPartial: current !== null, after: isBroken ? 0 : bytes.length - used };
}

/** An upgrade to h2c means nothing (RFC 9113 3.1): what follows it is the next request. After any other, reading ends. */
export function readRequests(bytes) {
  const onHead = (message, method) => {
    message.method = methods[method];
    return 0;
  };
  const result = read(REQUEST, bytes, { onHead });
  const last = result.messages.at(-1);
  if (result.after === 0 || last?.method === "CONNECT" || fieldOf(last, "upgrade").toLowerCase() !== "h2c")
    return result;
  const rest = readRequests(bytes.subarray(bytes.length - result.after));
  return { ...rest, messages: [...result.messages, ...rest.messages] };
}

export const fieldOf = (message, name) => message?.headers.find(([one]) => one === name)?.[1] ?? "";

/** `methods`: of the requests that are answered, in order. Interim answers are left out. */
export function readResponses(bytes, requestMethods, isEnded) {
  let index = 0;
  const result = read(RESPONSE, bytes, {
    isEnded,
    onHead(message) {
      if (message.status < 200) return 0;
      return requestMethods[Math.min(index++, requestMethods.length - 1)] === "HEAD" ? SKIP_BODY : 0;
    },
  });
  return { ...result, messages: result.messages.filter((one) => one.status >= 200) };
}
