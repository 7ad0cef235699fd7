// First contact and renewal over HTTPS: POST /v1/enroll with an agent's single-use join token, POST /v1/join with one that a person
// made for a machine, POST /v1/renew with the certificate held now. The identity stamped is the one of the proxy's row behind the
// token or the serial. Proxies that joined also say here how they are, over the same mutual TLS.
// One rule: a request that is not authenticated never reaches the signer.

import { constants } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { z } from "zod";
import type { Clock } from "@/lib/clock";
import type { Logger } from "@/lib/observability/logger";
import { answerJson, parseJson, Refusal, readBody } from "../http-json";
import { Attempts } from "../joining/attempts";
import { type Admission, type JoinAsked, joinBody } from "../joining/join-request";
import type { Authority, IssuedChain, ServerIdentity } from "./authority";
import { hashJoinToken } from "./join-tokens";
import { type PeerIdentity, readPeer } from "./peer";
import type { EnrollStore, ProxyIdentity } from "./store";
import { CsrError, readCsrKey } from "./x509";

const MAX_BODY_BYTES = 16_384;
/** A metrics page of a proxy with thousands of series. */
const MAX_PAGE_BYTES = 4_000_000;
/** Consul's default: one replica signs at most 50 requests a second, so that 1,000 proxies rotate in 20 s. */
const SIGNINGS_PER_SECOND = 50;

const enrollBody = z.strictObject({ joinToken: z.string().min(1).max(200), csrPem: z.string().min(1).max(8192) });
const renewBody = z.strictObject({ csrPem: z.string().min(1).max(8192) });

export interface DenyList {
  isDenied(peer: { serial: string; spiffeId: string }): boolean;
}

/** What proxies that joined ask and tell. */
export interface Joining {
  /** Takes the token and makes the proxy's row. @throws Refusal */
  admit(asked: JoinAsked): Promise<Admission>;
  /** The proxy of this certificate said how it is. @throws Refusal */
  report(peer: PeerIdentity, body: unknown): void;
  /** Its metrics page. @throws Refusal */
  signals(peer: PeerIdentity, page: string): void;
}

export interface EnrollServerOptions {
  authority: Authority;
  store: EnrollStore;
  denyList: DenyList;
  joining?: Joining;
  clock: Clock;
  logger: Logger;
  onIssued?: (identity: ProxyIdentity, issued: { serial: string; notAfter: Date }) => void;
}

export class EnrollServer {
  private readonly server: Server;
  private readonly attempts: Attempts;
  private windowStart = 0;
  private signedInWindow = 0;

  constructor(
    private readonly options: EnrollServerOptions,
    identity: ServerIdentity,
  ) {
    this.attempts = new Attempts(() => options.clock.now());
    this.server = createServer(
      this.secureOptions(identity),
      (request, response) => void this.handle(request, response),
    );
    this.server.headersTimeout = 10_000;
    this.server.requestTimeout = 15_000;
    this.server.keepAliveTimeout = 10_000; // longer than proxies are silent between two reports
  }

  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, resolve);
    });
    const address = this.server.address();
    return typeof address === "object" && address ? address.port : port;
  }

  /** Takes the control plane's next certificate and the current bundle for new connections. */
  useIdentity(identity: ServerIdentity): void {
    this.server.setSecureContext(this.secureOptions(identity));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private secureOptions(identity: ServerIdentity) {
    return {
      key: identity.privateKeyPem,
      cert: identity.certificatePem,
      ca: this.options.authority.bundlePem(),
      requestCert: true,
      rejectUnauthorized: false, // a first contact has no certificate; /v1/renew checks `authorized` itself
      minVersion: "TLSv1.3" as const,
      secureOptions: constants.SSL_OP_NO_TICKET, // a resumed session would skip certificate checks
    };
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      answerJson(response, 200, await this.answer(request));
    } catch (error) {
      this.refuse(response, error);
    }
  }

  private async answer(request: IncomingMessage): Promise<unknown> {
    const socket = request.socket as TLSSocket;
    switch (`${request.method} ${request.url}`) {
      case "POST /v1/enroll":
        return this.enroll(decode(enrollBody, await this.body(request)));
      case "POST /v1/renew": {
        const { csrPem } = decode(renewBody, await this.body(request));
        return this.issue(await this.authenticatePeer(socket), csrPem);
      }
      // For machines that know the fingerprint of a root and have not joined yet: nothing here is secret.
      case "GET /v1/roots":
        return { bundlePem: this.options.authority.bundlePem(), serverTime: this.serverTime() };
      case "POST /v1/join":
        return this.join(await this.body(request), socket.remoteAddress ?? "");
      case "POST /v1/report": {
        const peer = this.peerOf(socket);
        this.joining.report(peer, await this.body(request));
        return {};
      }
      case "POST /v1/signals": {
        const peer = this.peerOf(socket);
        this.joining.signals(peer, await readBody(request, MAX_PAGE_BYTES));
        return {};
      }
      default:
        throw new Refusal(
          404,
          "not_found",
          "This server answers GET /v1/roots and POST to /v1/enroll, /v1/renew, /v1/join, /v1/report and /v1/signals only.",
        );
    }
  }

  private async body(request: IncomingMessage): Promise<unknown> {
    return parseJson(await readBody(request, MAX_BODY_BYTES));
  }

  private get joining(): Joining {
    if (!this.options.joining) throw new Refusal(404, "not_found", "Machines cannot join here.");
    return this.options.joining;
  }

  private async enroll({ joinToken, csrPem }: z.infer<typeof enrollBody>): Promise<unknown> {
    const who = await this.options.store.consumeJoinToken(hashJoinToken(joinToken), new Date(this.options.clock.now()));
    if (!who) {
      throw new Refusal(
        401,
        "join_token_invalid",
        "The join token is unknown, used or older than 10 minutes. Ask the agent for a new one.",
      );
    }
    return this.issue(who, csrPem);
  }

  private async join(body: unknown, address: string): Promise<unknown> {
    const { joining } = this;
    if (!this.attempts.mayTry(address)) {
      throw new Refusal(
        429,
        "too_many_requests",
        "Too many attempts to join failed from this address. Wait a minute, and make a new join token.",
      );
    }
    try {
      const asked = decode(joinBody, body);
      await readCsrKey(asked.csrPem); // a request that cannot be signed does not cost the token
      const { who, place } = await joining.admit({ ...asked, peerAddress: address });
      return { ...(await this.issue(who, asked.csrPem)), ...place };
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) this.attempts.failed(address);
      throw error;
    }
  }

  private async issue(who: ProxyIdentity, csrPem: string): Promise<object> {
    this.limitRate();
    const { spiffeId, proxyRowId, proxyKey, environmentId, certificateTtlMs } = who;
    const issued: IssuedChain = await this.options.authority.signCsr(csrPem, spiffeId, certificateTtlMs);
    const { serial, issuerSerial, notBefore, notAfter } = issued;
    await this.options.store.saveCertificate({
      serial,
      spiffeId,
      proxyRowId,
      proxyKey,
      environmentId,
      issuerSerial,
      notBefore,
      notAfter,
    });
    this.options.onIssued?.(who, issued);
    return {
      certificatePem: issued.certificatePem,
      bundlePem: this.options.authority.bundlePem(),
      notAfter: notAfter.toISOString(),
      serverTime: this.serverTime(),
    };
  }

  private serverTime(): string {
    return new Date(this.options.clock.now()).toISOString();
  }

  private async authenticatePeer(socket: TLSSocket): Promise<ProxyIdentity> {
    const peer = this.peerOf(socket);
    const who = this.options.denyList.isDenied(peer) ? null : await this.options.store.identityBySerial(peer.serial);
    if (!who || who.spiffeId !== peer.spiffeId) {
      throw new Refusal(
        403,
        "certificate_denied",
        "This identity has been revoked or its proxy was removed. Deploy the workload again to get a new one, or join with a new join token.",
      );
    }
    return who;
  }

  /** Who holds the certificate of this connection. @throws Refusal */
  private peerOf(socket: TLSSocket): PeerIdentity {
    const der = socket.getPeerX509Certificate()?.raw;
    if (!der) {
      throw new Refusal(
        401,
        "certificate_required",
        "This needs the current certificate as TLS client certificate. Enroll with a join token instead.",
      );
    }
    if (!socket.authorized) {
      throw new Refusal(
        401,
        "certificate_untrusted",
        `The client certificate is not valid here (${String(socket.authorizationError)}). Enroll with a join token instead.`,
      );
    }
    const read = readPeer(der);
    if (!read.ok) {
      throw new Refusal(401, "certificate_untrusted", `The client certificate is refused: ${read.reason}.`);
    }
    return read.peer;
  }

  private limitRate(): void {
    const now = this.options.clock.now();
    if (now - this.windowStart >= 1000) {
      this.windowStart = now;
      this.signedInWindow = 0;
    }
    this.signedInWindow += 1;
    if (this.signedInWindow > SIGNINGS_PER_SECOND) {
      throw new Refusal(
        429,
        "too_many_requests",
        "Too many certificates are asked for at once. Try again in a second.",
      );
    }
  }

  private refuse(response: ServerResponse, error: unknown): void {
    if (error instanceof Refusal) {
      this.options.logger.warn({ code: error.code }, error.message);
      answerJson(response, error.status, { code: error.code, message: error.message });
    } else if (error instanceof CsrError) {
      answerJson(response, 400, { code: error.code, message: error.message });
    } else {
      this.options.logger.error({ error }, "a certificate could not be issued");
      answerJson(response, 503, {
        code: "unavailable",
        message: "The certificate could not be issued now. Try again; the control plane's log has the cause.",
      });
    }
  }
}

function decode<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
    throw new Refusal(400, "body_invalid", `The request body is refused. ${problems.join("; ")}`);
  }
  return result.data;
}
