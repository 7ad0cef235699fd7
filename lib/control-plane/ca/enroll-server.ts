// First contact and renewal over HTTPS: POST /v1/enroll with a single-use join token, POST /v1/renew with the
// certificate held now. The identity stamped is the one of the proxy's row behind the token or the serial.
// One rule: a request that is not authenticated never reaches the signer.

import { constants } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { z } from "zod";
import type { Clock } from "@/lib/clock";
import type { Logger } from "@/lib/observability/logger";
import { answerJson, parseJson, Refusal, readBody } from "../http-json";
import type { Authority, ServerIdentity } from "./authority";
import { hashJoinToken } from "./join-tokens";
import { readPeer } from "./peer";
import type { EnrollStore, ProxyIdentity } from "./store";
import { CsrError } from "./x509";

const MAX_BODY_BYTES = 16_384;
/** Consul's default: one replica signs at most 50 requests a second, so that 1,000 proxies rotate in 20 s. */
const SIGNINGS_PER_SECOND = 50;

const enrollBody = z.strictObject({ joinToken: z.string().min(1).max(200), csrPem: z.string().min(1).max(8192) });
const renewBody = z.strictObject({ csrPem: z.string().min(1).max(8192) });

export interface DenyList {
  isDenied(peer: { serial: string; spiffeId: string }): boolean;
}

export interface EnrollServerOptions {
  authority: Authority;
  store: EnrollStore;
  denyList: DenyList;
  clock: Clock;
  logger: Logger;
  onIssued?: (identity: ProxyIdentity, issued: { serial: string; notAfter: Date }) => void;
}

export class EnrollServer {
  private readonly server: Server;
  private windowStart = 0;
  private signedInWindow = 0;

  constructor(
    private readonly options: EnrollServerOptions,
    identity: ServerIdentity,
  ) {
    this.server = createServer(
      this.secureOptions(identity),
      (request, response) => void this.handle(request, response),
    );
    this.server.headersTimeout = 10_000;
    this.server.requestTimeout = 15_000;
    this.server.keepAliveTimeout = 1_000;
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
      const identity = await this.authenticate(request);
      this.limitRate();
      const issued = await this.options.authority.signCsr(
        identity.csrPem,
        identity.who.spiffeId,
        identity.who.certificateTtlMs,
      );
      const { spiffeId, proxyRowId, proxyKey, environmentId } = identity.who;
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
      this.options.onIssued?.(identity.who, issued);
      answerJson(response, 200, {
        certificatePem: issued.certificatePem,
        bundlePem: this.options.authority.bundlePem(),
        notAfter: notAfter.toISOString(),
        serverTime: new Date(this.options.clock.now()).toISOString(),
      });
    } catch (error) {
      this.refuse(response, error);
    }
  }

  private async authenticate(request: IncomingMessage): Promise<{ who: ProxyIdentity; csrPem: string }> {
    if (request.method !== "POST" || (request.url !== "/v1/enroll" && request.url !== "/v1/renew")) {
      throw new Refusal(404, "not_found", "This server answers POST /v1/enroll and POST /v1/renew only.");
    }
    const body = parseJson(await readBody(request, MAX_BODY_BYTES));
    if (request.url === "/v1/enroll") {
      const { joinToken, csrPem } = decode(enrollBody, body);
      const who = await this.options.store.consumeJoinToken(
        hashJoinToken(joinToken),
        new Date(this.options.clock.now()),
      );
      if (!who) {
        throw new Refusal(
          401,
          "join_token_invalid",
          "The join token is unknown, used or older than 10 minutes. Ask the agent for a new one.",
        );
      }
      return { who, csrPem };
    }
    const { csrPem } = decode(renewBody, body);
    return { who: await this.authenticatePeer(request.socket as TLSSocket), csrPem };
  }

  private async authenticatePeer(socket: TLSSocket): Promise<ProxyIdentity> {
    const der = socket.getPeerX509Certificate()?.raw;
    if (!der) {
      throw new Refusal(
        401,
        "certificate_required",
        "Renewal needs the current certificate as TLS client certificate. Enroll with a join token instead.",
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
    const who = this.options.denyList.isDenied(read.peer)
      ? null
      : await this.options.store.identityBySerial(read.peer.serial);
    if (!who || who.spiffeId !== read.peer.spiffeId) {
      throw new Refusal(
        403,
        "certificate_denied",
        "This identity has been revoked or its proxy was removed. Deploy the workload again to get a new one.",
      );
    }
    return who;
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
