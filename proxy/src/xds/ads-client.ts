// The ADS stream: connects, subscribes, answers each response with ACK or NACK in order, reconnects with jitter.
// One rule: what was accepted is the owner's; after a reconnect it is announced, so that nothing is sent twice.

import type { Node } from "../contract/messages";
import { RESOURCE_KINDS, type ResourceKind } from "../contract/resource-types";
import { BackOff } from "../identity/back-off";
import { GrpcStream, type GrpcTarget } from "./grpc-stream";
import type { AdsUpdate, Wire } from "./wire";

export interface AdsClientOptions {
  readonly wire: Wire;
  readonly node: Node;
  /** Asked at each connection: certificates rotate. */
  readonly target: () => Omit<GrpcTarget, "path">;
  readonly log: (message: string) => void;
  /** Names and versions held of a kind, for the first request of a stream. */
  readonly held: (kind: ResourceKind) => ReadonlyMap<string, { readonly version: string }>;
  /** Null: ACK. Text: NACK with it. */
  readonly onUpdate: (update: AdsUpdate) => Promise<string | null>;
  readonly onConnection: (isConnected: boolean) => void;
  /** The control plane does not take this identity: it may have been revoked. */
  readonly onDenied: () => void;
  readonly backOff?: BackOff;
}

interface Subscription {
  names: ReadonlySet<string>;
  isFirst: boolean;
  nonce: string;
  acceptedVersion: string;
}

/** Subscribed to as a whole; the other kinds by name. */
const WILDCARD: readonly ResourceKind[] = ["listener", "cluster"];
/** A stream that lived this long was fine: the next attempt starts with a short wait. */
const STABLE_MS = 10_000;

export class AdsClient {
  private readonly subscriptions: Readonly<Record<ResourceKind, Subscription>>;
  private readonly backOff: BackOff;
  private stream: GrpcStream | null = null;
  private isConnected = false;
  private isNodeSent = false;
  private connectedAt = 0;
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly options: AdsClientOptions) {
    const fresh = (): Subscription => ({ names: new Set(), isFirst: true, nonce: "", acceptedVersion: "" });
    this.subscriptions = { secret: fresh(), cluster: fresh(), endpoint: fresh(), route: fresh(), listener: fresh() };
    this.backOff = options.backOff ?? new BackOff(250, 10_000);
  }

  start(): void {
    this.connect();
  }

  stop(): void {
    this.isStopped = true;
    if (this.timer) {
      clearTimeout(this.timer);
    }
    this.stream?.close();
  }

  /** Sets the names wanted of a kind and tells the server what changed. */
  subscribe(kind: ResourceKind, names: ReadonlySet<string>): void {
    const subscription = this.subscriptions[kind];
    const added = [...names].filter((name) => !subscription.names.has(name));
    const dropped = [...subscription.names].filter((name) => !names.has(name));
    subscription.names = new Set(names);
    if (this.stream && (added.length > 0 || dropped.length > 0)) {
      this.send(kind, { subscribe: added, unsubscribe: dropped });
    }
  }

  private connect(): void {
    if (this.isStopped) {
      return;
    }
    for (const kind of RESOURCE_KINDS) {
      this.subscriptions[kind].isFirst = true;
      this.subscriptions[kind].nonce = "";
    }
    this.isNodeSent = false;
    try {
      this.open();
    } catch (error) {
      this.lost((error as Error).message); // certificates that do not load
    }
  }

  private open(): void {
    const stream: GrpcStream = new GrpcStream(
      { ...this.options.target(), path: this.options.wire.path },
      {
        onConnected: () => {
          this.stream = stream;
          this.connectedAt = Date.now();
          this.subscribeAll();
        },
        onOpen: () => this.opened(),
        onMessage: (bytes) => this.received(stream, bytes),
        onEnd: (reason, isDenied) => {
          this.lost(reason);
          if (isDenied && !this.isStopped) this.options.onDenied();
        },
      },
    );
  }

  private subscribeAll(): void {
    for (const kind of ["secret", "cluster", "endpoint", "listener", "route"] as const) {
      const { names } = this.subscriptions[kind];
      if (WILDCARD.includes(kind) || names.size > 0) {
        this.send(kind, { subscribe: [...names], unsubscribe: [] });
      }
    }
  }

  private opened(): void {
    if (!this.isConnected) {
      this.isConnected = true;
      this.options.onConnection(true);
    }
  }

  private received(stream: GrpcStream, bytes: Uint8Array): void {
    this.opened();
    const copy = Uint8Array.from(bytes);
    this.queue = this.queue
      .then(() => this.answer(stream, copy))
      .catch((error: Error) => {
        this.options.log(`an ADS response could not be handled: ${error.stack ?? error.message}`);
        stream.close();
      });
  }

  private async answer(stream: GrpcStream, bytes: Uint8Array): Promise<void> {
    const update = this.options.wire.decode(bytes);
    const { kind } = update;
    if (!kind) {
      this.options.log(`the control plane sent ${update.typeUrl}, which was not asked for; it is ignored`);
      return;
    }
    this.subscriptions[kind].nonce = update.nonce;
    const error = await this.options.onUpdate(update);
    if (error === null) {
      this.subscriptions[kind].acceptedVersion = update.version;
    }
    if (stream === this.stream) {
      this.send(kind, { subscribe: [], unsubscribe: [], nonce: update.nonce, error });
    }
  }

  private send(
    kind: ResourceKind,
    change: { subscribe: readonly string[]; unsubscribe: readonly string[]; nonce?: string; error?: string | null },
  ): void {
    const subscription = this.subscriptions[kind];
    const { isFirst } = subscription;
    subscription.isFirst = false;
    const held = isFirst ? this.options.held(kind) : new Map<string, { version: string }>();
    const wanted = ([name]: [string, unknown]): boolean => WILDCARD.includes(kind) || subscription.names.has(name);
    const initialVersions = Object.fromEntries([...held].filter(wanted).map(([name, { version }]) => [name, version]));
    const bytes = this.options.wire.encode({
      kind,
      node: this.isNodeSent ? undefined : this.options.node,
      subscribe: change.subscribe,
      unsubscribe: change.unsubscribe,
      names: [...subscription.names],
      isFirst,
      initialVersions,
      acceptedVersion: subscription.acceptedVersion,
      // A changed subscription is no answer: in delta it carries no nonce, in state of the world the latest one.
      nonce: change.nonce ?? this.options.wire.subscriptionNonce(subscription.nonce),
      error: change.error ?? null,
    });
    this.isNodeSent = true;
    this.stream?.send(bytes);
  }

  private lost(reason: string): void {
    this.stream = null;
    if (this.isConnected) {
      this.isConnected = false;
      this.options.onConnection(false);
    }
    if (this.isStopped) {
      return;
    }
    if (this.connectedAt > 0 && Date.now() - this.connectedAt > STABLE_MS) {
      this.backOff.reset();
    }
    this.connectedAt = 0;
    const wait = this.backOff.next();
    this.options.log(`not connected to the control plane: ${reason}; next try in ${wait} ms`);
    this.timer = setTimeout(() => this.connect(), wait);
  }
}
