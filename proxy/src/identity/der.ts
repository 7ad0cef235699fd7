// Just enough DER to read certificate extensions and to write a certification request: node:crypto does neither, and
// the general libraries cost more memory than everything else in the proxy. One rule: lengths are checked, definite only.

export interface DerNode {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

export const TAG = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  utf8: 12,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The node that begins at `offset`; throws on anything that is not DER. */
export function readDer(bytes: Uint8Array, offset = 0): DerNode {
  const tag = byteAt(bytes, offset);
  let length = byteAt(bytes, offset + 1);
  let start = offset + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4) {
      throw new Error("not DER: a length of indefinite or impossible size");
    }
    length = 0;
    for (let index = 0; index < count; index += 1) {
      length = length * 256 + byteAt(bytes, start + index);
    }
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) {
    throw new Error("not DER: a length beyond the end");
  }
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) };
}

export function readChildren(content: Uint8Array): DerNode[] {
  const nodes: DerNode[] = [];
  for (let offset = 0; offset < content.length; ) {
    const node = readDer(content, offset);
    nodes.push(node);
    offset += node.whole.length;
  }
  return nodes;
}

function byteAt(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) {
    throw new Error("not DER: it ends too early");
  }
  return byte;
}

export function writeDer(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  if (length > 0xffff) {
    throw new Error("DER content above 65535 bytes is not written here");
  }
  return Buffer.concat([Uint8Array.from(header), ...parts]);
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
