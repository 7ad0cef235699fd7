// Several texts as one file. Job: a ZIP archive without compression. Rule: the same files give the same bytes: no clock, no order of its own.

export interface ZipEntry {
  path: string;
  text: string;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** 1980-01-01, the first day that the format knows. */
const DAY = 0x0021;
/** Names are UTF-8. */
const UTF8 = 0x0800;
const VERSION = 20;

export function zipOf(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { path, text } of entries) {
    const name = encoder.encode(path);
    const data = encoder.encode(text);
    // version, flags, method, time, day, checksum, both sizes, length of the name and of what follows it
    const common = [...two(VERSION), ...two(UTF8), ...two(0), ...two(0), ...two(DAY)];
    const sizes = [...four(crc32(data)), ...four(data.length), ...four(data.length), ...two(name.length), ...two(0)];
    const local = joined([Uint8Array.from([...four(LOCAL), ...common, ...sizes]), name, data]);
    const rest = [...two(0), ...two(0), ...two(0), ...four(0), ...four(offset)];
    directory.push(joined([Uint8Array.from([...four(CENTRAL), ...two(VERSION), ...common, ...sizes, ...rest]), name]));
    parts.push(local);
    offset += local.length;
  }
  const central = joined(directory);
  const count = two(entries.length);
  const end = [
    ...four(END),
    ...two(0),
    ...two(0),
    ...count,
    ...count,
    ...four(central.length),
    ...four(offset),
    ...two(0),
  ];
  return joined([...parts, central, Uint8Array.from(end)]);
}

const two = (value: number) => [value & 0xff, (value >>> 8) & 0xff];
const four = (value: number) => [...two(value), ...two(value >>> 16)];

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
