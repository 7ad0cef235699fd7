// HPACK decoder (RFC 7541): a header block -> fields, with the dynamic table of one direction of one connection.
// Rule: a block is decoded to its end even when its message is refused, because the table belongs to the connection;
// what a peer can make us keep or produce is bounded (table, list size, length of integers).

import { latin1 } from "../h1/bytes";
import { nameInfo } from "../h1/header-list";
import { createField, type Field, type FieldSink, keptField, nameProblem, staticFields } from "./fields";
import { decodeHuffman } from "./huffman";

/** A block that decodes to so many times the allowed list is an attack, not a large request (HPACK bomb). */
const bombFactor = 8;

export class HpackDecoder {
  private readonly ring: (Field | undefined)[];
  private readonly mask: number;
  private inserted = 0;
  private count = 0;
  private bytes = 0;
  private maxBytes: number;
  private block: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  private isBroken = false;
  /** Size of the last list as RFC 9113 6.5.2 counts it; fields beyond the limit were not passed on. */
  listBytes = 0;
  listFields = 0;

  constructor(
    private readonly limitBytes: number,
    private readonly maxListBytes: number,
    private readonly maxListFields: number,
  ) {
    this.maxBytes = limitBytes;
    let capacity = 16;
    while (capacity < limitBytes / 32) capacity *= 2;
    this.ring = new Array<Field | undefined>(capacity).fill(undefined);
    this.mask = capacity - 1;
  }

  get isTooLarge(): boolean {
    return this.listBytes > this.maxListBytes || this.listFields > this.maxListFields;
  }

  get isBomb(): boolean {
    return this.listBytes > bombFactor * this.maxListBytes;
  }

  /** False: the block is broken and the connection with it (COMPRESSION_ERROR). */
  decode(block: Buffer, start: number, end: number, sink: FieldSink): boolean {
    this.block = block;
    this.at = start;
    this.end = end;
    this.isBroken = false;
    this.listBytes = 0;
    this.listFields = 0;
    let mayResize = true;
    while (this.at < end && !this.isBroken) {
      const first = block[this.at] as number;
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) return false; // section 4.2: only at the beginning of a block
        this.resize(this.readInteger(31));
        continue;
      }
      mayResize = false;
      const field = (first & 0x80) !== 0 ? this.lookUp(this.readInteger(127)) : this.readLiteral(first);
      if (field === undefined || this.isBroken) return false;
      this.listBytes += field.size;
      this.listFields++;
      if (!this.isTooLarge) sink.onField(field);
      else if (this.isBomb) return true;
    }
    return !this.isBroken;
  }

  private lookUp(index: number): Field | undefined {
    if (index < 62) return index === 0 ? undefined : staticFields[index];
    const age = index - 62;
    return age < this.count ? this.ring[(this.inserted - 1 - age) & this.mask] : undefined;
  }

  private readLiteral(first: number): Field | undefined {
    const isIndexed = (first & 0x40) !== 0;
    const index = this.readInteger(isIndexed ? 63 : 15);
    let problem = "";
    let info = staticFields[1]?.info;
    if (index > 0) {
      const named = this.lookUp(index);
      if (named === undefined) return undefined;
      info = named.info;
      if (named.problem !== "") problem = nameProblem(info.lower);
    } else {
      const name = this.readString();
      if (name === null) return undefined;
      problem = nameProblem(name);
      info = nameInfo(name);
    }
    const value = this.readString();
    if (value === null || info === undefined) return undefined;
    const field = createField(info, value, problem);
    if (isIndexed) this.insert(field);
    return field;
  }

  private insert(field: Field): void {
    this.evictTo(this.maxBytes - field.size);
    // An entry larger than the table has emptied it and is not kept (section 4.4).
    if (field.size > this.maxBytes) return;
    this.ring[this.inserted++ & this.mask] = keptField(field);
    this.count++;
    this.bytes += field.size;
  }

  private evictTo(bytes: number): void {
    while (this.count > 0 && this.bytes > bytes) {
      this.bytes -= this.ring[(this.inserted - this.count) & this.mask]?.size ?? 0;
      this.count--;
    }
  }

  private resize(bytes: number): void {
    if (bytes > this.limitBytes) this.isBroken = true;
    else {
      this.maxBytes = bytes;
      this.evictTo(bytes);
    }
  }

  /** Section 5.1; at most four continuation bytes: nothing legitimate is longer. */
  private readInteger(prefix: number): number {
    const block = this.block;
    let value = (block[this.at++] as number) & prefix;
    if (value < prefix) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.at >= this.end) break;
      const byte = block[this.at++] as number;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    this.isBroken = true;
    return 0;
  }

  private readString(): string | null {
    if (this.at >= this.end) return null;
    const isHuffman = ((this.block[this.at] as number) & 0x80) !== 0;
    const length = this.readInteger(127);
    const start = this.at;
    const end = start + length;
    if (this.isBroken || end > this.end) return null;
    this.at = end;
    return isHuffman ? decodeHuffman(this.block, start, end) : latin1(this.block, start, end);
  }
}
