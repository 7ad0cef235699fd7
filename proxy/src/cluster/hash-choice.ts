// One of several hosts by the key of a request. Rule: the table is made when hosts or their weights change, never for a request; while a
// large one is made, the one before it answers for the hosts that are left.

import type { HashTablePlan } from "../plan/types";
import {
  type Hash64,
  type HashedHost,
  type HashTable,
  hashModulo,
  hashTable,
  tableSize,
  tableSteps,
} from "../semantics";
import type { Avoids, Balanced } from "./host-choice";
import { tableQueue } from "./table-queue";

/** Entries of a table that is made at once: Envoy's default of Maglev. */
const AT_ONCE = 65_537;
/** Entries of the table before that are looked at for a host that is still there. */
const LOOKS = 32;

export class HashChoice<Host extends Balanced> {
  /** In the order of the table that is wanted. */
  private hosts: readonly Host[] = [];
  private wanted = "";
  private table: HashTable | null = null;
  /** What `table` was made of, and whom it names. */
  private made = "";
  private madeOf: readonly Host[] = [];
  /** While another table is made: who may be picked. null: the table is the wanted one. */
  private left: ReadonlySet<Host> | null = null;
  private forget: (() => void) | null = null;

  constructor(
    private readonly plan: HashTablePlan,
    private readonly queue = tableQueue,
  ) {}

  /** @param weighing the hosts of all localities where localities have weights; null: they have none */
  update(hosts: readonly Host[], weighing: readonly Host[] | null): void {
    const found = weighing === null ? this.evenly(hosts) : this.byLocality(hosts, weighing);
    this.hosts = found.map(({ host }) => host);
    const entries: HashedHost[] = found.map(({ host, share }) => ({ key: this.keyOf(host), share }));
    // DNS tells the same hosts again and again.
    const wanted = JSON.stringify(entries.map(({ key, share }) => [key, share]));
    if (wanted === this.wanted && this.left !== null) {
      this.left = new Set(this.hosts);
      return;
    }
    this.forget?.();
    this.forget = null;
    this.wanted = wanted;
    if (wanted === this.made) this.use(this.table);
    else if (entries.length === 0) this.use(null);
    else if (tableSize(this.plan, entries) <= AT_ONCE) this.use(hashTable(this.plan, entries));
    else {
      this.left = new Set(this.hosts);
      this.forget = this.queue.make(tableSteps(this.plan, entries), (table) => this.use(table));
    }
  }

  private use(table: HashTable | null): void {
    this.table = table;
    this.made = this.wanted;
    this.madeOf = this.hosts;
    this.left = null;
    this.forget = null;
  }

  /** Somebody who is not avoided, when one turns up within `attempts` more picks; null: nobody is there. */
  pick(hash: Hash64, avoids: Avoids<Host> | null = null, attempts = 0): Host | null {
    let host = this.at(hash, 0);
    for (let i = 1; i <= attempts && host !== null && avoids?.(host); i++) host = this.at(hash, i);
    return host;
  }

  /** null: the table has been given no size, or nobody is there. */
  private at(hash: Hash64, attempt: number): Host | null {
    if (this.left !== null) return this.meanwhile(hash, attempt, this.left);
    return this.table === null ? null : (this.madeOf[this.table.find(hash, attempt)] ?? null);
  }

  /** Keys of hosts that stay keep them; whose host is gone, or without a table before, any that the key names. */
  private meanwhile(hash: Hash64, attempt: number, left: ReadonlySet<Host>): Host | null {
    for (let i = 0; this.table !== null && i < LOOKS; i++) {
      const host = this.madeOf[this.table.find(hash, attempt + i)];
      if (host !== undefined && left.has(host)) return host;
    }
    return this.hosts[(hashModulo(hash, this.hosts.length) + attempt) % this.hosts.length] ?? null;
  }

  private keyOf({ address, plan }: Host): string {
    if (plan.hashKey !== "") return plan.hashKey;
    if (this.plan.usesHostname) return plan.hostname;
    return `${address.includes(":") ? `[${address}]` : address}:${plan.port}`;
  }

  private evenly(hosts: readonly Host[], part = 1): { host: Host; share: number }[] {
    const sum = hosts.reduce((total, { plan }) => total + plan.weight, 0);
    return hosts.map((host) => ({ host, share: (host.plan.weight * part) / sum }));
  }

  /** As Envoy: a locality without a weight has no host in the table. */
  private byLocality(hosts: readonly Host[], all: readonly Host[]): { host: Host; share: number }[] {
    const weights = new Map(all.map(({ plan }) => [plan.locality, plan.localityWeight]));
    const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
    return [...weights.keys()].sort().flatMap((name) => {
      const weight = weights.get(name) ?? 0;
      const there = hosts.filter(({ plan }) => plan.locality === name);
      return weight === 0 ? [] : this.evenly(there, weight / sum);
    });
  }
}
