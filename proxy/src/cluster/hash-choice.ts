// One of several hosts by the key of a request. Rule: the table is made when hosts or their weights change, never for a request.

import type { HashTablePlan } from "../plan/types";
import { type Hash64, type HashedHost, type HashTable, hashTable } from "../semantics";
import type { Avoids, Balanced } from "./host-choice";

export class HashChoice<Host extends Balanced> {
  private hosts: readonly Host[] = [];
  private made = "";
  private table: HashTable | null = null;

  constructor(private readonly plan: HashTablePlan) {}

  /** @param weighing the hosts of all localities where localities have weights; null: they have none */
  update(hosts: readonly Host[], weighing: readonly Host[] | null): void {
    const found = weighing === null ? this.evenly(hosts) : this.byLocality(hosts, weighing);
    this.hosts = found.map(({ host }) => host);
    const entries: HashedHost[] = found.map(({ host, share }) => ({ key: this.keyOf(host), share }));
    // DNS tells the same hosts again and again.
    const made = JSON.stringify(entries.map(({ key, share }) => [key, share]));
    if (made === this.made) return;
    this.made = made;
    this.table = entries.length === 0 ? null : hashTable(this.plan, entries);
  }

  /** Somebody who is not avoided, when one turns up within `attempts` more picks; null: nobody is in the table. */
  pick(hash: Hash64, avoids: Avoids<Host> | null = null, attempts = 0): Host | null {
    const { table } = this;
    if (table === null) return null;
    let host = this.at(table, hash, 0);
    for (let i = 1; i <= attempts && host !== null && avoids?.(host); i++) host = this.at(table, hash, i);
    return host;
  }

  /** null: the table has been given no size. */
  private at(table: HashTable, hash: Hash64, attempt: number): Host | null {
    return this.hosts[table.find(hash, attempt)] ?? null;
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
