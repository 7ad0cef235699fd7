// What one stream has asked for of one resource type, in both protocol forms (xds_protocol.rst, "Subscribing").
// One rule: interest in a name that does not exist yet is remembered and answered when it appears.

import { CLUSTER, LISTENER, type TypeUrl } from "./snapshot";

export class Subscription {
  private readonly names = new Set<string>();
  private isWildcard = false;
  private hasNamed = false;
  private isFirst = true;

  constructor(private readonly typeUrl: TypeUrl) {}

  wants(name: string): boolean {
    return this.isWildcard || this.names.has(name);
  }

  explicitNames(): ReadonlySet<string> {
    return this.names;
  }

  /** Delta: returns the names to answer even if nothing changed. */
  updateDelta(subscribe: readonly string[], unsubscribe: readonly string[]): string[] {
    if (this.isFirst && subscribe.length === 0) {
      this.isWildcard = true;
    }
    this.isFirst = false;
    for (const name of subscribe) {
      this.add(name);
    }
    const covered: string[] = [];
    for (const name of unsubscribe) {
      if (name === "*") {
        this.isWildcard = false;
      } else {
        this.names.delete(name);
        if (this.isWildcard) {
          covered.push(name); // a wildcard still covers it: the client needs to be told so
        }
      }
    }
    return [...subscribe.filter((name) => name !== "*"), ...covered];
  }

  /** State of the world: the list replaces the one before. Returns names that are new in it. */
  updateFull(names: readonly string[]): string[] {
    const isRootType = this.typeUrl === LISTENER || this.typeUrl === CLUSTER;
    if (names.length === 0 && isRootType && !this.hasNamed) {
      this.isWildcard = true;
      this.isFirst = false;
      return [];
    }
    this.isFirst = false;
    const added = names.filter((name) => name !== "*" && !this.names.has(name));
    this.names.clear();
    this.isWildcard = false;
    for (const name of names) {
      this.add(name);
      this.hasNamed = true;
    }
    return added;
  }

  private add(name: string): void {
    if (name === "*") {
      this.isWildcard = true;
    } else {
      this.names.add(name);
    }
  }
}
