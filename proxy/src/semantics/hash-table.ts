// Tables of consistent hashing: a ring (ketama) or Maglev. Rule: entry for entry as Envoy's, so that a key has the same host in both.

import type { HashTablePlan } from "../plan/types";
import { type Hash64, hashModulo, murmurHash2, xxHash64 } from "./hash64";

export interface HashedHost {
  /** What stands for the host: address and port, its name, or what its metadata says. */
  readonly key: string;
  /** Of one, of all hosts of the table. */
  readonly share: number;
}

export interface HashTable {
  /** Index of the host; `attempt` 1 and more: others for the same key, perhaps the same. */
  find(hash: Hash64, attempt: number): number;
}

/** @param hosts at least one */
export function hashTable(plan: HashTablePlan, hosts: readonly HashedHost[]): HashTable {
  return plan.kind === "ring" ? new Ring(plan, hosts) : new Maglev(plan.tableSize, hosts);
}

class Ring implements HashTable {
  /** Hashes in order, as halves: low, high, low, ... */
  private readonly halves: Uint32Array;
  private readonly owners: Uint32Array;

  constructor(plan: HashTablePlan & { kind: "ring" }, hosts: readonly HashedHost[]) {
    const hash = plan.isMurmur ? murmurHash2 : xxHash64;
    const least = Math.min(...hosts.map(({ share }) => share));
    const scale = Math.min(Math.ceil(least * plan.minimumSize) / least, plan.maximumSize);
    const found: number[] = [];
    const owners: number[] = [];
    let wanted = 0;
    hosts.forEach(({ key, share }, owner) => {
      wanted += scale * share;
      for (let i = 0; owners.length < wanted; i++) {
        const { hi, lo } = hash(Buffer.from(`${key}_${i}`));
        found.push(lo, hi);
        owners.push(owner);
      }
    });
    this.halves = Uint32Array.from(found);
    new BigUint64Array(this.halves.buffer).sort();
    this.owners = new Uint32Array(owners.length).fill(hosts.length);
    owners.forEach((owner, index) => {
      let at = this.lowerBound(found[2 * index + 1] as number, found[2 * index] as number);
      while (this.owners[at] !== hosts.length) at++;
      this.owners[at] = owner;
    });
  }

  find({ hi, lo }: Hash64, attempt: number): number {
    const { length } = this.owners;
    return this.owners[(this.lowerBound(hi, lo) + attempt) % length] as number;
  }

  /** The first entry that is not before the hash; behind the last there is none. */
  private lowerBound(hi: number, lo: number): number {
    let low = 0;
    let high = this.halves.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const top = this.halves[2 * middle + 1] as number;
      if (top < hi || (top === hi && (this.halves[2 * middle] as number) < lo)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

class Maglev implements HashTable {
  private readonly table: Int32Array;

  /** @param size a prime number */
  constructor(
    private readonly size: number,
    hosts: readonly HashedHost[],
  ) {
    this.table = new Int32Array(size).fill(-1);
    const most = Math.max(...hosts.map(({ share }) => share));
    const entries = hosts
      .map(({ key, share }, owner) => {
        const bytes = Buffer.from(key);
        return {
          owner,
          share,
          bytes,
          at: hashModulo(xxHash64(bytes), size),
          skip: hashModulo(xxHash64(bytes, { hi: 0, lo: 1 }), size - 1) + 1,
          due: 0,
        };
      })
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    let left = size;
    for (let round = 1; left > 0; round++) {
      for (const entry of entries) {
        if (left === 0) break;
        if (round * entry.share < entry.due) continue;
        entry.due += most;
        while (this.table[entry.at] !== -1) entry.at = (entry.at + entry.skip) % size;
        this.table[entry.at] = entry.owner;
        left--;
      }
    }
  }

  find({ hi, lo }: Hash64, attempt: number): number {
    const other = attempt === 0 ? { hi, lo } : { hi: ~hi >>> 0, lo: (lo ^ -attempt) >>> 0 };
    return this.table[hashModulo(other, this.size)] as number;
  }
}
