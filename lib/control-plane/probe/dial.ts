// One connection to a sidecar, in plain text or TLS, with at most one harmless request, and what was seen on it.
// One rule: it reports what happened and judges nothing; keys, bodies and tokens never enter the transcript.

import { type Socket, connect as tcpConnect } from "node:net";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import type { ProbeRequest } from "./request";

const TIMEOUT_MS = 2_000;
const MAX_BYTES = 64 * 1024;
/** What our proxy and Envoy answer when a filter refused. */
const RBAC_BODY = "RBAC: access denied";

export interface ClientIdentity {
  certificatePem: string;
  privateKeyPem: string;
}

export interface TlsOffer {
  identity?: ClientIdentity | undefined;
  /** Anchors that the server's chain is checked against. Absent: the public authorities that this machine knows. */
  trustPem?: string | undefined;
  /** Absent: none is said. */
  serverName?: string | undefined;
  minVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  maxVersion?: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
}

export interface Place {
  host: string;
  port: number;
}

export interface Dialled {
  transcript: string[];
  /** Nobody listens there: neither a refusal nor an answer. */
  isAbsent: boolean;
  handshake: { protocol: string; cipher: string; peerDer: Buffer | null; chainError: string | null } | null;
  /** Status of an HTTP answer; null when none came. */
  status: number | null;
  /** Where an answer sends its caller. */
  location: string | null;
  isRbacRefusal: boolean;
  /** How it ended: `alert certificate required`, `reset`, `closed`, `timeout`, `answered`. */
  end: string;
}

export function dial(place: Place, request: ProbeRequest, tls?: TlsOffer): Promise<Dialled> {
  return new Promise((resolve) => {
    const transcript = [`connect ${place.host}:${place.port}`];
    let handshake: Dialled["handshake"] = null;
    let received = "";
    let isOver = false;
    const finish = (end: string, isAbsent = false) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket.destroy();
      const status = statusOf(received);
      transcript.push(status === null ? `no answer: ${end}` : `answered ${status}`);
      const isRbacRefusal = status === 403 && received.includes(RBAC_BODY);
      if (isRbacRefusal) transcript.push(`refused by the sidecar: ${RBAC_BODY}`);
      const location = /\r\nlocation: *([^\r]*)/i.exec(received.split("\r\n\r\n")[0] ?? "")?.[1] ?? null;
      const how = status === null ? end : "answered";
      resolve({ transcript, isAbsent, handshake, status, location, isRbacRefusal, end: how });
    };
    const ask = () => {
      transcript.push(`${request.method} ${request.path} host ${request.host} user-agent ${request.userAgent}`);
      socket.write(textOf(request));
    };
    const socket: Socket = tls ? openTls(place, tls, transcript) : tcpConnect(place.port, place.host);
    const timer = setTimeout(() => finish("timeout"), TIMEOUT_MS);
    socket.on("data", (chunk: Buffer) => {
      if (received.length < MAX_BYTES) received += chunk.toString("latin1");
      if (isWhole(received)) finish("answered");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => finish(reasonOf(error), error.code === "ECONNREFUSED"));
    socket.on("close", () => finish("closed"));
    if (tls) {
      socket.on("secureConnect", () => {
        handshake = readHandshake(socket as TLSSocket);
        transcript.push(`handshake ${handshake.protocol} ${handshake.cipher}`);
        ask();
      });
    } else {
      socket.on("connect", ask);
    }
  });
}

function openTls({ host, port }: Place, tls: TlsOffer, transcript: string[]): TLSSocket {
  const { identity, serverName, minVersion = "TLSv1.2", maxVersion = "TLSv1.3" } = tls;
  const name = serverName === undefined ? "" : `, server name ${serverName}`;
  transcript.push(`offer ${minVersion} to ${maxVersion}, ${identity ? "with" : "without"} a client certificate${name}`);
  const isOld = minVersion === "TLSv1" || minVersion === "TLSv1.1";
  return tlsConnect({
    host,
    port,
    ...(tls.trustPem === undefined ? {} : { ca: tls.trustPem }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(identity ? { cert: identity.certificatePem, key: identity.privateKeyPem } : {}),
    minVersion,
    maxVersion,
    // OpenSSL 3 offers the old versions only below its default security level.
    ...(isOld ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    ALPNProtocols: ["http/1.1"],
    // The chain is checked and reported; what the other side refuses is the question, not what we would.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
}

function readHandshake(socket: TLSSocket): NonNullable<Dialled["handshake"]> {
  const certificate = socket.getPeerX509Certificate();
  return {
    protocol: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher().name,
    peerDer: certificate?.raw ?? null,
    chainError: socket.authorized ? null : String(socket.authorizationError ?? "not verified"),
  };
}

function textOf({ method, path, host, userAgent }: ProbeRequest): string {
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nuser-agent: ${userAgent}\r\naccept: */*\r\nconnection: close\r\n\r\n`;
}

function statusOf(received: string): number | null {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(received)?.[1];
  return status ? Number(status) : null;
}

/** A head is enough, but for a 403: its body says who refused. */
function isWhole(received: string): boolean {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return false;
  return statusOf(received) !== 403 || received.length > end + 4;
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const alert = /alert ([a-z ]+?)(?:[:/]|$)/i.exec(error.message.replaceAll("_", " "))?.[1];
  if (alert) return `alert ${alert.trim()}`;
  return error.code === "ECONNRESET" ? "reset" : (error.code ?? error.message);
}
