// The open streams of one connection by their id: open addressing with linear probing, where an entry that goes is filled from behind.
// Rule: a table that has its size allocates nothing. A Map makes its storage anew every few dozen requests, and once V8 has moved it to
// the old generation each new one is made there too: 10 MB of garbage that only a major collection finds (docs/decisions/memory.md).

const firstSlots = 8;

export class StreamTable<Stream> {
  size = 0;
  /** Ids by slot; 0, which no stream has, where it is empty. */
  private ids: number[] = new Array<number>(firstSlots).fill(0);
  private streams: (Stream | undefined)[] = new Array<Stream | undefined>(firstSlots).fill(undefined);
  private mask = firstSlots - 1;

  get(id: number): Stream | undefined {
    return this.streams[this.slotOf(id)];
  }

  set(id: number, stream: Stream): void {
    let slot = this.slotOf(id);
    if (this.ids[slot] === 0) {
      if (this.size * 2 > this.mask) {
        this.grow();
        slot = this.slotOf(id);
      }
      this.ids[slot] = id;
      this.size++;
    }
    this.streams[slot] = stream;
  }

  /** False when there is none of this id. */
  delete(id: number): boolean {
    const { ids, streams, mask } = this;
    let hole = this.slotOf(id);
    if (ids[hole] === 0) return false;
    this.size--;
    for (let slot = (hole + 1) & mask; ids[slot] !== 0; slot = (slot + 1) & mask) {
      // An entry moves into the hole unless its own slot lies behind the hole: from there it would not be found.
      const own = this.homeOf(ids[slot] as number);
      if (((slot - own) & mask) < ((slot - hole) & mask)) continue;
      ids[hole] = ids[slot] as number;
      streams[hole] = streams[slot];
      hole = slot;
    }
    ids[hole] = 0;
    streams[hole] = undefined;
    return true;
  }

  /** All of them as they are now, in no order. */
  values(): Stream[] {
    return this.streams.filter((stream) => stream !== undefined);
  }

  clear(): void {
    this.ids.fill(0);
    this.streams.fill(undefined);
    this.size = 0;
  }

  /** Ids of one side count up by two, so neighbours have neighbouring slots. */
  private homeOf(id: number): number {
    return (id >>> 1) & this.mask;
  }

  /** Where this id is, or the empty slot where it would be. */
  private slotOf(id: number): number {
    const { ids, mask } = this;
    let slot = this.homeOf(id);
    for (let at = ids[slot]; at !== id && at !== 0; at = ids[slot]) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { ids, streams } = this;
    this.mask = ids.length * 2 - 1;
    this.ids = new Array<number>(ids.length * 2).fill(0);
    this.streams = new Array<Stream | undefined>(ids.length * 2).fill(undefined);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      if (id === 0) continue;
      const slot = this.slotOf(id);
      this.ids[slot] = id;
      this.streams[slot] = streams[i];
    }
  }
}
