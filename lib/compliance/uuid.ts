// UUIDs made of names (RFC 9562, version 5): the same report of the same run has the same ids, so two exports can be compared.
// SHA-1 is what version 5 asks for; nothing here is a secret.

/** A namespace of our own for everything that a report names. */
const NAMESPACE = "3f1c2a52-6f1e-4f1b-9a53-0d6c7b1f4e11";

export function uuidOf(...parts: string[]): string {
  const name = new TextEncoder().encode(parts.join("\u0000"));
  const space = Uint8Array.from(NAMESPACE.replaceAll("-", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const bytes = sha1(Uint8Array.from([...space, ...name])).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const rotate = (value: number, bits: number) => ((value << bits) | (value >>> (32 - bits))) >>> 0;

/** FIPS 180-4, section 6.1. */
export function sha1(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(((message.length + 8) >> 6) * 64 + 64);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, message.length * 8);
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let block = 0; block < padded.length; block += 64) {
    const words = Array.from({ length: 80 }, (_, t) => (t < 16 ? view.getUint32(block + t * 4) : 0));
    const word = (t: number) => words[t] ?? 0;
    for (let t = 16; t < 80; t += 1) words[t] = rotate(word(t - 3) ^ word(t - 8) ^ word(t - 14) ^ word(t - 16), 1);
    let [a = 0, b = 0, c = 0, d = 0, e = 0] = hash;
    for (let t = 0; t < 80; t += 1) {
      const [f, k] = mix(t, b, c, d);
      const next = (rotate(a, 5) + f + e + k + word(t)) >>> 0;
      [a, b, c, d, e] = [next, a, rotate(b, 30), c, d];
    }
    [a, b, c, d, e].forEach((value, i) => {
      hash[i] = ((hash[i] ?? 0) + value) >>> 0;
    });
  }
  const out = new DataView(new ArrayBuffer(20));
  hash.forEach((value, i) => {
    out.setUint32(i * 4, value);
  });
  return new Uint8Array(out.buffer);
}

function mix(t: number, b: number, c: number, d: number): [number, number] {
  if (t < 20) return [(b & c) | (~b & d), 0x5a827999];
  if (t < 40) return [b ^ c ^ d, 0x6ed9eba1];
  if (t < 60) return [(b & c) | (b & d) | (c & d), 0x8f1bbcdc];
  return [b ^ c ^ d, 0xca62c1d6];
}
