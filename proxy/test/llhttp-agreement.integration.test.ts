// Property: whatever our parser accepts, llhttp accepts with the same meaning; and a generated corpus of valid requests is accepted by
// ours. Rule: both read the same bytes at once, without a socket or a clock, so that an input is judged alike at any load. Seeds are
// printed by fast-check on failure.

import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRequests } from "../bench/llhttp.mjs";
import type { DownstreamStream, RequestSink } from "../src/http/exchange";
import { HeaderList } from "../src/http/h1/header-list";
import { H1ServerConnection } from "../src/http/h1/server-connection";
import { stripHopByHop } from "../src/http/request-headers";
import { hostileInputs } from "./hostile-table";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** Names that we change on purpose; the rest must be the same in order and value. */
const ours = new Set([
  "connection",
  "transfer-encoding",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "host",
  "proxy-connection",
  "http2-settings",
  "proxy-authorization",
  "proxy-authenticate",
]);

class FakeSocket extends EventEmitter {
  written = "";
  destroyed = false;
  setNoDelay(): void {}
  write(text: string): boolean {
    this.written += text;
    return true;
  }
  pause(): void {}
  resume(): void {}
  isPaused(): boolean {
    return false;
  }
  end(): void {}
  destroy(): void {
    this.destroyed = true;
  }
  destroySoon(): void {}
}

/** All complete requests our codec reads, and whether it refused anything. */
async function readWithOurs(pieces: readonly Buffer[]): Promise<{ requests: Seen[]; isRefused: boolean }> {
  const requests: Seen[] = [];
  const socket = new FakeSocket();
  let isRefused = false;
  const reply = new HeaderList();
  let stream: DownstreamStream | null = null;
  let body = "";
  const sink: RequestSink = {
    onRequest(next) {
      stream = next;
      body = "";
    },
    onRequestData(chunk, start, end) {
      body += chunk.toString("latin1", start, end);
    },
    onRequestEnd() {
      const one = stream as DownstreamStream;
      const { method, path, authority, headers } = one.request;
      stripHopByHop(headers);
      const list: string[] = [];
      for (let i = 0; i < headers.length; i++) {
        if (!ours.has(headers.nameAt(i))) list.push(`${headers.nameAt(i)}: ${headers.valueAt(i)}`);
      }
      requests.push({ method, path, host: authority, headers: list, body });
      one.sendHead(200, "OK", reply, 0, false);
      one.endResponse(null);
    },
    onRequestFlush() {},
    onDownstreamReset() {
      isRefused = true;
    },
    onDownstreamWritable() {},
  };
  new H1ServerConnection(socket as unknown as Socket, sink, {
    onUnfinished() {},
    onRefused() {
      isRefused = true;
    },
    onClosed() {},
  });
  for (const piece of pieces) {
    socket.emit("data", piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  return { requests, isRefused };
}

function fieldValue(headers: readonly (readonly [string, string])[], name: string): string {
  return headers.find(([one]) => one === name)?.[1] ?? "";
}

/** What llhttp reads from the same bytes. */
function readWithLlhttp(bytes: Buffer): { requests: Seen[]; isRefused: boolean } {
  const { messages, isBroken } = readRequests(bytes);
  const requests = messages.map(({ method, url, headers, body }) => {
    const named = new Set(
      fieldValue(headers, "connection")
        .split(",")
        .map((name) => name.trim().toLowerCase()),
    );
    const kept = headers.filter(([name]) => !ours.has(name) && !named.has(name));
    return { method, path: url, host: fieldValue(headers, "host"), headers: kept.map((pair) => pair.join(": ")), body };
  });
  return { requests, isRefused: isBroken };
}

const token = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,14}$/)
  .filter(
    (name) =>
      !/^(content-length|transfer-encoding|host|connection|expect|upgrade|te|trailer|keep-alive|x-envoy-.*)$/i.test(
        name,
      ),
  );
const value = fc.stringMatching(/^[!-~]([ -~\t]{0,30}[!-~])?$/);
const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS");
const path = fc.stringMatching(/^\/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,40}$/);
const host = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}(:[1-9][0-9]{0,3})?$/);
const headerLines = fc
  .array(fc.tuple(token, value), { maxLength: 12 })
  .map((list) => list.map(([name, text]) => `${name}: ${text}\r\n`).join(""));
const body = fc.string({ maxLength: 60 });

const validRequest = fc
  .tuple(method, path, host, headerLines, body, fc.constantFrom("none", "length", "chunked"))
  .map(([verb, target, authority, lines, text, framing]) => {
    const head = `${verb} ${target} HTTP/1.1\r\nHost: ${authority}\r\n${lines}`;
    const bytes = Buffer.from(text, "latin1").toString("latin1");
    if (framing === "length") return `${head}Content-Length: ${bytes.length}\r\n\r\n${bytes}`;
    if (framing === "chunked") {
      const chunk = bytes.length === 0 ? "" : `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
      return `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
    }
    return `${head}\r\n`;
  });

const poison = fc.constantFrom(
  "\r",
  "\n",
  "\r\n",
  " ",
  "\t",
  "\0",
  ":",
  ";",
  ",",
  "0",
  "\x7f",
  "\xff",
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "HTTP/1.0",
  "\x0b",
  "#",
  "Host: b\r\n",
);

/** A valid request with one to three small injuries. */
const mutated = fc
  .tuple(validRequest, fc.array(fc.tuple(fc.nat(), poison, fc.boolean()), { minLength: 1, maxLength: 3 }))
  .map(([text, injuries]) => {
    let result = text;
    for (const [position, insert, replaces] of injuries) {
      const at = position % result.length;
      result = result.slice(0, at) + insert + result.slice(replaces ? at + 1 : at);
    }
    return result;
  });

async function agree(text: string): Promise<void> {
  const bytes = Buffer.from(text, "latin1");
  const mine = await readWithOurs([bytes]);
  if (mine.requests.length === 0) return;
  const theirs = readWithLlhttp(bytes);
  const same = mine.requests.map((request) => ({ ...request, path: expect.any(String), host: expect.any(String) }));
  expect(theirs.requests.slice(0, mine.requests.length)).toMatchObject(same);
  mine.requests.forEach((request, index) => {
    // llhttp leaves the absolute form to its caller; ours has already split it.
    const target = theirs.requests[index]?.path ?? "";
    if (target.startsWith("/") || target === "*") {
      expect(target).toBe(request.path);
      expect(theirs.requests[index]?.host).toBe(request.host);
    }
  });
}

/** node:http, which reads with llhttp, asks two things more: Host (RFC 9112 3.2) and an expectation that it knows. */
function llhttpSays(bytes: Buffer): "accepts" | "refuses" {
  const { messages, isBroken } = readRequests(bytes);
  const first = messages[0];
  if (first === undefined) return isBroken ? "refuses" : "accepts"; // or waits for the rest
  const hasHost = first.version !== "1.1" || first.headers.some(([name]) => name === "host");
  const expectation = fieldValue(first.headers, "expect");
  const isExpected = expectation === "" || /(?:^|\W)100-continue(?:$|\W)/i.test(expectation);
  return hasHost && isExpected ? "accepts" : "refuses";
}

describe("our parser and llhttp", () => {
  it("agree on what was injured and still accepted", async () => {
    await fc.assert(fc.asyncProperty(mutated, agree), { numRuns: 600 });
  }, 120_000);

  it("agree on every input of the hostile table that we accept", async () => {
    for (const input of hostileInputs) if (input.status === 200) await agree(input.bytes);
  });

  it("accept at least 99 % of a valid corpus, and split anywhere it reads the same", async () => {
    let accepted = 0;
    const runs = 1000;
    await fc.assert(
      fc.asyncProperty(validRequest, fc.nat(), async (text, cut) => {
        const bytes = Buffer.from(text, "latin1");
        const whole = await readWithOurs([bytes]);
        if (whole.requests.length === 1 && !whole.isRefused) accepted++;
        const at = cut % bytes.length;
        const split = await readWithOurs(
          [bytes.subarray(0, at), bytes.subarray(at)].filter((piece) => piece.length > 0),
        );
        expect(split).toEqual(whole);
      }),
      { numRuns: runs },
    );
    expect(accepted / runs).toBeGreaterThanOrEqual(0.99);
  }, 60_000);

  it("llhttp does what the hostile table says of it", () => {
    const wrong: string[] = [];
    for (const input of hostileInputs) {
      if (input.status === null || input.name.startsWith("TLS") || input.name === "random bytes") continue;
      const outcome = llhttpSays(Buffer.from(input.bytes, "latin1"));
      if (outcome !== input.llhttp) wrong.push(`${input.name}: ${outcome}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});
