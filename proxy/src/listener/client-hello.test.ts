import { type AddressInfo, createServer } from "node:net";
import { connect } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { readHello } from "./client-hello";

/** What a TLS client of OpenSSL says first. */
function helloOf(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (bytes) => {
        socket.destroy();
        server.close();
        resolve(bytes);
      });
    });
    server.listen(0, "127.0.0.1", () => {
      const port = (server.address() as AddressInfo).port;
      connect({ host: "127.0.0.1", port, ...options }).on("error", () => {});
    });
    server.on("error", reject);
  });
}

let hello: Buffer;
beforeAll(async () => {
  hello = await helloOf({ servername: "Shop.Example.com", ALPNProtocols: ["h2", "http/1.1"] });
});

const asked = { kind: "tls", serverName: "shop.example.com", applicationProtocols: ["h2", "http/1.1"] };

/** The same message in records of `size` bytes. */
function inRecords(bytes: Buffer, size: number): Buffer {
  const message = bytes.subarray(5);
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    parts.push(Buffer.from([0x16, 0x03, 0x01, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(parts);
}

describe("the first bytes of a connection", () => {
  it("tell the name and the protocols that a TLS client asks for, the name in lower case", () => {
    expect(readHello(hello)).toEqual(asked);
  });

  it("tell TLS without name and protocols", async () => {
    expect(readHello(await helloOf({}))).toEqual({ kind: "tls", serverName: "", applicationProtocols: [] });
  });

  it("are waited for until the message is whole, however it is cut", () => {
    expect(readHello(Buffer.from("GET "))).toEqual({ kind: "incomplete" });
    for (let length = 0; length < hello.length; length++) {
      expect(readHello(hello.subarray(0, length))).toEqual({ kind: "incomplete" });
    }
    for (const size of [1, 3, 100]) expect(readHello(inRecords(hello, size))).toEqual(asked);
    expect(readHello(Buffer.concat([hello, Buffer.from("more")]))).toEqual(asked);
  });

  it.each([
    ["plain text", Buffer.from("GET / HTTP/1.1\r\n")],
    ["another major version", Buffer.from([0x16, 2, 1, 0, 5])],
    ["an empty record", Buffer.from([0x16, 3, 1, 0, 0])],
    ["a record that is too long", Buffer.from([0x16, 3, 1, 0x40, 1])],
    ["another handshake message", Buffer.from([0x16, 3, 1, 0, 1, 2])],
    ["a message that is too long", Buffer.from([0x16, 3, 1, 0, 4, 1, 0, 0x41, 0])],
    ["a message without content", Buffer.from([0x16, 3, 1, 0, 4, 1, 0, 0, 0])],
  ])("that are %s are no TLS", (_what, bytes) => {
    expect(readHello(bytes)).toEqual({ kind: "raw_buffer" });
  });

  it("never make the reader throw or look behind their end, whichever byte is another one", () => {
    for (let index = 0; index < hello.length; index++) {
      for (const value of [0, 0xff, (hello[index] ?? 0) ^ 1]) {
        const bytes = Buffer.from(hello);
        bytes[index] = value;
        expect(["tls", "raw_buffer", "incomplete"]).toContain(readHello(bytes).kind);
      }
    }
  });
});
