// The gRPC server of ADS over mutual TLS. A stream belongs to the proxy its first message names, if the peer's
// SPIFFE ID is that proxy's; whether it still may is asked again at every message.
// One rule: no stream is served before the whole state is loaded, so that nobody is ever sent an empty world.

import { constants } from "node:crypto";
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from "@grpc/grpc-js";
import type { Clock } from "@/lib/clock";
import type { Logger } from "@/lib/observability/logger";
import type { ServerIdentity } from "../ca/authority";
import { type PeerIdentity, type PeerResult, readPeer } from "../ca/peer";
import { addRateLimitService, type RateLimitServiceOptions } from "../ratelimit/rate-limit-service";
import { AdsSession } from "./ads-session";
import type { Rejection, Rejections } from "./rejections";
import type { Snapshot, TypeUrl } from "./snapshot";
import { deltaWire, fullWire, type Wire, type WireRequest } from "./wire";

export interface NodeClaim {
  id: string;
  metadata: Record<string, unknown>;
}

/** A proxy as the server sees it: kept by the registry, outlives streams. */
export interface AdsClient {
  readonly proxyKey: string;
  readonly rejections: Rejections;
  snapshot(): Snapshot | null;
}

export interface AdsConnection {
  readonly client: AdsClient;
  readonly node: NodeClaim;
  readonly peer: PeerIdentity;
  push(snapshot: Snapshot): void;
  close(reason: string): void;
}

export interface AdsDirectory {
  isLoaded(): boolean;
  /** The proxy this node and peer are, or the reason why they are not let in. */
  authorize(node: NodeClaim, peer: PeerIdentity): AdsClient | string;
  connected(connection: AdsConnection): void;
  disconnected(connection: AdsConnection): void;
  acknowledged(connection: AdsConnection, typeUrl: TypeUrl): void;
  refused(connection: AdsConnection, rejection: Rejection): void;
  timedOut(connection: AdsConnection, typeUrl: TypeUrl): void;
  synced(connection: AdsConnection, digest: string): void;
}

export interface AdsServerOptions {
  directory: AdsDirectory;
  /** Beside ADS: sidecars ask what all instances of their service share. */
  rateLimits?: RateLimitServiceOptions;
  clock: Clock;
  logger: Logger;
}

type AdsCall = ServerDuplexStream<WireRequest, Buffer>;

class MeshServerCredentials extends ServerCredentials {
  constructor(identity: ServerIdentity, bundlePem: string) {
    super({ requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" }, secureContext(identity, bundlePem));
  }

  rotate(identity: ServerIdentity, bundlePem: string): void {
    this.updateSecureContextOptions(secureContext(identity, bundlePem));
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

function secureContext(identity: ServerIdentity, bundlePem: string) {
  const secureOptions = constants.SSL_OP_NO_TICKET; // a resumed session would skip certificate checks
  return { ca: bundlePem, cert: identity.certificatePem, key: identity.privateKeyPem, secureOptions };
}

export class AdsServer {
  private readonly server: Server;
  private readonly credentials: MeshServerCredentials;

  constructor(options: AdsServerOptions, identity: ServerIdentity, bundlePem: string) {
    this.credentials = new MeshServerCredentials(identity, bundlePem);
    this.server = new Server({
      "grpc.keepalive_time_ms": 15_000, // heartbeat of research/controlplane.md section 8: finds dead streams
      "grpc.keepalive_timeout_ms": 10_000,
      "grpc.keepalive_permit_without_calls": 1,
      "grpc.max_connection_age_ms": 1_800_000, // spreads proxies over replicas; grpc-js adds its own 10 % jitter
      "grpc.max_connection_age_grace_ms": 5_000,
    });
    addAdsServices(this.server, options, verifiedPeer);
    if (options.rateLimits) addRateLimitService(this.server, options.rateLimits, verifiedPeer);
  }

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync(
        host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`,
        this.credentials,
        (error, bound) => (error ? reject(error) : resolve(bound)),
      );
    });
  }

  useIdentity(identity: ServerIdentity, bundlePem: string): void {
    this.credentials.rotate(identity, bundlePem);
  }

  close(): void {
    this.server.forceShutdown();
  }
}

/** Says who is on the other end of a stream. */
export type PeerOf = (call: Pick<AdsCall, "getAuthContext">) => PeerResult;

/** The peer of a mutual TLS connection that was verified against the bundle. */
function verifiedPeer(call: Pick<AdsCall, "getAuthContext">): PeerResult {
  const der = call.getAuthContext().sslPeerCertificate?.raw;
  return der ? readPeer(der) : { ok: false, reason: "no verified client certificate" };
}

export function addAdsServices(server: Server, options: AdsServerOptions, peerOf: PeerOf): void {
  for (const wire of [deltaWire, fullWire]) {
    const stream: handleBidiStreamingCall<WireRequest, Buffer> = (call) =>
      new AdsStream(wire, call, options, peerOf).start();
    server.addService(definitionOf(wire), { stream });
  }
}

function definitionOf(wire: Wire) {
  return {
    stream: {
      path: wire.path,
      requestStream: true,
      responseStream: true,
      requestSerialize: () => Buffer.alloc(0),
      requestDeserialize: (bytes: Buffer) => wire.decode(bytes),
      responseSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  };
}

class AdsStream {
  private session: AdsSession | null = null;
  private connection: AdsConnection | null = null;
  private timer: NodeJS.Timeout | null = null;
  private isOpen = true;

  constructor(
    private readonly wire: Wire,
    private readonly call: AdsCall,
    private readonly options: AdsServerOptions,
    private readonly peerOf: PeerOf,
  ) {}

  start(): void {
    this.call.on("data", (message: WireRequest) => this.receive(message));
    this.call.on("end", () => this.end());
    this.call.on("error", () => this.end());
    this.call.on("close", () => this.end());
    this.call.on("cancelled", () => this.end());
  }

  private receive(message: WireRequest): void {
    if (!this.isOpen || (!this.connection && !this.open(message))) {
      return;
    }
    if (!this.connection || !this.session) {
      return;
    }
    const verdict = this.options.directory.authorize(this.connection.node, this.connection.peer);
    if (typeof verdict === "string") {
      this.refuse(status.PERMISSION_DENIED, verdict);
    } else if (message.request) {
      this.session.receive(message.request);
    } else {
      this.options.logger.debug({ typeUrl: message.typeUrl }, "a resource type we do not serve was asked for");
    }
  }

  private open(message: WireRequest): boolean {
    const { directory } = this.options;
    if (!directory.isLoaded()) {
      return this.refuse(status.UNAVAILABLE, "the control plane is still loading its state; try again");
    }
    const read = this.peerOf(this.call);
    if (!read.ok) {
      return this.refuse(status.UNAUTHENTICATED, read.reason);
    }
    if (!message.node) {
      return this.refuse(status.INVALID_ARGUMENT, "the first message of a stream must carry a node with an id");
    }
    const node = { id: message.node.id, metadata: message.node.metadata ?? {} };
    const client = directory.authorize(node, read.peer);
    if (typeof client === "string") {
      return this.refuse(status.PERMISSION_DENIED, client);
    }
    this.connect(client, node, read.peer);
    return true;
  }

  private connect(client: AdsClient, node: NodeClaim, peer: PeerIdentity): void {
    const { directory, clock } = this.options;
    const connection: AdsConnection = {
      client,
      node,
      peer,
      push: (snapshot) => this.session?.setSnapshot(snapshot),
      close: (reason) => void this.refuse(status.UNAVAILABLE, reason),
    };
    this.connection = connection;
    this.session = new AdsSession({
      flavour: this.wire.flavour,
      rejections: client.rejections,
      now: () => clock.now(),
      hooks: {
        send: (response) => void this.call.write(this.wire.encode(response)),
        onAck: (typeUrl) => directory.acknowledged(connection, typeUrl),
        onNack: (rejection) => directory.refused(connection, rejection),
        onTimeout: (typeUrl) => directory.timedOut(connection, typeUrl),
        onSynced: (digest) => directory.synced(connection, digest),
        wakeAfter: (delayMs) => this.wakeAfter(delayMs),
      },
    });
    directory.connected(connection);
    const snapshot = client.snapshot();
    if (snapshot) {
      this.session.setSnapshot(snapshot);
    }
  }

  private wakeAfter(delayMs: number): void {
    if (this.timer) {
      clearTimeout(this.timer);
    }
    this.timer = setTimeout(() => this.session?.wake(), delayMs).unref();
  }

  private refuse(code: status, reason: string): false {
    if (this.isOpen) {
      this.options.logger.warn(
        { proxy: this.connection?.client.proxyKey, reason },
        "an ADS stream is refused or closed",
      );
      this.call.emit("error", { code, details: reason });
      this.end();
    }
    return false;
  }

  private end(): void {
    if (!this.isOpen) {
      return;
    }
    this.isOpen = false;
    if (this.timer) {
      clearTimeout(this.timer);
    }
    this.call.end();
    if (this.connection) {
      this.options.directory.disconnected(this.connection);
    }
  }
}
