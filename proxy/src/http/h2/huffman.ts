// HPACK's Huffman code (RFC 7541 appendix B), decoding only: what we send is short or indexed, and a plain literal
// costs less to write than it saves. Rule: padding must be the beginning of EOS and shorter than a byte (section 5.2).

import { latin1 } from "../h1/bytes";

/** Bits of the code of each octet and of EOS; "a" is 5. The code is canonical, so the lengths are all of it. */
const lengths =
  "isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibccccccccccccccccccccccdcdioijbkabababbbaccbbba" +
  "bcbaabccccckgjixprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrtqrssqqrqsrssprrrsrrsvvporsruvvvwwvtuoqvwwvwtqqvvxwww" +
  "ptpqrqqsrruuttvsvwvvwwwwwxwwwwwvz";

/** Nodes of the code tree: two children each; -1 - symbol for a leaf. */
const tree = new Int32Array(2 * 512);
const endOfString = 256;

function build(): void {
  const order = Array.from({ length: lengths.length }, (_, symbol) => symbol).sort(
    (a, b) => bitsOf(a) - bitsOf(b) || a - b,
  );
  let code = 0;
  let bits = 0;
  let nodes = 1;
  for (const symbol of order) {
    code <<= bitsOf(symbol) - bits;
    bits = bitsOf(symbol);
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit--) {
      const at = 2 * node + ((code >>> bit) & 1);
      if (tree[at] === 0) tree[at] = nodes++;
      node = tree[at] as number;
    }
    tree[2 * node + (code & 1)] = -1 - symbol;
    code++;
  }
}

function bitsOf(symbol: number): number {
  return lengths.charCodeAt(symbol) - 92;
}

build();

let scratch = Buffer.alloc(4096);

/** Decodes bytes from `start` to `end` to latin1 text; null: not a valid encoding. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string | null {
  // The shortest code has 5 bits.
  const most = Math.ceil(((end - start) * 8) / 5);
  if (most > scratch.length) scratch = Buffer.alloc(most);
  let size = 0;
  let node = 0;
  let depth = 0;
  let isOnes = true;
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    for (let bit = 7; bit >= 0; bit--) {
      const one = (byte >>> bit) & 1;
      const next = tree[2 * node + one] as number;
      if (next < 0) {
        if (next === -1 - endOfString) return null;
        scratch[size++] = -1 - next;
        node = 0;
        depth = 0;
        isOnes = true;
      } else {
        node = next;
        depth++;
        if (one === 0) isOnes = false;
      }
    }
  }
  if (depth > 7 || !isOnes) return null;
  return latin1(scratch, 0, size);
}
