// Clients of gateways in TLS, and apps that take TLS as well as plain text.
// The rule: certificates are real ones; what a question says of one is what is shown.
import type { Server } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Identity } from "@/lib/compile/testing/echo-server";
import { createPublicAuthority, type PublicCertificate } from "@/lib/compile/testing/public-authority";
import { kindOfClientName } from "@/lib/compile/transport";
import type { QuestionCertificate } from "../types";

export type Clients = {
  /** Whom gateways trust. */
  rootPem: string;
  shown(certificate: QuestionCertificate | undefined): Promise<{ cert: string; key: string } | undefined>;
};

export async function createClients(): Promise<Clients> {
  const [ours, other] = await Promise.all([createPublicAuthority(), createPublicAuthority()]);
  const made = new Map<string, Promise<PublicCertificate>>();
  return {
    rootPem: ours.rootPem,
    async shown(certificate) {
      if (!certificate) return undefined;
      const { names, isForged } = certificate;
      const id = JSON.stringify([names, isForged]);
      const known = made.get(id) ?? (isForged ? other : ours).issue(names.map(alternativeName));
      made.set(id, known);
      const { chainPem, keyPem } = await known;
      return { cert: chainPem, key: keyPem };
    },
  };
}

function alternativeName(value: string) {
  const kind = kindOfClientName(value);
  return { type: kind === "uri" ? ("url" as const) : kind, value };
}

export type App = { port: number; close(): void };

const TLS_HANDSHAKE = 0x16;

/** Behind one port, told apart by the first byte. */
export async function listenFor(http: Server, { certPem, keyPem }: Identity): Promise<App> {
  const tls = createTlsServer({ cert: certPem, key: keyPem }, (socket) => http.emit("connection", socket));
  tls.on("tlsClientError", (_, socket) => socket.destroy());
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.once("readable", () => {
      const first: Buffer | null = socket.read(1);
      if (!first) return;
      socket.unshift(first);
      (first[0] === TLS_HANDSHAKE ? tls : http).emit("connection", socket);
    });
  });
  await new Promise<void>((done) => tcp.listen(0, "127.0.0.1", done));
  return {
    port: (tcp.address() as AddressInfo).port,
    close() {
      tcp.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
