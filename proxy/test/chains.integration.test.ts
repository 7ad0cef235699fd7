// Smuggling through chains: every input of hostile-table.ts through (peer -> ours -> origin) and (ours -> peer -> origin), where the peer
// is node:http, nginx or HAProxy. Rule: what reaches the origin was answered to the client that asked for it, the request hidden in a body
// never reaches it, and another client on the same connections gets its own answer. docs/reference/smuggling-chains.md shows what each
// chain did.

import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRequests } from "../bench/llhttp.mjs";
import { type ChainOutcome, renderChains } from "./chain-page";
import { type HostileInput, hostileInputs } from "./hostile-table";
import { type PeerName, peerNames, startPeer, versionOf } from "./support/chain-peers";
import { call, cleanUp, keepAliveAgent, listenerPort, startDataPlane, startOrigin } from "./support/network";
import { cluster, endpoint, forward, listener, proxyPlan, route, routes } from "./support/plans";

const page = new URL("../../docs/reference/smuggling-chains.md", import.meta.url);
const LIMIT_MS = 10_000;
const QUIET_MS = 20;

interface Chain {
  readonly peer: PeerName;
  readonly order: "before" | "behind";
  readonly port: number;
  /** Paths that reached the origin. */
  readonly seen: string[];
}

async function startOurs(target: number): Promise<number> {
  const plane = await startDataPlane(
    proxyPlan({
      listeners: [listener("inbound")],
      clusters: [cluster("app", [endpoint(target)])],
      routes: [routes([route(forward([{ name: "app" }]))])],
    }),
  );
  return listenerPort(plane, "inbound");
}

async function startChain(peer: PeerName, order: Chain["order"]): Promise<Chain> {
  const seen: string[] = [];
  const { port: origin } = await startOrigin((incoming, response) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1");
    });
    incoming.on("error", () => {});
    incoming.on("end", () => {
      seen.push(`${incoming.method} ${incoming.url} ${body}`);
      response.setHeader("x-origin", seen.length);
      response.end(incoming.url);
    });
  });
  const port =
    order === "before"
      ? await startPeer(peer, await startOurs(origin))
      : await startOurs(await startPeer(peer, origin));
  return { peer, order, port, seen };
}

const answersIn = (text: string): number => text.match(/^x-origin: /gim)?.length ?? 0;

/** All that comes back: until the end, or until nothing follows and what reached the origin since is answered. */
function send(chain: Chain, { bytes, status }: HostileInput): Promise<{ text: string; hasLeft: boolean }> {
  const before = chain.seen.length;
  // What a peer takes for the beginning of a body is waited for by nobody.
  const { isPartial, isBroken } = readRequests(Buffer.from(bytes, "latin1"));
  const isWaiting = status === null || (chain.order === "before" && isPartial && !isBroken);
  // A second request may be read behind the first one, and takes its time.
  const quietMs = chain.order === "before" && bytes.includes("smuggled") ? 5 * QUIET_MS : QUIET_MS;
  return new Promise((resolve) => {
    const socket = connect(chain.port, "127.0.0.1");
    const until = Date.now() + LIMIT_MS;
    let text = "";
    const isEnough = (): boolean =>
      Date.now() > until ||
      ((isWaiting || /HTTP\/1\.[01] [2-5]\d\d/.test(text)) && answersIn(text) >= chain.seen.length - before);
    let hasLeft = false;
    const leave = (): void => {
      hasLeft = true;
      socket.destroy();
    };
    let timer = setInterval(() => isEnough() && leave(), quietMs);
    socket.on("connect", () => socket.write(Buffer.from(bytes, "latin1")));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      clearInterval(timer);
      timer = setInterval(() => isEnough() && leave(), quietMs);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(timer);
      resolve({ text, hasLeft });
    });
  });
}

/** What became of one input, and of the client beside it. */
async function outcomeOf(chain: Chain, input: HostileInput, number: number): Promise<ChainOutcome> {
  const before = chain.seen.length;
  const { text, hasLeft } = await send(chain, input);
  const victim = await call(chain.port, { path: `/victim/${number}`, agent: keepAliveAgent() });
  expect([victim.status, victim.body], `${input.name}: another client`).toEqual([200, `/victim/${number}`]);
  const mine = chain.seen.slice(before).filter((one) => !one.includes("/victim/"));
  const first = /^HTTP\/1\.[01] ([2-5]\d\d)/m.exec(text)?.[1];
  const status = first === undefined ? null : Number(first);
  return { name: input.name, status, forwarded: mine.length, answered: answersIn(text), hasLeft, seen: mine };
}

const installed = peerNames.filter((peer) => versionOf(peer) !== null);
const chains = new Map<string, Chain>();
const outcomes = new Map<string, ChainOutcome[]>();

beforeAll(async () => {
  for (const peer of installed)
    for (const order of ["before", "behind"] as const) chains.set(`${peer} ${order}`, await startChain(peer, order));
  await Promise.all(
    [...chains].map(async ([name, chain]) => {
      const list: ChainOutcome[] = [];
      for (const [number, input] of hostileInputs.entries()) list.push(await outcomeOf(chain, input, number));
      outcomes.set(name, list);
    }),
  );
});
afterAll(cleanUp);

describe.each(installed.flatMap((peer) => [`${peer} before`, `${peer} behind`]))("a chain with %s", (name) => {
  it("answers what reaches the origin to the client that asked, unless that left or the peer refused what came behind it", () => {
    const isCut = ({ status, hasLeft, forwarded, answered }: ChainOutcome) =>
      answered < forwarded && (hasLeft || status === 400);
    expect((outcomes.get(name) ?? []).filter((one) => one.forwarded !== one.answered && !isCut(one))).toEqual([]);
  });

  // What others forgive in front of ours (a line that ends with LF, a guarded name in trailers) ends the first request, and what follows is the client's
  // second one: it is answered to that client.
  it("lets no more requests through than the bytes hold for whoever reads them first", () => {
    const isForgiving = name.endsWith("before") && !name.startsWith("node");
    for (const [i, input] of hostileInputs.entries()) {
      const whole = isForgiving
        ? (input.bytes.match(/[A-Z]+ \S+ HTTP\/1\.\d/g)?.length ?? 1)
        : readRequests(Buffer.from(input.bytes, "latin1")).messages.length;
      expect(outcomes.get(name)?.[i]?.forwarded, input.name).toBeLessThanOrEqual(whole);
    }
  });

  it.runIf(name.endsWith("behind"))("lets nothing through that hides in another request", () => {
    expect(chains.get(name)?.seen.filter((one) => one.includes("smuggled"))).toEqual([]);
  });

  it.runIf(name.endsWith("behind"))("keeps what ours refuses from the peer", () => {
    for (const [i, input] of hostileInputs.entries())
      if (input.forwarded === 0)
        expect(outcomes.get(name)?.[i], input.name).toMatchObject({ forwarded: 0, status: input.status });
  });
});

// Other versions of nginx and HAProxy may answer with another status: the page tells what these did, and is compared where they are.
describe("docs/reference/smuggling-chains.md", () => {
  it("has a row for each input", async () => {
    const versions = new Map(peerNames.map((peer) => [peer, versionOf(peer)]));
    if (process.env["UPDATE_DOCS"] === "1") {
      const inOrder = new Map([...chains.keys()].map((name) => [name, outcomes.get(name) ?? []]));
      await writeFile(page, renderChains(inOrder, versions));
    }
    const text = await readFile(page, "utf8");
    for (const { name } of hostileInputs) expect(text).toContain(`| ${name.replace(/\|/g, "\\|")} |`);
  });
});
