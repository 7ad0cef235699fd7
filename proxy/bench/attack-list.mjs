// The attacks of `attacks.mjs`, each for as long as `isOver()` says no. Rule: loopback only, and bounded: by connections held at once and by
// the time of the run.

import { connect, createServer } from "node:net";
import tls from "node:tls";
import { loadHostileTables } from "./hostile-tables.mjs";

const AT_ONCE = 16;
/** Connections that are held open at once. */
const HELD = 500;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One connection: says `first`, and ends with the first answer, the peer's end, or after `ms`. */
function speak(port, first, ms = 40) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const timer = setTimeout(() => socket.destroy(), ms);
    socket.on("connect", () => socket.write(first));
    socket.on("data", () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The same connection again and again. */
const bulk = (portName, first, ms) => async (context) => {
  let count = 0;
  const work = async () => {
    while (!context.isOver()) {
      count++;
      await speak(context[portName], first, ms);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return count;
};

/** `count` connections that stay: `onConnect` speaks once, `onTick` every 20 ms; what the proxy closes is opened again. */
const held =
  (portName, { count = HELD, first = () => {}, tick, isDeaf = false }) =>
  async (context) => {
    const sockets = new Set();
    let opened = 0;
    const open = () => {
      opened++;
      const socket = connect({ port: context[portName], host: "127.0.0.1", noDelay: true });
      sockets.add(socket);
      socket.on("connect", () => first(socket));
      if (isDeaf) socket.pause();
      else socket.on("data", () => {});
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    };
    while (!context.isOver()) {
      for (let i = 0; i < 50 && sockets.size < count; i++) open();
      if (tick) for (const socket of sockets) if (socket.writable) tick(socket);
      await wait(20);
    }
    for (const socket of sockets) socket.destroy();
    return opened;
  };

const get = (path = "/") => `GET ${path} HTTP/1.1\r\nHost: a\r\n`;
const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

const slow = {
  "connections that say nothing": held("port", {}),
  "slowloris: a byte of a head at a time": held("port", {
    first: (socket) => socket.write(get()),
    tick: (socket) => socket.write("x"),
  }),
  "heads of 59 KB that never end": held("port", {
    first: (socket) => socket.write(`${get()}X-A: ${"a".repeat(59_000)}`),
  }),
  "slow bodies": held("port", {
    first: (socket) => socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"),
    tick: (socket) => socket.write("x"),
  }),
  "chunk extensions without end": held("port", {
    count: 50,
    first: (socket) => socket.write(`${chunked}5`),
    tick: (socket) => socket.write(";a=b".repeat(1000)),
  }),
  "trailers without end": held("port", {
    count: 50,
    first: (socket) => socket.write(`${chunked}0\r\n`),
    tick: (socket) => socket.write("X-T: 1\r\n".repeat(500)),
  }),
  "pipelined requests, answers never read": held("port", {
    count: 20,
    isDeaf: true,
    first: (socket) => socket.write(`${get()}\r\n`.repeat(5000)),
    tick: (socket) => socket.writableLength < 1_000_000 && socket.write(`${get()}\r\n`.repeat(1000)),
  }),
  "large answers never read": held("port", {
    count: 100,
    isDeaf: true,
    first: (socket) => socket.write(`${get("/50000000")}\r\n`),
  }),
  "half-open connections": held("port", { first: (socket) => socket.write(`${get("/never")}\r\n`) }),
};

const upstreams = {
  "interim answers without end": () => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(100),
  "a head without end": (isFirst) =>
    isFirst ? "HTTP/1.1 200 OK\r\n" : "X-A: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(500),
  "a header line without end": (isFirst) => (isFirst ? "HTTP/1.1 200 OK\r\nX-A: " : "a".repeat(16_000)),
  "chunk extensions without end": (isFirst) =>
    isFirst ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5" : ";a=b".repeat(4000),
  "trailers without end": (isFirst) =>
    isFirst ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" : "X-T: 1\r\n".repeat(2000),
  "bytes behind the answer without end": (isFirst) =>
    isFirst
      ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
      : "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison".repeat(300),
  "an early answer that drops the body": () => "HTTP/1.1 413 no\r\nContent-Length: 0\r\n\r\n",
  noise: () => Buffer.alloc(65_536, 0xff),
  "an end without an answer": null,
};

/** An origin that answers every request as `say` says, as fast as it is read. */
export async function startBadOrigin() {
  const bad = { say: null };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      if (bad.say === null) return socket.destroy();
      socket.write(bad.say(true), "latin1");
      const timer = setInterval(() => {
        if (socket.destroyed) return clearInterval(timer);
        if (bad.say !== null && socket.writableLength < 1_000_000) socket.write(bad.say(false), "latin1");
      }, 2);
      socket.on("close", () => clearInterval(timer));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(bad, { server, port: server.address().port });
}

const badly = (say) => async (context) => {
  context.bad.say = say;
  const count = await bulk(
    "badPort",
    `POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n${"x".repeat(20_000)}`,
    500,
  )(context);
  return count;
};

const hello = Buffer.from("16030100a5010000a10303", "hex");
const handshakes = (options) => async (context) => {
  let count = 0;
  const one = () =>
    new Promise((resolve) => {
      const socket = tls.connect({ port: context.tlsPort, host: "127.0.0.1", rejectUnauthorized: false, ...options });
      const timer = setTimeout(() => socket.destroy(), 500);
      socket.on("error", () => {});
      socket.on("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  const work = async () => {
    while (!context.isOver()) {
      count++;
      await one();
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return count;
};
const secure = {
  "handshakes that never begin": held("tlsPort", {}),
  "half a ClientHello": held("tlsPort", { first: (socket) => socket.write(hello) }),
  "noise instead of a ClientHello": bulk("tlsPort", Buffer.alloc(4096, 0x5a)),
  "handshakes without a certificate": handshakes({}),
  "handshakes of TLS 1.2": handshakes({ maxVersion: "TLSv1.2" }),
};

/** Every attack by class: {class: {name: run}}. */
export async function attacks() {
  const { hostileGroups, hostileFrameGroups, hello: http2Hello } = await loadHostileTables();
  const list = {};
  for (const [group, inputs] of Object.entries(hostileGroups))
    list[`HTTP/1.1 ${group}`] = Object.fromEntries(
      inputs.map(({ name, bytes }) => [name, bulk("port", Buffer.from(bytes, "latin1"))]),
    );
  for (const [group, inputs] of Object.entries(hostileFrameGroups))
    list[`HTTP/2 ${group}`] = Object.fromEntries(
      inputs.map((input) => [
        input.name,
        bulk("port", Buffer.concat([...(input.isWholeConnection ? [] : http2Hello), ...input.bytes()]), 100),
      ]),
    );
  list["slow and deaf clients"] = slow;
  list["hostile upstreams"] = Object.fromEntries(Object.entries(upstreams).map(([name, say]) => [name, badly(say)]));
  list.TLS = secure;
  return list;
}
