// The internal API: loopback HTTP between our own processes, with a shared secret even there.
// One rule: a body is decoded by its schema before anything looks at it, and every refusal says what to do.

import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";
import type { Logger } from "@/lib/observability/logger";
import { answerJson, answerMetrics, parseJson, Refusal, readBody } from "../http-json";

const MAX_BODY_BYTES = 4_000_000; // a report of a thousand proxies

export interface ApiRequest {
  params: readonly string[];
  query: URLSearchParams;
  body: unknown;
  isClosed(): boolean;
}

export interface ApiRoute {
  method: "GET" | "POST";
  path: RegExp;
  isPublic?: boolean;
  /** A text is a page of metrics, everything else is JSON. */
  handle(request: ApiRequest): Promise<unknown>;
}

export function decodeBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) {
    throw new Refusal(400, "body_invalid", `The request body is refused. ${z.prettifyError(result.error)}`);
  }
  return result.data;
}

export class InternalApi {
  private readonly server: Server;
  private readonly secret: Buffer;

  constructor(
    private readonly routes: readonly ApiRoute[],
    secret: string,
    private readonly logger: Logger,
  ) {
    this.secret = Buffer.from(`Bearer ${secret}`);
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.requestTimeout = 0; // long polls are limited by their handler
    this.server.headersTimeout = 10_000;
  }

  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, resolve);
    });
    const address = this.server.address();
    return typeof address === "object" && address ? address.port : port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? "/", "http://internal");
      const route = this.routes.find((item) => item.method === request.method && item.path.test(url.pathname));
      if (!route?.isPublic && !this.isAuthorized(request.headers.authorization)) {
        throw new Refusal(401, "unauthorized", "Send the shared secret of home/keys/internal.secret as Bearer token.");
      }
      if (!route) {
        throw new Refusal(404, "not_found", `The internal API has no ${request.method} ${url.pathname}.`);
      }
      const params = (route.path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
      const body = request.method === "POST" ? await readBody(request, MAX_BODY_BYTES) : "";
      const answer = await route.handle({
        params,
        query: url.searchParams,
        body: body === "" ? null : parseJson(body),
        isClosed: () => response.destroyed,
      });
      if (typeof answer === "string") answerMetrics(response, answer);
      else answerJson(response, 200, answer);
    } catch (error) {
      if (error instanceof Refusal) {
        answerJson(response, error.status, { error: { code: error.code, message: error.message, ...error.details } });
      } else {
        this.logger.error(
          { path: request.url, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) },
          "an internal call failed",
        );
        answerJson(response, 500, {
          error: { code: "internal", message: "The control plane could not answer. Its log has the cause." },
        });
      }
    }
  }

  private isAuthorized(header: string | undefined): boolean {
    const given = Buffer.from(header ?? "");
    return given.length === this.secret.length && timingSafeEqual(given, this.secret);
  }
}
