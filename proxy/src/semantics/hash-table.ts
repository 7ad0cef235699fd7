// Tables of consistent hashing: a ring (ketama) or Maglev. Rule: entry for entry as Envoy's, so that a key has the same host in both; made
// in small steps, because the largest take seconds and others want to be served meanwhile.

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

/** Each takes a fraction of a millisecond; what the last one returns is the table. */
export type TableSteps = Generator<void, HashTable, void>;

type RingPlan = HashTablePlan & { kind: "ring" };

/** Entries hashed, and moved or looked at, in a step. */
const HASHED = 128;
const MOVED = 8192;
/** Entries that are put in order at once. */
const BUCKET = 512;

/** About so many entries it has. */
export function tableSize(plan: HashTablePlan, hosts: readonly HashedHost[]): number {
  return plan.kind === "ring" ? ringScale(plan, hosts) : plan.tableSize;
}

/** @param hosts at least one */
export function tableSteps(plan: HashTablePlan, hosts: readonly HashedHost[]): TableSteps {
  return plan.kind === "ring" ? ringSteps(plan, hosts) : maglevSteps(plan.tableSize, hosts);
}

/** All steps at once. */
export function hashTable(plan: HashTablePlan, hosts: readonly HashedHost[]): HashTable {
  const steps = tableSteps(plan, hosts);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

function ringScale(plan: RingPlan, hosts: readonly HashedHost[]): number {
  const least = hosts.reduce((found, { share }) => Math.min(found, share), 1);
  return Math.min(Math.ceil(least * plan.minimumSize) / least, plan.maximumSize);
}

function* ringSteps(plan: RingPlan, hosts: readonly HashedHost[]): TableSteps {
  const hash = plan.isMurmur ? murmurHash2 : xxHash64;
  const scale = ringScale(plan, hosts);
  const sum = hosts.reduce((total, { share }) => total + share, 0);
  const room = Math.ceil(scale * sum) + hosts.length;
  // As halves: low, high, low, ...
  const found = new Uint32Array(2 * room);
  const owners = new Uint32Array(room);
  let count = 0;
  let wanted = 0;
  for (const [owner, { key, share }] of hosts.entries()) {
    wanted += scale * share;
    for (let i = 0; count < wanted; i++) {
      const { hi, lo } = hash(Buffer.from(`${key}_${i}`));
      found[2 * count] = lo;
      found[2 * count + 1] = hi;
      owners[count++] = owner;
      if (count % HASHED === 0) yield;
    }
  }
  return yield* inOrder(found.subarray(0, 2 * count), owners.subarray(0, count));
}

/** By the upper bits into buckets, then each bucket; equal hashes stay as they came. */
function* inOrder(found: Uint32Array, owners: Uint32Array): TableSteps {
  const count = owners.length;
  const bits = Math.max(0, Math.ceil(Math.log2(count / BUCKET)));
  const bucketOf = (index: number): number => (bits === 0 ? 0 : (found[2 * index + 1] as number) >>> (32 - bits));
  const starts = new Uint32Array(2 ** bits + 1);
  for (let i = 0; i < count; i++) {
    (starts[bucketOf(i) + 1] as number)++;
    if (i % MOVED === 0) yield;
  }
  for (let bucket = 1; bucket < starts.length; bucket++) (starts[bucket] as number) += starts[bucket - 1] as number;
  const next = starts.slice();
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const bucket = bucketOf(i);
    places[next[bucket] as number] = i;
    (next[bucket] as number)++;
    if (i % MOVED === 0) yield;
  }
  const halves = new Uint32Array(2 * count);
  const ordered = new Uint32Array(count);
  const compare = (a: number, b: number): number =>
    (found[2 * a + 1] as number) - (found[2 * b + 1] as number) || (found[2 * a] as number) - (found[2 * b] as number);
  for (let bucket = 0; bucket + 1 < starts.length; bucket++) {
    const from = starts[bucket] as number;
    const sorted = Array.from(places.subarray(from, starts[bucket + 1])).sort(compare);
    for (const [offset, index] of sorted.entries()) {
      const at = from + offset;
      halves[2 * at] = found[2 * index] as number;
      halves[2 * at + 1] = found[2 * index + 1] as number;
      ordered[at] = owners[index] as number;
    }
    yield;
  }
  return new Ring(halves, ordered);
}

class Ring implements HashTable {
  /** @param halves hashes in order: low, high, low, ... */
  constructor(
    private readonly halves: Uint32Array,
    private readonly owners: Uint32Array,
  ) {}

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

/** @param size a prime number */
function* maglevSteps(size: number, hosts: readonly HashedHost[]): TableSteps {
  const table = new Int32Array(size).fill(-1);
  const most = hosts.reduce((found, { share }) => Math.max(found, share), 0);
  const entries: { owner: number; share: number; bytes: Buffer; at: number; skip: number; due: number }[] = [];
  for (const [owner, { key, share }] of hosts.entries()) {
    const bytes = Buffer.from(key);
    const at = hashModulo(xxHash64(bytes), size);
    const skip = hashModulo(xxHash64(bytes, { hi: 0, lo: 1 }), size - 1) + 1;
    entries.push({ owner, share, bytes, at, skip, due: 0 });
    if (owner % HASHED === HASHED - 1) yield;
  }
  entries.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  let left = size;
  let looked = 0;
  for (let round = 1; left > 0; round++) {
    for (const entry of entries) {
      if (left === 0) break;
      if (looked++ % MOVED === 0) yield;
      if (round * entry.share < entry.due) continue;
      entry.due += most;
      while (table[entry.at] !== -1) {
        entry.at = (entry.at + entry.skip) % size;
        if (looked++ % MOVED === 0) yield;
      }
      table[entry.at] = entry.owner;
      left--;
    }
  }
  return new Maglev(size, table);
}

class Maglev implements HashTable {
  constructor(
    private readonly size: number,
    private readonly table: Int32Array,
  ) {}

  find({ hi, lo }: Hash64, attempt: number): number {
    const other = attempt === 0 ? { hi, lo } : { hi: ~hi >>> 0, lo: (lo ^ -attempt) >>> 0 };
    return this.table[hashModulo(other, this.size)] as number;
  }
}
