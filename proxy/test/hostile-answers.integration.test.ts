// Every row of hostile-answers.ts from a raw origin through a running proxy.

import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readResponses } from "../bench/llhttp.mjs";
import { type HostileAnswer, hostileAnswers } from "./hostile-answers";
import { call, cleanUp, keepAliveAgent, listenerPort, startDataPlane, startRawServer } from "./support/network";
import { cluster, endpoint, forward, listener, proxyPlan, route, routes } from "./support/plans";

const FINE = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
let port = 0;
let script: HostileAnswer;
const seen: string[] = [];
/** The origin says what follows its first piece; the client has read what came of that. */
let sendRest = (): void => {};

beforeAll(async () => {
  const origin = await startRawServer((socket) => {
    socket.on("data", (chunk) => {
      const text = chunk.toString("latin1");
      seen.push(text.slice(0, text.indexOf("\r\n")));
      if (text.startsWith("GET /fine ")) return void socket.write(FINE);
      if (!/^\w+ \/script /.test(text)) return;
      const { pieces, isEnded } = script;
      const [first = "", ...rest] = pieces;
      socket.write(first, "latin1");
      sendRest = () => {
        for (const piece of rest.splice(0)) socket.write(piece, "latin1");
        if (isEnded) socket.end();
      };
      if (rest.length === 0) sendRest();
    });
  });
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("inbound")],
      clusters: [cluster("app", [endpoint(origin)])],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
  );
  port = listenerPort(plane, "inbound");
});
afterAll(cleanUp);

/** What the client reads: a whole answer, or the head of one whose connection ends. */
function ask({ method = "GET" }: HostileAnswer): Promise<{ outcome: number | "broken off" | null; body: string }> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    const readSoFar = (isEnded: boolean) => readResponses(Buffer.concat(chunks), [method], isEnded);
    socket.on("connect", () => {
      // The body looks like a request; only its first half is sent before the answer.
      const length = method === "POST" ? `Content-Length: ${2 * SMUGGLED.length}\r\n` : "";
      socket.write(`${method} /script HTTP/1.1\r\nHost: a\r\n${length}\r\n${method === "POST" ? SMUGGLED : ""}`);
    });
    let isRestSent = false;
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      sendRest();
      if (readSoFar(false).messages.length === 0) return;
      if (method !== "POST" || isRestSent) return void socket.end();
      isRestSent = true;
      socket.end(SMUGGLED);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      const [first] = readSoFar(true).messages;
      const hasHead = chunks.length > 0;
      resolve({ outcome: first?.status ?? (hasHead ? "broken off" : null), body: first?.body ?? "" });
    });
  });
}

it.each(hostileAnswers)("$name", async (answer) => {
  script = answer;
  const got = await ask(answer);
  expect(got.outcome).toBe(answer.outcome);
  if (answer.body !== undefined) expect(got.body).toBe(answer.body);
  expect(await call(port, { path: "/fine", agent: keepAliveAgent() })).toMatchObject({ status: 200, body: "fine" });
  expect(seen.filter((line) => line.includes("smuggled"))).toEqual([]);
});

it("are what docs/reference/hostile-input.md shows", async () => {
  const page = await readFile(new URL("../../docs/reference/hostile-input.md", import.meta.url), "utf8");
  const missing = hostileAnswers.filter(({ name, outcome }) => !page.includes(`| ${name} | ${outcome} |`));
  expect(missing.map((one) => `| ${one.name} | ${one.outcome} | ${one.why} |`)).toEqual([]);
});
