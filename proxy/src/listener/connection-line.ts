// The line of a connection in the log of its listener (Listener.access_log): one when it ends, also where no filter chain took it.
// Rule: what came of it is read from whoever had it when the line is written.

import type { DownstreamHttp } from "../http/downstream";
import type { TcpConnection } from "../tcp/tcp-proxy";
import { ConnectionRecord } from "../telemetry/connection-record";
import type { AcceptedConnection } from "./filter-chain";
import type { ToldAddresses } from "./proxy-protocol";

type Taker =
  | { readonly kind: "http"; readonly http: DownstreamHttp }
  | { readonly kind: "tcp"; readonly tcp: TcpConnection };

export class ConnectionLine extends ConnectionRecord {
  flags = "-";
  details = "";
  serverName = "";
  /** What the handshake failed for. */
  downstreamFailure = "";
  terminationDetails = "";
  readonly startWallMs = Date.now();
  private readonly startedAt = performance.now();
  private endedAt = 0;
  private accepted: AcceptedConnection | null = null;
  private http: DownstreamHttp | null = null;
  private tcp: TcpConnection | null = null;

  constructor(
    readonly directRemoteAddress: string,
    private addresses: ToldAddresses,
  ) {
    super();
  }

  /** The listener knows whom it has. */
  onInspected(addresses: ToldAddresses, serverName: string): void {
    this.addresses = addresses;
    this.serverName = serverName;
  }

  onAccepted(accepted: AcceptedConnection): void {
    this.accepted = accepted;
  }

  onStarted(taker: Taker): void {
    if (taker.kind === "http") this.http = taker.http;
    else this.tcp = taker.tcp;
  }

  onUnmatched(): void {
    this.flags = "NR";
    this.details = "filter_chain_not_found";
  }

  end(): void {
    this.endedAt = performance.now();
    if (this.tcp !== null) this.flags = this.tcp.flags;
  }

  /** Of HTTP with its heads; of TLS what was in it. */
  get requestBytes(): number {
    return this.tcp?.requestBytes ?? this.http?.socket.bytesRead ?? 0;
  }
  get responseBytes(): number {
    return this.tcp?.responseBytes ?? this.http?.socket.bytesWritten ?? 0;
  }
  get protocol(): string {
    return this.http !== null && this.requestBytes > 0 ? this.http.protocol : "";
  }
  get durationMs(): number {
    return this.endedAt - this.startedAt;
  }
  get upstreamCluster(): string {
    return this.tcp?.upstreamCluster ?? "";
  }
  get upstreamHost(): string {
    return this.tcp?.upstreamHost ?? "";
  }
  get upstreamLocalAddress(): string {
    return this.tcp?.upstreamLocalAddress ?? "";
  }
  get attempts(): number {
    return this.tcp?.attempts ?? 0;
  }
  get transportFailure(): string {
    return this.tcp?.transportFailure ?? "";
  }
  get remoteAddress(): string {
    return this.addresses.sourceAddress;
  }
  get localAddress(): string {
    return `${this.addresses.destinationAddress}:${this.addresses.destinationPort}`;
  }
  get peerUriSan(): string {
    return this.accepted?.certificate?.uriSans[0] ?? "";
  }
  get tlsVersion(): string {
    return this.accepted?.tlsVersion ?? "";
  }
}
