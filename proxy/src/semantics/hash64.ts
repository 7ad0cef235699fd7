// The 64-bit hashes that Envoy chooses hosts by: xxHash64 (its format description, xxhash.com) and MurmurHash64A as libstdc++ seeds it.
// Rule: a word is two halves of 32 bits. BigInt makes an object per step, which a ring of thousands of entries feels.

/** An unsigned word: both halves are from 0 to 2^32 - 1. */
export interface Hash64 {
  readonly hi: number;
  readonly lo: number;
}

/** A word that changes in place; arithmetic is modulo 2^64. */
class Word implements Hash64 {
  constructor(
    public hi = 0,
    public lo = 0,
  ) {}

  set({ hi, lo }: Hash64): this {
    this.hi = hi;
    this.lo = lo;
    return this;
  }

  add({ hi, lo }: Hash64): this {
    const low = this.lo + lo;
    this.hi = (this.hi + hi + (low > 0xffffffff ? 1 : 0)) >>> 0;
    this.lo = low >>> 0;
    return this;
  }

  xor({ hi, lo }: Hash64): this {
    this.hi = (this.hi ^ hi) >>> 0;
    this.lo = (this.lo ^ lo) >>> 0;
    return this;
  }

  /** By pieces of 16 bits, whose products are exact. */
  multiply({ hi, lo }: Hash64): this {
    const a0 = this.lo & 0xffff;
    const a1 = this.lo >>> 16;
    const b0 = lo & 0xffff;
    const b1 = lo >>> 16;
    const low = a0 * b0;
    const middle = a1 * b0 + (low >>> 16);
    const other = a0 * b1 + (middle & 0xffff);
    const carried = a1 * b1 + (middle >>> 16) + (other >>> 16);
    this.hi = (carried + Math.imul(this.hi, lo) + Math.imul(this.lo, hi)) >>> 0;
    this.lo = ((other << 16) | (low & 0xffff)) >>> 0;
    return this;
  }

  /** To the left, by 1 to 31 bits. */
  rotate(bits: number): this {
    const { hi, lo } = this;
    this.hi = ((hi << bits) | (lo >>> (32 - bits))) >>> 0;
    this.lo = ((lo << bits) | (hi >>> (32 - bits))) >>> 0;
    return this;
  }

  /** With itself, `bits` (1 to 63) further right. */
  fold(bits: number): this {
    const { hi, lo } = this;
    if (bits >= 32) this.lo = (lo ^ (hi >>> (bits - 32))) >>> 0;
    else {
      this.hi = (hi ^ (hi >>> bits)) >>> 0;
      this.lo = (lo ^ ((hi << (32 - bits)) | (lo >>> bits))) >>> 0;
    }
    return this;
  }
}

const P1: Hash64 = { hi: 0x9e3779b1, lo: 0x85ebca87 };
const P2: Hash64 = { hi: 0xc2b2ae3d, lo: 0x27d4eb4f };
const P3: Hash64 = { hi: 0x165667b1, lo: 0x9e3779f9 };
const P4: Hash64 = { hi: 0x85ebca77, lo: 0xc2b2ae63 };
const P5: Hash64 = { hi: 0x27d4eb2f, lo: 0x165667c5 };
const MINUS_P1: Hash64 = { hi: 0x61c8864e, lo: 0x7a143579 };
const ZERO: Hash64 = { hi: 0, lo: 0 };
const LANES = [1, 7, 12, 18];
const read = new Word();
const scratch = new Word();

const wordAt = (bytes: Buffer, at: number): Word => {
  read.lo = bytes.readUInt32LE(at);
  read.hi = bytes.readUInt32LE(at + 4);
  return read;
};
const small = (value: number): Word => {
  read.hi = 0;
  read.lo = value;
  return read;
};

/** @param seed another hash, to hash several texts as one */
export function xxHash64(bytes: Buffer, seed: Hash64 = ZERO): Hash64 {
  const { length } = bytes;
  const hash = new Word();
  let at = 0;
  if (length >= 32) {
    at = hashLanes(bytes, seed, hash);
  } else hash.set(seed).add(P5);
  hash.add(small(length));
  for (; at + 8 <= length; at += 8) {
    hash.xor(wordAt(bytes, at).multiply(P2).rotate(31).multiply(P1));
    hash.rotate(27).multiply(P1).add(P4);
  }
  if (at + 4 <= length) {
    hash
      .xor(small(bytes.readUInt32LE(at)).multiply(P1))
      .rotate(23)
      .multiply(P2)
      .add(P3);
    at += 4;
  }
  for (; at < length; at++) {
    hash
      .xor(small(bytes[at] as number).multiply(P5))
      .rotate(11)
      .multiply(P1);
  }
  return hash.fold(33).multiply(P2).fold(29).multiply(P3).fold(32);
}

/** Blocks of 32 bytes; where they end. */
function hashLanes(bytes: Buffer, seed: Hash64, hash: Word): number {
  const lanes = [
    new Word().set(seed).add(P1).add(P2),
    new Word().set(seed).add(P2),
    new Word().set(seed),
    new Word().set(seed).add(MINUS_P1),
  ];
  let at = 0;
  for (; at + 32 <= bytes.length; at += 32) {
    lanes.forEach((lane, index) => {
      lane
        .add(wordAt(bytes, at + 8 * index).multiply(P2))
        .rotate(31)
        .multiply(P1);
    });
  }
  lanes.forEach((lane, index) => {
    hash.add(scratch.set(lane).rotate(LANES[index] as number));
  });
  for (const lane of lanes) hash.xor(lane.multiply(P2).rotate(31).multiply(P1)).multiply(P1).add(P4);
  return at;
}

const MURMUR: Hash64 = { hi: 0xc6a4a793, lo: 0x5bd1e995 };
/** std::hash of libstdc++ begins with it, and so does Envoy. */
const MURMUR_SEED: Hash64 = { hi: 0, lo: 0xc70f6907 };

export function murmurHash2(bytes: Buffer): Hash64 {
  const { length } = bytes;
  const hash = new Word().set(MURMUR_SEED).xor(small(length).multiply(MURMUR));
  let at = 0;
  for (; at + 8 <= length; at += 8) {
    hash.xor(wordAt(bytes, at).multiply(MURMUR).fold(47).multiply(MURMUR)).multiply(MURMUR);
  }
  if (at < length) {
    const rest = Buffer.alloc(8);
    bytes.copy(rest, 0, at);
    hash.xor(wordAt(rest, 0)).multiply(MURMUR);
  }
  return hash.fold(47).multiply(MURMUR).fold(47);
}

/** A further key beside those before: as Envoy, equal ones do not cancel each other out. */
export const combineHashes = (before: Hash64 | null, next: Hash64): Hash64 =>
  before === null ? next : new Word().set(before).rotate(1).xor(next);

/** As 16 hexadecimal digits. */
export const hashText = ({ hi, lo }: Hash64): string =>
  `${hi.toString(16).padStart(8, "0")}${lo.toString(16).padStart(8, "0")}`;

/** The rest of a division by a number below 2^26, where no product passes 2^53. */
export const hashModulo = ({ hi, lo }: Hash64, divisor: number): number =>
  ((hi % divisor) * (4294967296 % divisor) + (lo % divisor)) % divisor;
