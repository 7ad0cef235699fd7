// The resources a proxy holds, by kind and name. One rule: a set is never changed in place; a response makes a candidate,
// which replaces the set when it was accepted.

import { RESOURCE_KINDS, type ResourceKind, type ResourceMessages } from "../contract/resource-types";
import type { PlanResources } from "../plan/plan";
import type { VersionedName } from "./digest";

export interface Held<K extends ResourceKind = ResourceKind> {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly message: ResourceMessages[K];
}

type Maps = { readonly [K in ResourceKind]: ReadonlyMap<string, Held<K>> };

export class ResourceSet {
  static readonly empty = new ResourceSet({
    secret: new Map(),
    cluster: new Map(),
    endpoint: new Map(),
    route: new Map(),
    listener: new Map(),
  });

  private constructor(private readonly maps: Maps) {}

  of<K extends ResourceKind>(kind: K): ReadonlyMap<string, Held<K>> {
    return this.maps[kind];
  }

  with<K extends ResourceKind>(kind: K, changed: ReadonlyMap<string, Held<K>>, removed: Iterable<string>): ResourceSet {
    const next = new Map<string, Held<K>>(this.maps[kind]);
    for (const name of removed) {
      next.delete(name);
    }
    for (const [name, held] of changed) {
      next.set(name, held);
    }
    return new ResourceSet({ ...this.maps, [kind]: next } as Maps);
  }

  /** This set without those of a kind that are not among `names`; itself where there are none. */
  keeping(kind: ResourceKind, names: ReadonlySet<string>): ResourceSet {
    const others = this.names(kind).filter((name) => !names.has(name));
    return others.length === 0 ? this : this.with(kind, new Map(), others);
  }

  /** This set with another's resources of `kinds`. */
  taking(other: ResourceSet, kinds: readonly ResourceKind[]): ResourceSet {
    const taken = Object.fromEntries(kinds.map((kind) => [kind, other.maps[kind]]));
    return new ResourceSet({ ...this.maps, ...taken } as Maps);
  }

  names(kind: ResourceKind): string[] {
    return [...this.maps[kind].keys()].sort();
  }

  versions(): VersionedName[] {
    return RESOURCE_KINDS.flatMap((kind) => {
      const held: ReadonlyMap<string, { readonly version: string }> = this.maps[kind];
      return Array.from(held, ([name, { version }]) => ({ kind, name, version }));
    });
  }

  messages<K extends ResourceKind>(kind: K): Map<string, ResourceMessages[K]> {
    return new Map(Array.from(this.maps[kind], ([name, { message }]) => [name, message]));
  }

  forPlan(): PlanResources {
    return {
      listeners: this.messages("listener"),
      routes: this.messages("route"),
      clusters: this.messages("cluster"),
      endpoints: this.messages("endpoint"),
    };
  }
}
