// HPACK encoder (RFC 7541): header lists -> blocks, with the dynamic table of one direction of one connection.
// Rule: a value enters the table when its name carries it a second time in a row, so that ids and times never push out
// what repeats; secrets never enter. Measured: the second request of a kind costs one byte and one comparison per field.

import { writeLatin1 } from "../h1/bytes";
import { flatCopy, type HeaderList, NAME, type NameInfo } from "../h1/header-list";
import { staticFields, staticNameIndex } from "./fields";
import type { FrameWriter } from "./frame-writer";
import { defaultHeaderTableBytes } from "./protocol";

interface Entry {
  readonly slot: Slot;
  readonly value: string;
  readonly size: number;
  readonly sequence: number;
}

/** What is known of one header name on this connection. */
interface Slot {
  readonly info: NameInfo;
  readonly staticIndex: number;
  /** Static fields of the name, by value. */
  readonly constants: ReadonlyMap<string, number> | null;
  readonly isSecret: boolean;
  last: string;
  readonly entries: Entry[];
}

const maxSlots = 512;
/** Room for the longest integers around a field. */
const fieldOverhead = 12;
const skipped = NAME.hop | NAME.host;

export class HpackEncoder {
  private readonly slots = new Map<string, Slot>();
  /** Slots of the message before, by position: peers repeat themselves. */
  private readonly guesses: (Slot | undefined)[] = [];
  private readonly table: Entry[] = [];
  private first = 0;
  private inserted = 0;
  private bytes = 0;
  private maxBytes = defaultHeaderTableBytes;
  /** Smallest size to announce at the beginning of the next block, or -1. */
  private announce = -1;
  private position = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE; we never use more than the default. */
  setPeerLimit(bytes: number): void {
    const wanted = Math.min(bytes, defaultHeaderTableBytes);
    if (wanted === this.maxBytes) return;
    this.maxBytes = wanted;
    this.announce = this.announce < 0 ? wanted : Math.min(this.announce, wanted);
    this.evict(0);
  }

  /** Upper bound of the block of these fields, pseudo-headers not included. */
  sizeOf(headers: HeaderList): number {
    let size = 16;
    for (let i = 0; i < headers.length; i++) {
      size += (headers.infos[i] as NameInfo).lower.length + headers.valueLength(i) + fieldOverhead;
    }
    return size;
  }

  begin(out: FrameWriter): void {
    this.position = 0;
    if (this.announce < 0) return;
    if (this.announce < this.maxBytes) integer(out, 0x20, 31, this.announce);
    integer(out, 0x20, 31, this.maxBytes);
    this.announce = -1;
  }

  /** All fields that may cross a hop. The caller has reserved sizeOf() bytes. */
  addList(out: FrameWriter, headers: HeaderList): void {
    for (let i = 0; i < headers.length; i++) {
      const info = headers.infos[i] as NameInfo;
      if ((info.flags & skipped) !== 0) continue;
      const slot = this.slotOf(info);
      const entries = slot.entries;
      let isDone = false;
      for (let k = entries.length - 1; k >= 0; k--) {
        const entry = entries[k] as Entry;
        if (!headers.valueIs(i, entry.value)) continue;
        integer(out, 0x80, 127, 61 + this.inserted - entry.sequence);
        isDone = true;
        break;
      }
      if (!isDone) this.addValue(out, slot, headers.valueAt(i));
    }
  }

  add(out: FrameWriter, info: NameInfo, value: string): void {
    const slot = this.slotOf(info);
    const entries = slot.entries;
    for (let k = entries.length - 1; k >= 0; k--) {
      const entry = entries[k] as Entry;
      if (entry.value !== value) continue;
      integer(out, 0x80, 127, 61 + this.inserted - entry.sequence);
      return;
    }
    this.addValue(out, slot, value);
  }

  private slotOf(info: NameInfo): Slot {
    const position = this.position++;
    const guess = this.guesses[position];
    if (guess !== undefined && guess.info.lower === info.lower) return guess;
    let slot = this.slots.get(info.lower);
    if (slot === undefined) {
      slot = newSlot(info);
      if (this.slots.size < maxSlots) this.slots.set(info.lower, slot);
    }
    if (position < 64) this.guesses[position] = slot;
    return slot;
  }

  private addValue(out: FrameWriter, slot: Slot, value: string): void {
    const constant = slot.constants?.get(value);
    if (constant !== undefined) {
      out.bytes[out.at++] = 0x80 | constant;
      return;
    }
    const nameIndex = this.nameIndexOf(slot);
    if (slot.isSecret) this.literal(out, 0x10, 15, nameIndex, slot, value);
    else if (slot.last === value && this.slots.has(slot.info.lower)) {
      this.literal(out, 0x40, 63, nameIndex, slot, value);
      this.insert(slot, value);
    } else {
      slot.last = value;
      this.literal(out, 0, 15, nameIndex, slot, value);
    }
  }

  private nameIndexOf(slot: Slot): number {
    if (slot.staticIndex > 0) return slot.staticIndex;
    const { entries } = slot;
    return entries.length === 0 ? 0 : 61 + this.inserted - (entries[entries.length - 1] as Entry).sequence;
  }

  private literal(out: FrameWriter, bits: number, prefix: number, nameIndex: number, slot: Slot, value: string): void {
    integer(out, bits, prefix, nameIndex);
    if (nameIndex === 0) text(out, slot.info.lower);
    text(out, value);
  }

  private insert(slot: Slot, value: string): void {
    const size = slot.info.lower.length + value.length + 32;
    this.evict(size);
    if (size > this.maxBytes) return;
    const entry = { slot, value: flatCopy(value), size, sequence: this.inserted++ };
    slot.entries.push(entry);
    this.table.push(entry);
    this.bytes += size;
  }

  private evict(room: number): void {
    while (this.bytes + room > this.maxBytes && this.first < this.table.length) {
      const oldest = this.table[this.first++] as Entry;
      this.bytes -= oldest.size;
      // Entries of a slot leave in the order in which they came.
      oldest.slot.entries.shift();
    }
    if (this.first > 256) {
      this.table.splice(0, this.first);
      this.first = 0;
    }
  }
}

function newSlot(info: NameInfo): Slot {
  const lower = info.lower;
  const constants = new Map<string, number>();
  staticFields.forEach((field, index) => {
    if (index > 0 && field.info.lower === lower && field.value !== "") constants.set(field.value, index);
  });
  return {
    info,
    staticIndex: staticNameIndex.get(lower) ?? 0,
    constants: constants.size > 0 ? constants : null,
    isSecret: (info.flags & NAME.secret) !== 0,
    last: "",
    entries: [],
  };
}

function integer(out: FrameWriter, bits: number, prefix: number, value: number): void {
  const { bytes } = out;
  if (value < prefix) {
    bytes[out.at++] = bits | value;
    return;
  }
  bytes[out.at++] = bits | prefix;
  let rest = value - prefix;
  while (rest > 127) {
    bytes[out.at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[out.at++] = rest;
}

function text(out: FrameWriter, value: string): void {
  const size = value.length;
  integer(out, 0, 127, size);
  if (size > 24) {
    out.at += writeLatin1(out.bytes, value, out.at);
    return;
  }
  const { bytes } = out;
  let at = out.at;
  for (let i = 0; i < size; i++) bytes[at++] = value.charCodeAt(i);
  out.at = at;
}
