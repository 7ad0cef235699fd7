import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { zipOf } from "./zip";

const entries = [
  { path: "manifests/shop.yaml", text: "kind: HTTPRoute\n" },
  { path: "report.md", text: "# Größe\n".repeat(1000) },
];

/** As a reader of archives goes about it: from the directory at the end to each entry. */
function read(bytes: Uint8Array<ArrayBuffer>): { path: string; text: string }[] {
  const view = new DataView(bytes.buffer);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const text = (at: number, length: number) => decoder.decode(bytes.subarray(at, at + length));
  const end = bytes.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  expect(at + view.getUint32(end + 12, true)).toBe(end);
  return Array.from({ length: count }, () => {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [checksum, size, nameLength, local] = [at + 16, at + 20, at + 28, at + 42].map((place, i) =>
      i === 2 ? view.getUint16(place, true) : view.getUint32(place, true),
    ) as [number, number, number, number];
    const path = text(at + 46, nameLength);
    expect(view.getUint32(local, true)).toBe(0x04034b50);
    expect(text(local + 30, nameLength)).toBe(path);
    const data = local + 30 + nameLength;
    expect(crc32(bytes.subarray(data, data + size))).toBe(checksum);
    at += 46 + nameLength;
    return { path, text: text(data, size) };
  });
}

test("a reader finds every text as it was, with its checksum", () => {
  expect(read(zipOf(entries))).toEqual(entries);
});

test("the same files give the same bytes", () => {
  expect(zipOf(entries)).toEqual(zipOf(entries));
});
