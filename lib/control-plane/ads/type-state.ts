// What one stream wants, holds and waits for, of one resource type.
// One rule: `held` is what the client was sent, not what we would like it to have.

import { CLUSTER, ENDPOINT, type EncodedResource, LISTENER, type Snapshot, type TypeUrl } from "./snapshot";
import { Subscription } from "./subscription";

/** Stands for "may or may not have it": differs from every version, so that the name is sent again. */
const UNCERTAIN = "?";

export interface DeltaSubscription {
  subscribe: readonly string[];
  unsubscribe: readonly string[];
  initialVersions: Readonly<Record<string, string>>;
}

export interface PendingResponse {
  nonce: string;
  resources: readonly EncodedResource[];
  removed: readonly string[];
  since: number;
}

interface Held {
  version: string;
  resource: EncodedResource | null;
}

export class TypeState {
  readonly subscription: Subscription;
  readonly held = new Map<string, Held>();
  readonly mustAnswer = new Set<string>();
  /** The first request of a root type is answered even when there is nothing to say: the client waits for it. */
  mustAnswerWhole = false;
  lastNonce = "";
  pending: PendingResponse | null = null;

  constructor(readonly typeUrl: TypeUrl) {
    this.subscription = new Subscription(typeUrl);
  }

  get isRoot(): boolean {
    return this.typeUrl === LISTENER || this.typeUrl === CLUSTER;
  }

  subscribeDelta(request: DeltaSubscription, isFirst: boolean, snapshot: Snapshot | null): void {
    for (const [name, version] of isFirst ? Object.entries(request.initialVersions) : []) {
      this.held.set(name, { version, resource: null });
    }
    this.mustAnswerWhole ||= isFirst && this.isRoot;
    const named = this.subscription.updateDelta(request.subscribe, request.unsubscribe);
    const wanted = this.wanted(snapshot);
    for (const name of named) {
      // A client that reconnects names what it holds; only endpoints are repeated then, for clusters that warm on them.
      const isCurrent = this.held.has(name) && this.held.get(name)?.version === wanted.get(name)?.version;
      if (!isFirst || this.typeUrl === ENDPOINT || !isCurrent) {
        this.mustAnswer.add(name);
      }
    }
    this.forgetUnwanted();
  }

  subscribeFull(names: readonly string[], isFirst: boolean): void {
    const added = this.subscription.updateFull(names);
    for (const name of added) {
      this.mustAnswer.add(name);
    }
    this.mustAnswerWhole ||= this.isRoot && (isFirst || added.length > 0);
    this.forgetUnwanted();
  }

  wanted(snapshot: Snapshot | null): Map<string, EncodedResource> {
    const all = [...(snapshot?.resources[this.typeUrl] ?? [])];
    return new Map(all.filter(([name]) => this.subscription.wants(name)));
  }

  adds(snapshot: Snapshot | null): EncodedResource[] {
    return [...this.wanted(snapshot).values()].filter(
      (resource) => this.held.get(resource.name)?.version !== resource.version || this.mustAnswer.has(resource.name),
    );
  }

  /** Names the client holds, or asked for, that do not exist. */
  removals(snapshot: Snapshot | null): string[] {
    const wanted = this.wanted(snapshot);
    return [...new Set([...this.held.keys(), ...this.mustAnswer])].filter((name) => !wanted.has(name));
  }

  /** Names the client asked for and never had, that do not exist. */
  missing(snapshot: Snapshot | null): string[] {
    return this.removals(snapshot).filter((name) => !this.held.has(name));
  }

  markSent(adds: readonly EncodedResource[], removed: readonly string[]): void {
    for (const resource of adds) {
      this.held.set(resource.name, { version: resource.version, resource });
      this.mustAnswer.delete(resource.name);
    }
    for (const name of removed) {
      this.held.delete(name);
      this.mustAnswer.delete(name);
    }
    this.mustAnswerWhole = false;
  }

  /**
   * After a refusal: whether the client kept parts of the response depends on the client.
   * A refused pure removal is not repeated: it carries no version that could be parked.
   */
  doubt(response: PendingResponse): void {
    const removed = response.resources.length > 0 ? response.removed : [];
    for (const name of [...response.resources.map((resource) => resource.name), ...removed]) {
      this.held.set(name, { version: UNCERTAIN, resource: null });
    }
  }

  private forgetUnwanted(): void {
    for (const name of [...this.held.keys(), ...this.mustAnswer]) {
      if (!this.subscription.wants(name)) {
        this.held.delete(name);
        this.mustAnswer.delete(name);
      }
    }
  }
}
