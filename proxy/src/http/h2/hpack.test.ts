import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { HeaderList } from "../h1/header-list";
import type { Field } from "./fields";
import { FrameWriter } from "./frame-writer";
import { HpackDecoder } from "./hpack-decoder";
import { HpackEncoder } from "./hpack-encoder";
import { decodeHuffman } from "./huffman";

/** Takes writes and forgets them: the encoder is read from the writer's own buffer. */
function writer(): FrameWriter {
  const socket = Object.assign(new EventEmitter(), { writableLength: 1, write: () => true });
  return new FrameWriter(socket as unknown as Socket);
}

function decodeAll(decoder: HpackDecoder, block: Buffer): [string, string][] | null {
  const found: [string, string][] = [];
  const isGood = decoder.decode(block, 0, block.length, {
    onField: (field: Field) => found.push([field.info.lower, field.value]),
  });
  return isGood ? found : null;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

describe("HPACK decoder", () => {
  test("reads the requests of RFC 7541 C.4, Huffman and table included", () => {
    const decoder = new HpackDecoder(4096, 60_000, 100);
    expect(decodeAll(decoder, hex("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"))).toEqual([
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/"],
      [":authority", "www.example.com"],
    ]);
    expect(decodeAll(decoder, hex("8286 84be 5886 a8eb 1064 9cbf"))?.slice(3)).toEqual([
      [":authority", "www.example.com"],
      ["cache-control", "no-cache"],
    ]);
    expect(decodeAll(decoder, hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"))).toEqual([
      [":method", "GET"],
      [":scheme", "https"],
      [":path", "/index.html"],
      [":authority", "www.example.com"],
      ["custom-key", "custom-value"],
    ]);
  });

  test("evicts in the order of RFC 7541 C.5 with a table of 256 bytes", () => {
    const decoder = new HpackDecoder(256, 60_000, 100);
    const first =
      "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d" +
      "546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d";
    expect(decodeAll(decoder, hex(first))?.[0]).toEqual([":status", "302"]);
    expect(decodeAll(decoder, hex("4803 3330 37c1 c0bf"))).toEqual([
      [":status", "307"],
      ["cache-control", "private"],
      ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
      ["location", "https://www.example.com"],
    ]);
    // 302 has gone: the oldest entry is cache-control now.
    expect(decodeAll(decoder, hex("c1"))).toEqual([["cache-control", "private"]]);
    expect(decodeAll(decoder, hex("c2"))).toBeNull();
  });

  test("refuses what is no Huffman code", () => {
    expect(decodeHuffman(hex("ffff ffff"), 0, 4)).toBeNull();
    expect(decodeHuffman(hex("18"), 0, 1)).toBeNull();
    expect(decodeHuffman(hex("1fff"), 0, 2)).toBeNull();
    expect(decodeHuffman(hex("a8eb 1064 9cbf"), 0, 6)).toBe("no-cache");
  });
});

describe("HPACK encoder", () => {
  const encode = (encoder: HpackEncoder, out: FrameWriter, pairs: readonly (readonly [string, string])[]): Buffer => {
    const headers = new HeaderList();
    for (const [name, value] of pairs) headers.push(name, value);
    out.reserve(encoder.sizeOf(headers));
    const from = out.at;
    encoder.begin(out);
    encoder.addList(out, headers);
    return Buffer.from(out.bytes.subarray(from, out.at));
  };

  test("sends what repeats as one byte from the third time on, and ids never enter the table", () => {
    const encoder = new HpackEncoder();
    const out = writer();
    const sizes = [1, 2, 3].map(
      (n) =>
        encode(encoder, out, [
          ["x-tenant", "blue"],
          ["x-request-id", `id-${n}`],
        ]).length,
    );
    expect(sizes[2]).toBe(1 + 1 + "x-request-id".length + 1 + 1 + 4);
    expect(sizes[2]).toBeLessThan(sizes[0] ?? 0);
  });

  test("never puts secrets into the table", () => {
    const encoder = new HpackEncoder();
    const out = writer();
    for (let i = 0; i < 4; i++) {
      const block = encode(encoder, out, [["authorization", "Bearer secret"]]);
      expect((block[0] ?? 0) & 0xf0).toBe(0x10);
      expect(block.includes("Bearer secret")).toBe(true);
    }
  });

  test("is read back unchanged whatever comes, with tables that fill, shrink and evict", () => {
    const seed = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state % below;
    };
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(4096, 1_000_000, 1000);
    const out = writer();
    for (let round = 0; round < 2000; round++) {
      if (random(100) === 0) encoder.setPeerLimit([0, 100, 1000, 4096][random(4)] ?? 0);
      const pairs = Array.from({ length: random(15) }, () => {
        const value = random(3) === 0 ? "v".repeat(random(400)) : `value-${random(6)}`;
        return [`x-${random(25)}`, value] as const;
      });
      expect(decodeAll(decoder, encode(encoder, out, pairs)), `seed ${seed}, round ${round}`).toEqual(pairs);
    }
  });
});
