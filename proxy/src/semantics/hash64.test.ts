// The hashes by which hosts are chosen, against published values; the choices themselves are held against Envoy by conformance.

import { expect, test } from "vitest";
import { combineHashes, hashModulo, hashText, murmurHash2, xxHash64 } from "./hash64";

test("xxHash64 has its published values, below a block and above", () => {
  const of = (text: string) => hashText(xxHash64(Buffer.from(text)));
  expect(of("")).toBe("ef46db3751d8e999");
  expect(of("a")).toBe("d24ec4f1a98c6e5b");
  expect(of("abc")).toBe("44bc2cf5ad770999");
  expect(of("The quick brown fox jumps over the lazy dog")).toBe("0b242d361fda71bc");
});

test("MurmurHash2 of several texts differs in what is left of a word", () => {
  const all = ["", "1", "12345678", "123456789", "1234567890123456"].map((text) =>
    hashText(murmurHash2(Buffer.from(text))),
  );
  expect(new Set(all).size).toBe(all.length);
});

test("the same key twice is another key, and none is not", () => {
  const one = xxHash64(Buffer.from("one"));
  expect(combineHashes(null, one)).toEqual(one);
  expect(hashText(combineHashes({ hi: 0x80000000, lo: 1 }, { hi: 0, lo: 0 }))).toBe("0000000000000003");
});

test("the rest of a division is that of the whole word", () => {
  for (const divisor of [2, 7, 65_537, 5_000_011]) {
    const hash = xxHash64(Buffer.from(String(divisor)));
    expect(hashModulo(hash, divisor)).toBe(Number(BigInt(`0x${hashText(hash)}`) % BigInt(divisor)));
  }
});
