// One listening socket and its live connections. Rule: the socket outlives every config swap that keeps its address;
// connections whose filter chain went away finish their request and close.

import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { DownstreamHttp } from "../http/downstream";
import { countDecision, type RbacCounts } from "../http/filter-counts";
import type { HeadRefusal } from "../http/h1/refusal";
import type { RateLimits } from "../http/rate-limits";
import type { DownstreamInfo, HttpRuntime } from "../http/runtime";
import type { Overload } from "../overload";
import type {
  AccessLogPlan,
  FilterChainPlan,
  HttpConnectionPlan,
  ListenerPlan,
  ProxyProtocolPlan,
  RbacContext,
  RbacFilterPlan,
  TcpProxyPlan,
} from "../plan/types";
import { authorizeConnection, pickFilterChain } from "../semantics";
import { TcpConnection, type TcpRuntime } from "../tcp/tcp-proxy";
import type { AccessRecord } from "../telemetry/access-log";
import type { TcpSeries } from "../telemetry/tcp-metrics";
import type { Telemetry } from "../telemetry/telemetry";
import type { PeerCertificate } from "../tls/peer-certificate";
import type { SecretStore } from "../tls/secrets";
import { ConnectionGate } from "./connection-gate";
import { ConnectionLine } from "./connection-line";
import { type AcceptedConnection, FilterChain, tlsKey } from "./filter-chain";
import { ListenerCounts, tcpCounts } from "./listener-counts";
import { eatProxyHeader, type ToldAddresses } from "./proxy-protocol";
import { type Inspected, inspect, notInspected } from "./tls-inspector";
import { xfccElement } from "./xfcc";

const sweepMs = 500;
const defaultInspectMs = 15_000;

/** What a listener needs from the data plane to start or refresh a connection. */
export interface ListenerContext {
  readonly secrets: SecretStore;
  readonly telemetry: Telemetry;
  readonly rateLimits: RateLimits;
  accessLogs(plans: readonly AccessLogPlan[]): readonly ((record: AccessRecord) => void)[];
  /** null: nothing is shed. */
  readonly overload: Overload | null;
  httpRuntime(listener: ListenerPlan, plan: HttpConnectionPlan): HttpRuntime;
  tcpRuntime(listener: ListenerPlan, plan: TcpProxyPlan): TcpRuntime;
}

interface HttpLive {
  readonly kind: "http";
  readonly http: DownstreamHttp;
  readonly info: DownstreamInfo;
  readonly certificate: PeerCertificate | null;
  readonly openedAt: number;
  chain: FilterChain;
}

interface TcpLive {
  readonly kind: "tcp";
  readonly tcp: TcpConnection;
  readonly facts: RbacContext;
  readonly certificate: PeerCertificate | null;
  chain: FilterChain;
}

type Live = HttpLive | TcpLive;

export class Listener {
  private server: Server | null = null;
  private chains: FilterChain[] = [];
  private readonly live = new Set<Live>();
  private readonly sockets = new Set<Socket>();
  /** By the two ends of the connection: what the PROXY protocol says of it. */
  private readonly told = new Map<string, ToldAddresses>();
  /** Where the listener logs: of sockets as they came, without TLS. */
  private readonly lines = new WeakMap<Socket, ConnectionLine>();
  private logs: readonly ((record: AccessRecord) => void)[] = [];
  private sweeper: NodeJS.Timeout | null = null;
  private isDraining = false;
  private counts: ListenerCounts;
  private readonly gate: ConnectionGate;

  constructor(
    public plan: ListenerPlan,
    private readonly context: ListenerContext,
  ) {
    this.counts = new ListenerCounts(context.telemetry.named, plan);
    this.gate = new ConnectionGate(context.telemetry.named, context.rateLimits);
    this.chains = plan.filterChains.map((chain) => this.newChain(chain));
  }

  get connections(): number {
    return this.live.size;
  }

  get busy(): number {
    let count = 0;
    for (const one of this.live) if (one.kind === "tcp" || one.http.isBusy) count++;
    return count;
  }

  /** The port in use (of interest when the plan says 0). */
  get port(): number {
    const address = this.server?.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  private newChain(plan: FilterChainPlan): FilterChain {
    return new FilterChain(
      plan,
      this.context.secrets,
      (chain, accepted) => this.onAccepted(chain, accepted),
      (reason, socket) => {
        this.context.telemetry.countHandshakeFailure(reason);
        this.counts.handshakeFailed(reason);
        const line = this.lineOf(socket);
        if (line !== null) line.downstreamFailure = reason;
      },
      (hasCertificate) => this.counts.handshakeDone(hasCertificate),
    );
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, (socket) => this.onSocket(socket));
      server.once("error", reject);
      server.listen({ host: this.plan.address.address, port: this.plan.address.port, backlog: 1024 }, () => {
        server.off("error", reject);
        server.on("error", () => {});
        this.server = server;
        // What came while the process stood still is read before anything is called silent.
        this.sweeper = setInterval(() => setImmediate(() => this.sweep()), sweepMs).unref();
        resolve();
      });
    });
  }

  /** Swaps the plan in place; requests in flight keep the routes they began with. */
  update(plan: ListenerPlan): void {
    this.plan = plan;
    this.counts = new ListenerCounts(this.context.telemetry.named, plan);
    this.logs = this.context.accessLogs(plan.accessLogs);
    const before = this.chains;
    this.chains = plan.filterChains.map((chain) => {
      const kept = before.find((one) => one.plan.name === chain.name && one.tlsKey === tlsKey(chain));
      if (kept === undefined) return this.newChain(chain);
      kept.plan = chain;
      return kept;
    });
    for (const one of this.live) this.refresh(one);
  }

  private refresh(one: Live): void {
    if (one.kind === "tcp") {
      this.judgeAgain(one);
      return;
    }
    if (!this.chains.includes(one.chain) || one.chain.plan.network.kind !== one.kind) {
      this.drainOne(one);
      return;
    }
    const { network } = one.chain.plan;
    if (one.kind === "http" && network.kind === "http") one.info.http = this.context.httpRuntime(this.plan, network);
  }

  /** A connection may last for days: who would not be let in any more is not kept in either. */
  private judgeAgain({ tcp, facts, chain: { plan } }: TcpLive): void {
    const now = this.chains.find((chain) => chain.plan.name === plan.name && chain.plan.network.kind === "tcp");
    if (now !== undefined && !this.mayConnect(now, facts, null)) tcp.socket.destroy();
  }

  private drainOne(one: Live): void {
    if (one.kind === "http") one.http.drain();
  }

  private onSocket(socket: Socket): void {
    if (this.isDraining) {
      socket.destroy();
      return;
    }
    const { overload } = this.context;
    if (overload !== null && !this.letsIn(socket, overload)) return;
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => {});
    if (this.logs.length > 0) this.beginLine(socket);
    const limitMs = this.plan.listenerFiltersTimeoutMs ?? defaultInspectMs;
    if (this.plan.proxyProtocol === null) this.inspect(socket, limitMs);
    else this.readProxyProtocol(socket, this.plan.proxyProtocol, limitMs);
  }

  private beginLine(socket: Socket): void {
    const line = new ConnectionLine(plainAddress(socket.remoteAddress ?? ""), this.addressesOf(socket));
    this.lines.set(socket, line);
    // A fresh turn: whoever had the connection hears of its end in this one.
    socket.once("close", () =>
      setImmediate(() => {
        line.end();
        for (const log of this.logs) log(line);
      }),
    );
  }

  private lineOf(socket: Socket): ConnectionLine | null {
    return this.logs.length === 0 ? null : (this.lines.get(plainSocketOf(socket)) ?? null);
  }

  /** As Envoy: before a byte is read. */
  private letsIn(socket: Socket, overload: Overload): boolean {
    const { listener } = this.counts;
    const isOneTooMany = !this.plan.ignoresConnectionLimit && !overload.hasRoomFor(socket);
    if (isOneTooMany) listener.downstream_global_cx_overflow++;
    else if (overload.sheds("reject-connections")) listener.downstream_cx_overload_reject++;
    else return true;
    socket.destroy();
    return false;
  }

  private readProxyProtocol(socket: Socket, plan: ProxyProtocolPlan, limitMs: number): void {
    const { proxyProtocol, listener } = this.counts;
    if (proxyProtocol === null) return;
    const startedAt = performance.now();
    eatProxyHeader(socket, plan, { proxyProtocol, listener }, limitMs, (told) => {
      const ends = endsOf(socket);
      if (told !== null && ends !== null) {
        this.told.set(ends, told);
        socket.once("close", () => this.told.delete(ends));
      }
      this.inspect(socket, Math.max(1, limitMs - (performance.now() - startedAt)));
    });
  }

  private inspect(socket: Socket, limitMs: number): void {
    if (!this.plan.tlsInspector && !this.plan.httpInspector) {
      this.enter(socket, notInspected);
      return;
    }
    inspect(socket, this.counts, limitMs, (inspected) => this.enter(socket, inspected));
  }

  private chainFor(socket: Socket, inspected: Inspected): FilterChain | null {
    return pickFilterChain(this.chains, (chain) => chain.plan, {
      ...this.addressesOf(socket),
      ...inspected,
      directSourceAddress: plainAddress(socket.remoteAddress ?? ""),
    });
  }

  /** As the PROXY protocol says it, else as the connection is. */
  private addressesOf(socket: Socket): ToldAddresses {
    const ends = this.told.size === 0 ? null : endsOf(socket);
    const told = ends === null ? undefined : this.told.get(ends);
    if (told !== undefined) return told;
    return {
      destinationAddress: plainAddress(socket.localAddress ?? ""),
      destinationPort: socket.localPort ?? 0,
      sourceAddress: plainAddress(socket.remoteAddress ?? ""),
      sourcePort: socket.remotePort ?? 0,
    };
  }

  private enter(socket: Socket, inspected: Inspected): void {
    const chain = this.chainFor(socket, inspected);
    const line = this.lineOf(socket);
    line?.onInspected(this.addressesOf(socket), this.plan.tlsInspector ? inspected.serverName : "");
    if (chain === null) {
      line?.onUnmatched();
      this.context.telemetry.countHandshakeFailure("no_filter_chain");
      this.counts.listener.no_filter_chain_match++;
      socket.destroy();
      return;
    }
    const { network } = chain.plan;
    const { telemetry } = this.context;
    this.counts.listener.downstream_cx_total++;
    if (network.kind === "http") telemetry.http.of(network.statPrefix).connections++;
    else tcpCounts(telemetry.named, network.statPrefix).downstream_cx_total++;
    const { connectionLimits } = chain.plan;
    if (connectionLimits.length > 0 && !this.gate.letsIn(socket, connectionLimits)) return;
    chain.accept(socket, inspected.serverName);
  }

  private onAccepted(chain: FilterChain, accepted: AcceptedConnection): void {
    const { socket } = accepted;
    const addresses = this.addressesOf(socket);
    const facts = connectionFacts(accepted, addresses, this.plan.tlsInspector);
    const { network } = chain.plan;
    const line = this.lineOf(socket);
    line?.onAccepted(accepted);
    const isAllowed = this.mayConnect(chain, facts, this.counts.rbac, line);
    if (!isAllowed && network.kind === "tcp") this.countRefused(accepted);
    if (this.isDraining || !isAllowed) {
      socket.destroy();
      return;
    }
    const one =
      network.kind === "tcp"
        ? this.startTcp(chain, accepted, network, facts, addresses)
        : this.startHttp(chain, accepted, network, facts, addresses);
    line?.onStarted(one);
  }

  /** @param countsOf where it is counted; null: it was let in before */
  private mayConnect(
    chain: FilterChain,
    facts: RbacContext,
    countsOf: ((filter: RbacFilterPlan) => RbacCounts) | null,
    line: ConnectionLine | null = null,
  ): boolean {
    const filters = chain.plan.networkRbac;
    if (filters.length === 0) return true;
    const { telemetry } = this.context;
    const decision = authorizeConnection(filters, facts);
    if (countsOf !== null) countDecision(filters, null, countsOf, decision);
    for (const denial of decision.shadowDenials) telemetry.countShadowDenial(denial.policy ?? "none");
    if (!decision.allowed) telemetry.rbacDenied++;
    if (!decision.allowed && line !== null)
      line.terminationDetails = `rbac_access_denied_matched_policy[${decision.policy ?? "none"}]`;
    return decision.allowed;
  }

  private startTcp(
    chain: FilterChain,
    accepted: AcceptedConnection,
    plan: TcpProxyPlan,
    facts: RbacContext,
    from: ToldAddresses,
  ): TcpLive {
    const runtime = this.context.tcpRuntime(this.plan, plan);
    const { telemetry } = this.context;
    const tcp = new TcpConnection(
      accepted.socket,
      runtime,
      facts,
      from,
      this.inboundSeries(accepted),
      telemetry,
      () => {
        this.live.delete(one);
        telemetry.downstreamConnections--;
      },
    );
    const one: TcpLive = { kind: "tcp", tcp, facts, certificate: accepted.certificate, chain };
    this.live.add(one);
    telemetry.downstreamConnections++;
    tcp.start();
    return one;
  }

  private countRefused(accepted: AcceptedConnection): void {
    const series = this.inboundSeries(accepted);
    if (series !== null) series.refused++;
  }

  /** The callee alone saw the certificate. */
  private inboundSeries({ certificate, isTls }: AcceptedConnection): TcpSeries | null {
    if (this.plan.trafficDirection !== "inbound") return null;
    return this.context.telemetry.inboundTcp(certificate, isTls);
  }

  private startHttp(
    chain: FilterChain,
    accepted: AcceptedConnection,
    plan: HttpConnectionPlan,
    facts: RbacContext,
    from: ToldAddresses,
  ): HttpLive {
    const { telemetry, secrets } = this.context;
    const http = this.context.httpRuntime(this.plan, plan);
    const { socket, certificate, isTls } = accepted;
    const isMutualTls = isTls && certificate !== null;
    // Field by field: a spread gives every connection a shape of its own, and what each request asks of it fourteen times is then searched.
    const info: DownstreamInfo = {
      peer: facts.peer,
      directRemoteAddress: facts.directRemoteAddress,
      sourceAddress: facts.remoteAddress,
      remoteAddress: facts.remoteAddress,
      destinationAddress: facts.destinationAddress,
      destinationPort: facts.destinationPort,
      requestedServerName: facts.requestedServerName,
      http,
      peerPrincipal: certificate?.spiffeId ?? "",
      isTls,
      isMutualTls,
      remotePort: from.sourcePort,
      proxyTlvs: from.tlvs ?? null,
      tlsServerName: socket instanceof TLSSocket && socket.servername ? socket.servername : "",
      certificateDer: certificate?.der ?? null,
      localAddress: `${facts.destinationAddress}:${facts.destinationPort}`,
      tlsVersion: accepted.tlsVersion,
      xfccElement:
        certificate === null
          ? ""
          : xfccElement(plan.xfcc, certificate, secrets.spiffeIdOf(chain.plan.tls?.identitySecret ?? null)),
      series: http.isInbound ? telemetry.inbound(certificate, isTls) : null,
      isDraining: false,
    };
    const hooks = {
      onRefused: (refused: HeadRefusal) => this.onRefused(info, refused),
      onUnfinished: () => {
        info.http.stats.requests++;
      },
      onBroken: (detail: string) => telemetry.countProtocolError(detail),
      onClosed: () => this.onClosed(one),
    };
    const live = new DownstreamHttp(socket, info, hooks, accepted.alpn);
    const one: HttpLive = { kind: "http", http: live, info, certificate, openedAt: performance.now(), chain };
    this.live.add(one);
    telemetry.downstreamConnections++;
    socket.resume();
    return one;
  }

  private onClosed(one: Live): void {
    if (this.live.delete(one)) this.context.telemetry.downstreamConnections--;
  }

  private onRefused(info: DownstreamInfo, refused: HeadRefusal): void {
    const series = info.series ?? this.context.telemetry.nowhere();
    series.observe(refused.status, "DPE", 0, 0, 0);
    info.http.stats.requests++;
    info.http.stats.codes.count(refused.status);
    this.context.telemetry.countProtocolError(refused.detail);
  }

  /** Idle, header and age limits, at the resolution of the sweep. */
  private sweep(): void {
    const now = performance.now();
    for (const one of this.live) {
      if (one.kind === "tcp") {
        one.tcp.sweep(now);
        continue;
      }
      one.http.sweep(now);
      const { maxConnectionDurationMs } = one.info.http.plan;
      if (maxConnectionDurationMs !== null && now - one.openedAt > maxConnectionDurationMs) this.drainOne(one);
    }
  }

  refreshSecrets(): void {
    for (const chain of this.chains) chain.refreshSecrets();
  }

  /** Revocation: no request more on connections of these peers, and none of them lives longer than a second. */
  dropPeers(isDenied: (certificate: PeerCertificate) => boolean): void {
    for (const one of this.live) {
      if (one.certificate === null || !isDenied(one.certificate)) continue;
      const socket = one.kind === "http" ? one.http.socket : one.tcp.socket;
      if (one.kind === "http") one.http.close();
      else socket.destroy();
      setTimeout(() => socket.destroy(), 800).unref();
    }
  }

  /** Accepts nothing new; every response from now on says `connection: close`. */
  drain(): void {
    this.isDraining = true;
    this.server?.close();
    for (const one of this.live) this.drainOne(one);
  }

  destroy(): void {
    this.drain();
    if (this.sweeper !== null) clearInterval(this.sweeper);
    for (const socket of this.sockets) socket.destroy();
  }
}

/** The name a caller asked for is known where the TLS inspector reads it, as in Envoy. */
function connectionFacts(
  { socket, certificate, isTls, serverName }: AcceptedConnection,
  { sourceAddress, destinationAddress, destinationPort }: ToldAddresses,
  hasInspector: boolean,
): RbacContext {
  const peer = isTls
    ? { uriSans: certificate?.uriSans ?? [], dnsSans: certificate?.dnsSans ?? [], subject: certificate?.subject ?? "" }
    : null;
  return {
    request: null,
    peer,
    directRemoteAddress: plainAddress(socket.remoteAddress ?? ""),
    sourceAddress,
    remoteAddress: sourceAddress,
    destinationAddress,
    destinationPort,
    requestedServerName: hasInspector ? serverName : "",
  };
}

/** The same for a socket and the TLS on it; null: it is closed. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string | null {
  return remoteAddress === undefined ? null : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Node tells no other way whose handshake failed: by then the TLS socket has no address any more. */
function plainSocketOf(socket: Socket): Socket {
  const { _parent: under } = socket as Socket & { readonly _parent?: Socket | null };
  return socket instanceof TLSSocket && under ? under : socket;
}

function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
