// One filter chain at run time: ends TLS, checks the peer, and starts the HTTP or TCP side of a connection.
// Rule: the tls.Server here never listens; sockets are handed to it, so that its verification rules apply
// (a bare TLSSocket lets certificates of a foreign CA in: platform notes).

import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { DownstreamTlsPlan, FilterChainPlan } from "../plan/types";
import { type PeerCertificate, readPeerCertificate, refusePeer } from "../tls/peer-certificate";
import type { SecretStore } from "../tls/secrets";

// Node's default of 120 s lets silent peers pile up.
const handshakeTimeoutMs = 10_000;

export interface AcceptedConnection {
  readonly socket: Socket;
  readonly certificate: PeerCertificate | null;
  readonly isTls: boolean;
  readonly serverName: string;
  readonly tlsVersion: string;
  /** What ALPN chose, or "". */
  readonly alpn: string;
}

export class FilterChain {
  private readonly tlsServer: Server | null;
  /** Changes of these make a new chain. */
  readonly tlsKey: string;

  constructor(
    public plan: FilterChainPlan,
    private readonly secrets: SecretStore,
    private readonly onAccepted: (chain: FilterChain, accepted: AcceptedConnection) => void,
    private readonly onHandshakeFailure: (reason: string, socket: Socket) => void,
    private readonly onHandshake: (hasCertificate: boolean) => void,
  ) {
    this.tlsKey = tlsKey(plan);
    this.tlsServer = plan.tls === null ? null : this.createTlsServer(plan.tls);
  }

  private createTlsServer(tls: DownstreamTlsPlan): Server {
    const server = createServer({
      ...this.secrets.contextOptions(tls),
      requestCert: tls.validationSecret !== null,
      rejectUnauthorized: tls.requireClientCertificate && this.secrets.asksWhoSigned(tls),
      handshakeTimeout: handshakeTimeoutMs,
      ...(tls.alpn.length > 0 ? { ALPNProtocols: [...tls.alpn] } : {}),
    });
    server.on("secureConnection", (socket) => this.onSecure(socket, tls));
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      const reason = handshakeReason(String(socket.authorizationError ?? "") || (error.code ?? "unknown"));
      this.onHandshakeFailure(reason, socket);
      socket.destroy();
    });
    return server;
  }

  /** @param serverName what the inspector read, for who does not end TLS here */
  accept(socket: Socket, serverName: string): void {
    if (this.tlsServer !== null) {
      this.tlsServer.emit("connection", socket);
      return;
    }
    this.onAccepted(this, { socket, certificate: null, isTls: false, serverName, tlsVersion: "", alpn: "" });
  }

  private onSecure(socket: TLSSocket, tls: DownstreamTlsPlan): void {
    socket.on("error", () => {});
    const x509 = socket.getPeerX509Certificate();
    const certificate = x509 === undefined ? null : readPeerCertificate(x509);
    const refused = this.refuse(socket, certificate, tls);
    if (refused !== undefined) {
      this.onHandshakeFailure(refused, socket);
      socket.destroy();
      return;
    }
    this.onHandshake(certificate !== null);
    this.onAccepted(this, {
      socket,
      certificate,
      isTls: true,
      serverName: typeof socket.servername === "string" ? socket.servername.toLowerCase() : "",
      tlsVersion: socket.getProtocol() ?? "",
      alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : "",
    });
  }

  private refuse(socket: TLSSocket, peer: PeerCertificate | null, tls: DownstreamTlsPlan): string | undefined {
    if (tls.validationSecret === null) return undefined;
    const sanMatchers = this.secrets.sanMatchers(tls);
    const pins = this.secrets.pins(tls);
    // As Envoy: where names or pins are asked for, nobody comes in without a certificate that has them.
    const isRequired = tls.requireClientCertificate || sanMatchers.length > 0 || pins.length > 0;
    if (peer === null) return isRequired ? "no_peer_certificate" : undefined;
    if (!socket.authorized && this.secrets.asksWhoSigned(tls)) return refusalReason(socket.authorizationError);
    const refused = refusePeer(peer, {
      sanMatchers,
      pins,
      trustDomain: this.secrets.trustDomain(tls.identitySecret),
    });
    if (refused !== undefined) return refused;
    return this.secrets.isDenied(peer.serial, peer.spiffeId) ? "peer_on_deny_list" : undefined;
  }

  /** After a rotation: live connections keep theirs, new ones get the new certificate and bundle. */
  refreshSecrets(): void {
    if (this.plan.tls !== null) this.tlsServer?.setSecureContext(this.secrets.contextOptions(this.plan.tls));
  }
}

export function tlsKey(plan: FilterChainPlan): string {
  const tls = plan.tls;
  const match = JSON.stringify(plan.match); // of an address range its key and length
  if (tls === null) return `${match} plain`;
  const { identitySecret, validationSecret, requireClientCertificate, alpn, minVersion, maxVersion, sanMatchers } = tls;
  const pins = (tls.pins ?? []).map((pin) => `${pin.of}:${pin.sha256}`);
  const sans = sanMatchers.map((matcher) => `${matcher.type}:${matcher.value.text}`);
  return JSON.stringify([
    match,
    identitySecret,
    validationSecret,
    requireClientCertificate,
    alpn,
    minVersion,
    maxVersion,
    sans,
    pins,
  ]);
}

/** Of a certificate that OpenSSL does not vouch for, on a connection that went on nevertheless. */
function refusalReason(error: unknown): string {
  const reason = handshakeReason(String(error ?? ""));
  return reason === "handshake_error" ? "not_signed_by_trust_bundle" : reason;
}

/** @param word what is wrong with the certificate, else the code of the error: a socket that is closed for it says only that */
function handshakeReason(word: string): string {
  const code = word.toLowerCase();
  if (code.includes("peer_did_not_return")) return "no_peer_certificate";
  if (code.includes("crl")) return "no_revocation_list_in_force";
  if (code.includes("revoked")) return "certificate_revoked";
  if (/self_signed|unable_to|leaf|issuer|signature/.test(code)) return "not_signed_by_trust_bundle";
  if (code.includes("expired") || code.includes("not_yet")) return "certificate_not_valid_now";
  if (code.includes("timeout")) return "handshake_timeout";
  if (code === "econnreset") return "closed_in_handshake";
  return "handshake_error";
}
