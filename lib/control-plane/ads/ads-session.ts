// One ADS stream as a state machine without sockets: requests in, responses out, for delta and state of the world.
//
// Order (Consul's list): clusters added, endpoints, listeners, routes, then clusters removed; a later step waits for
// the ACK of the one before. Two exceptions that would otherwise freeze a proxy: endpoints and secrets are never
// held back, and a route a listener is warming for is answered at once. A missing ACK is given up after a while.
// At most one response of a type is unanswered, so memory per stream is bounded.
// One rule: while something the proxy refused is still wanted, nothing but endpoints and secrets is sent to it.

import type { Rejection, Rejections } from "./rejections";
import {
  CLUSTER,
  ENDPOINT,
  type EncodedResource,
  LISTENER,
  ROUTE,
  SECRET,
  type Snapshot,
  shortHash,
  TYPE_URLS,
  type TypeUrl,
} from "./snapshot";
import { type DeltaSubscription, TypeState } from "./type-state";

export type Flavour = "delta" | "state-of-the-world";

export interface SessionResponse {
  typeUrl: TypeUrl;
  nonce: string;
  version: string;
  resources: readonly EncodedResource[];
  removed: readonly string[];
}

export type SessionRequest = { typeUrl: TypeUrl; nonce: string; errorMessage: string | null } & (
  | ({ flavour: "delta" } & DeltaSubscription)
  | { flavour: "state-of-the-world"; names: readonly string[] }
);

export interface SessionHooks {
  send(response: SessionResponse): void;
  onAck(typeUrl: TypeUrl): void;
  onNack(rejection: Rejection): void;
  onTimeout(typeUrl: TypeUrl): void;
  /** All that is wanted was sent and accepted. Called once for each snapshot. */
  onSynced(digest: string): void;
  /** Calls back later; the session asks for it when a step waits. */
  wakeAfter(delayMs: number): void;
}

export interface SessionOptions {
  flavour: Flavour;
  rejections: Rejections;
  hooks: SessionHooks;
  now: () => number;
  ackTimeoutMs?: number;
  /** How long listeners wait for the client to ask for the endpoints of new clusters. */
  endpointWaitMs?: number;
}

const ACK_TIMEOUT_MS = 30_000; // research/controlplane.md section 8
const ENDPOINT_WAIT_MS = 3_000;

export class AdsSession {
  private readonly types = new Map<TypeUrl, TypeState>();
  private snapshot: Snapshot | null = null;
  private syncedDigest = "";
  private nonceCount = 0;
  private clustersSentAt = 0;

  constructor(private readonly options: SessionOptions) {}

  setSnapshot(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.pump();
  }

  receive(request: SessionRequest): void {
    const isFirst = !this.types.has(request.typeUrl);
    const state = this.stateOf(request.typeUrl);
    if (request.nonce !== "" && state.pending?.nonce === request.nonce) {
      this.settle(state, request.errorMessage);
    } else if (request.flavour === "state-of-the-world" && request.nonce !== "" && request.nonce !== state.lastNonce) {
      return; // stale: a newer response is on its way and will be answered
    }
    if (request.flavour === "delta") {
      state.subscribeDelta(request, isFirst, this.snapshot);
    } else {
      state.subscribeFull(request.names, isFirst);
    }
    this.pump();
  }

  /** Gives up on ACKs that are overdue and moves on. */
  wake(): void {
    for (const state of this.types.values()) {
      if (state.pending && this.options.now() - state.pending.since >= this.ackTimeoutMs) {
        state.pending = null;
        this.options.hooks.onTimeout(state.typeUrl);
      }
    }
    this.pump();
  }

  private get ackTimeoutMs(): number {
    return this.options.ackTimeoutMs ?? ACK_TIMEOUT_MS;
  }

  private stateOf(typeUrl: TypeUrl): TypeState {
    const known = this.types.get(typeUrl);
    if (known) {
      return known;
    }
    const state = new TypeState(typeUrl);
    this.types.set(typeUrl, state);
    return state;
  }

  private settle(state: TypeState, errorMessage: string | null): void {
    const pending = state.pending;
    state.pending = null;
    if (!pending) {
      return;
    }
    if (errorMessage === null) {
      this.options.hooks.onAck(state.typeUrl);
      return;
    }
    state.doubt(pending);
    this.options.hooks.onNack(
      this.options.rejections.reject(state.typeUrl, pending.resources, errorMessage, this.options.now()),
    );
  }

  private pump(): void {
    if (!this.snapshot) {
      return;
    }
    const clusters = this.types.get(CLUSTER);
    this.sendSecrets();
    if (clusters && !this.isRejected(clusters)) {
      this.sendAdds(clusters);
    }
    this.sendEndpoints();
    if (this.isWaitingForClusters()) {
      this.scheduleWake();
      return;
    }
    const listeners = this.types.get(LISTENER);
    const isBlocked = [CLUSTER, LISTENER, ROUTE].some((typeUrl) => this.isRejected(this.types.get(typeUrl as TypeUrl)));
    if (!isBlocked) {
      this.sendAll(listeners);
      this.sendRoutes(listeners);
      if (this.isSettled(listeners) && this.isSettled(this.types.get(ROUTE))) {
        this.sendRemovals(clusters);
        this.sendRemovals(this.types.get(ENDPOINT));
      }
    }
    this.scheduleWake();
    this.reportSynced(isBlocked);
  }

  private sendSecrets(): void {
    const secrets = this.types.get(SECRET);
    if (secrets && !this.isRejected(secrets)) {
      this.sendAll(secrets);
    }
  }

  private sendEndpoints(): void {
    const endpoints = this.types.get(ENDPOINT);
    if (endpoints && !this.isRejected(endpoints)) {
      this.sendAdds(endpoints);
    }
  }

  /** A route may follow its listener's ACK; one the client has never had is what a listener warms for, so it may not. */
  private sendRoutes(listeners: TypeState | undefined): void {
    const routes = this.types.get(ROUTE);
    if (!routes || routes.pending) {
      return;
    }
    const isFirstAnswer = [...routes.mustAnswer].some((name) => !routes.held.has(name));
    if (isFirstAnswer || this.isSettled(listeners)) {
      this.sendAll(routes);
    }
  }

  private isWaitingForClusters(): boolean {
    const clusters = this.types.get(CLUSTER);
    if (!clusters) {
      return false;
    }
    if (clusters.pending || clusters.adds(this.snapshot).length > 0) {
      return true;
    }
    const endpoints = this.types.get(ENDPOINT);
    const isTimeUp = this.options.now() - this.clustersSentAt >= (this.options.endpointWaitMs ?? ENDPOINT_WAIT_MS);
    const isAsked = [...(this.snapshot?.edsClusters.keys() ?? [])].every((name) => endpoints?.held.has(name));
    return (endpoints?.pending ?? null) !== null || (!isAsked && !isTimeUp);
  }

  private isSettled(state: TypeState | undefined): boolean {
    return !state || (state.pending === null && state.adds(this.snapshot).length === 0);
  }

  private isRejected(state: TypeState | undefined): boolean {
    return state !== undefined && this.options.rejections.forbids(state.typeUrl, state.adds(this.snapshot));
  }

  private sendAdds(state: TypeState): void {
    const missing = this.options.flavour === "delta" ? state.missing(this.snapshot) : [];
    this.sendResponse(state, state.adds(this.snapshot), missing);
  }

  private sendAll(state: TypeState | undefined): void {
    if (state) {
      this.sendResponse(state, state.adds(this.snapshot), state.removals(this.snapshot));
    }
  }

  private sendRemovals(state: TypeState | undefined): void {
    if (state) {
      this.sendResponse(state, [], state.removals(this.snapshot));
    }
  }

  private sendResponse(state: TypeState, adds: EncodedResource[], removed: string[]): void {
    const isFull = this.options.flavour === "state-of-the-world" && state.isRoot;
    if (state.pending || (adds.length === 0 && removed.length === 0 && !state.mustAnswerWhole)) {
      return;
    }
    state.markSent(adds, removed);
    if (this.options.flavour === "state-of-the-world" && !isFull && adds.length === 0) {
      return; // this form has no word for "does not exist"
    }
    if (state.typeUrl === CLUSTER) {
      this.afterClusters(adds);
    }
    this.nonceCount += 1;
    const nonce = `${this.nonceCount}`;
    state.lastNonce = nonce;
    const resources = isFull ? [...state.held.values()].flatMap((held) => held.resource ?? []) : adds;
    state.pending = { nonce, resources: adds, removed, since: this.options.now() };
    const version = shortHash(resources.map((resource) => `${resource.name} ${resource.version}`).join("\n"));
    this.options.hooks.send({ typeUrl: state.typeUrl, nonce, version, resources, removed });
  }

  /** A cluster that is sent warms again on its endpoints, even if those did not change: repeat them. */
  private afterClusters(sent: readonly EncodedResource[]): void {
    this.clustersSentAt = this.options.now();
    const endpoints = this.types.get(ENDPOINT);
    for (const { name } of endpoints ? sent : []) {
      if (endpoints?.subscription.wants(name)) {
        endpoints.mustAnswer.add(name);
      }
    }
  }

  private scheduleWake(): void {
    const now = this.options.now();
    const overdue = [...this.types.values()].flatMap((state) =>
      state.pending ? [Math.max(state.pending.since + this.ackTimeoutMs, now + 1)] : [],
    );
    const endpointsAt = this.clustersSentAt + (this.options.endpointWaitMs ?? ENDPOINT_WAIT_MS);
    const waits = endpointsAt > now && this.isWaitingForClusters() ? [...overdue, endpointsAt] : overdue;
    if (waits.length > 0) {
      this.options.hooks.wakeAfter(Math.min(...waits) - now);
    }
  }

  private reportSynced(isBlocked: boolean): void {
    const digest = this.snapshot?.digest ?? "";
    const isDone = !isBlocked && TYPE_URLS.every((typeUrl) => this.isSettled(this.types.get(typeUrl)));
    const hasRoots = this.types.has(CLUSTER) && this.types.has(LISTENER);
    if (isDone && hasRoots && digest !== this.syncedDigest) {
      this.syncedDigest = digest;
      this.options.hooks.onSynced(digest);
    }
  }
}
