// Who leans on what: from a question that was asked, or a piece that was taken, to the pieces and proxies that did so.
// The rule: who leans is always found. One who does so no longer may be found as well: that costs making it again, and changes nothing.

export class Readers {
  /** Questions, pieces and proxies are all known by name: a piece both reads and is read. */
  private readonly of = new Map<string, Set<string>>();

  add(read: string, reader: string): void {
    let readers = this.of.get(read);
    if (!readers) {
      readers = new Set();
      this.of.set(read, readers);
    }
    readers.add(reader);
  }

  /** Everything that read one of these, itself or through a piece. */
  concernedBy(read: Iterable<string>): Set<string> {
    const concerned = new Set(read);
    // what is found while this goes on is gone through as well
    for (const name of concerned) for (const reader of this.of.get(name) ?? []) concerned.add(reader);
    return concerned;
  }

  /** Forgets all others. */
  keepOnly(readers: ReadonlySet<string>): void {
    for (const [read, all] of this.of) {
      for (const reader of all) if (!readers.has(reader)) all.delete(reader);
      if (all.size === 0) this.of.delete(read);
    }
  }
}
