// A callee that says what reached it. Takes TLS and plain text on one port, told apart by the first byte, like a sidecar.
// The path steers it: /status/503/1 answers 503 to the first attempt, /reset/1 cuts the first attempt's connection; without a count, always. /sized gives HEAD a length.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";

export type Identity = { certPem: string; keyPem: string; caPem: string };
export type EchoServer = { port: number; close(): void };

const TLS_HANDSHAKE = 0x16;
const ANSWER_BYTES = 4096;

export async function startEchoServer(name: string, identity: Identity | null): Promise<EchoServer> {
  const http = createServer(echo(name));
  const tls = identity && createTlsServer(tlsOptions(identity), (socket) => http.emit("connection", socket));
  tls?.on("tlsClientError", () => {});
  const sockets = new Set<Socket>();
  const tcp = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.once("readable", () => {
      const first: Buffer | null = socket.read(1);
      if (!first) return;
      socket.unshift(first);
      (tls && first[0] === TLS_HANDSHAKE ? tls : http).emit("connection", socket);
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  const close = () => {
    tcp.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (tcp.address() as AddressInfo).port, close };
}

const tlsOptions = ({ certPem, keyPem, caPem }: Identity) => ({
  cert: certPem,
  key: keyPem,
  ca: caPem,
  requestCert: true,
  rejectUnauthorized: true,
  ALPNProtocols: ["http/1.1"],
});

function echo(name: string): RequestListener {
  return (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => answer(name, incoming, Buffer.concat(chunks).toString(), response));
  };
}

function answer(callee: string, incoming: IncomingMessage, body: string, response: ServerResponse): void {
  const { method, url, headers } = incoming;
  const [, order, code, times] = /\/(status|reset)(?:\/(\d{3}))?(?:\/(\d))?/.exec(url ?? "") ?? [];
  const isObeyed = order !== undefined && Number(headers["x-envoy-attempt-count"] ?? 1) <= Number(times ?? 9);
  if (isObeyed && order === "reset") {
    incoming.socket.destroy();
    return;
  }
  const peer =
    incoming.socket instanceof TLSSocket ? (incoming.socket.getPeerCertificate().subjectaltname ?? "") : null;
  response.statusCode = isObeyed ? Number(code) : 200;
  response.setHeader("server", "callee");
  response.setHeader("x-callee", callee);
  response.setHeader("content-type", "application/json");
  if (url?.includes("/sized")) response.setHeader("content-length", ANSWER_BYTES);
  // Of one length, so that content-length can be compared although ports and ids differ.
  response.end(JSON.stringify({ callee, peer, method, url, headers, body }).padEnd(ANSWER_BYTES));
}
