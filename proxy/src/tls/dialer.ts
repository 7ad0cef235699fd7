// Opens upstream sockets, plain or TLS, and proves who answered before the first request byte leaves.
// Rule: the connect timeout covers TLS too; exactly one of ready and failure is called, on a later turn.

import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Dialer, DialOptions, UpstreamHost } from "../cluster/host";
import { type ProxiedConnection, proxyHeader } from "../cluster/proxy-header";
import { startTimeLimit } from "../deadline";
import type { ResetReason } from "../http/exchange";
import type { UpstreamTlsPlan } from "../plan/types";
import { type PeerCertificate, readPeerCertificate, refusePeer } from "./peer-certificate";
import type { SecretStore } from "./secrets";

/** Peers of live upstream sockets, for the deny list. */
export const upstreamPeers = new WeakMap<Socket, PeerCertificate>();

/** Offered for HTTP where nothing is configured, as Envoy does. */
const httpAlpn = { auto: ["h2", "http/1.1"], http2: ["h2"], http1: ["http/1.1"] };

export class SocketDialer implements Dialer {
  constructor(
    private readonly secrets: SecretStore,
    private readonly onHandshakeFailure: (reason: string) => void,
  ) {}

  dial(
    host: UpstreamHost,
    onReady: (socket: Socket) => void,
    onFailure: (reason: ResetReason, detail: string) => void,
    { isHttp = false, port = host.plan.port, timeoutMs, from }: DialOptions = {},
  ): Socket {
    const { tls, http, proxyProtocol, proxyProtocolTlvs, tcpKeepaliveMs } = host.cluster.plan;
    const limitMs = timeoutMs === undefined ? host.cluster.plan.connectTimeoutMs : timeoutMs;
    const alpn = isHttp && tls?.alpn.length === 0 ? httpAlpn[http.protocol] : (tls?.alpn ?? []);
    const plain = tls === null || proxyProtocol !== null ? this.plain(host, port) : null;
    // Before anybody else hears that it is connected: the header stands before TLS.
    if (plain !== null && proxyProtocol !== null)
      plain.once("connect", () =>
        plain.write(proxyHeader(proxyProtocol, from ?? null, () => endsOf(plain), proxyProtocolTlvs)),
      );
    const socket = tls === null ? (plain as Socket) : this.secure(host, port, tls, alpn, plain);
    if (tcpKeepaliveMs !== null) keepAlive(plain ?? socket, tcpKeepaliveMs);
    let isSettled = false;
    const settle = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      endLimit?.();
      socket.off("error", onError);
      socket.off("close", onClose);
      return true;
    };
    const fail = (reason: ResetReason, detail: string): void => {
      if (!settle()) return;
      socket.on("error", () => {});
      socket.destroy();
      onFailure(reason, detail);
    };
    const onError = (error: Error): void => fail(tls === null ? "connect-failure" : "tls-failure", error.message);
    const onClose = (): void => fail("connect-failure", "connection closed before it was ready");
    const endLimit =
      limitMs === null
        ? null
        : startTimeLimit(limitMs, () => fail("connect-timeout", `no connection within ${limitMs} ms`));
    socket.on("error", onError);
    if (plain !== null && plain !== socket) plain.on("error", (error) => fail("connect-failure", error.message));
    socket.on("close", onClose);
    socket.once(tls === null ? "connect" : "secureConnect", () => {
      const refused = tls === null ? undefined : this.refuse(host, socket as TLSSocket, tls);
      if (refused !== undefined) {
        this.onHandshakeFailure(refused);
        fail("tls-failure", refused);
        return;
      }
      if (settle()) onReady(socket);
    });
    return socket;
  }

  private plain(host: UpstreamHost, port: number): Socket {
    return connectPlain({ host: host.address, port, noDelay: true, autoSelectFamily: false });
  }

  /** @param under TLS begins on it once it is connected; null: on a socket of its own */
  private secure(
    host: UpstreamHost,
    port: number,
    tls: UpstreamTlsPlan,
    alpn: readonly string[],
    under: Socket | null,
  ): TLSSocket {
    return connectTls({
      ...(under === null ? { host: host.address, port } : { socket: under }),
      secureContext: this.secrets.context(tls),
      rejectUnauthorized: this.secrets.asksWhoSigned(tls),
      // Names are checked by refuse(): SPIFFE IDs, not host names.
      checkServerIdentity: () => undefined,
      ...(tls.sni !== null && isIP(tls.sni) === 0 ? { servername: tls.sni } : {}),
      ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
    });
  }

  private refuse(host: UpstreamHost, socket: TLSSocket, tls: UpstreamTlsPlan): string | undefined {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return tls.validationSecret === null ? undefined : "no_peer_certificate";
    const peer = readPeerCertificate(certificate);
    upstreamPeers.set(socket, peer);
    if (tls.validationSecret === null) return undefined;
    // The secret may have got an authority since the connection began.
    if (!socket.authorized && this.secrets.asksWhoSigned(tls)) return "not_signed_by_trust_bundle";
    // An external server has no SVID: the trust domain is only asked of peers that are named by SPIFFE matchers or by nobody.
    const isMesh = tls.identitySecret !== null;
    const refused = refusePeer(peer, {
      sanMatchers: this.secrets.sanMatchers(tls),
      pins: this.secrets.pins(tls),
      trustDomain: isMesh ? this.secrets.trustDomain(tls.identitySecret) : "",
    });
    if (refused !== undefined) return refused;
    if (this.secrets.isDenied(peer.serial, peer.spiffeId)) return "peer_on_deny_list";
    if (peer.spiffeId !== "" && host.principal !== peer.spiffeId) {
      host.principal = peer.spiffeId;
      host.series = null;
    }
    return undefined;
  }
}

/** Once there is a descriptor: told before, Node of a TLS socket forgets it and libuv takes a minute of its own. */
function keepAlive(socket: Socket, idleMs: number): void {
  socket.once("connect", () => socket.setKeepAlive(true, idleMs));
}

function endsOf(socket: Socket): ProxiedConnection {
  return {
    sourceAddress: socket.localAddress ?? "",
    sourcePort: socket.localPort ?? 0,
    destinationAddress: socket.remoteAddress ?? "",
    destinationPort: socket.remotePort ?? 0,
  };
}
