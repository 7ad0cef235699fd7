// The internal API: loopback HTTP between our own processes, with a shared secret even there.
// One rule: a body is decoded by its schema before anything looks at it, and every refusal says what to do.

import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { z } from "zod";
import type { Logger } from "@/lib/observability/logger";

const MAX_BODY_BYTES = 4_000_000; // a report of a thousand proxies

export class ApiRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

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
  handle(request: ApiRequest): Promise<unknown>;
}

export function decodeBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) {
    throw new ApiRefusal(400, "body_invalid", `The request body is refused. ${z.prettifyError(result.error)}`);
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
        throw new ApiRefusal(
          401,
          "unauthorized",
          "Send the shared secret of home/keys/internal.secret as Bearer token.",
        );
      }
      if (!route) {
        throw new ApiRefusal(404, "not_found", `The internal API has no ${request.method} ${url.pathname}.`);
      }
      const params = (route.path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
      const body = request.method === "POST" ? await readJson(request) : null;
      answer(
        response,
        200,
        await route.handle({ params, query: url.searchParams, body, isClosed: () => response.destroyed }),
      );
    } catch (error) {
      if (error instanceof ApiRefusal) {
        answer(response, error.status, { error: { code: error.code, message: error.message, ...error.details } });
      } else {
        this.logger.error(
          { path: request.url, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) },
          "an internal call failed",
        );
        answer(response, 500, {
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

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (!response.destroyed) {
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify(body ?? {}));
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY_BYTES) {
      throw new ApiRefusal(413, "body_too_large", `The request body is larger than ${MAX_BODY_BYTES} bytes.`);
    }
    chunks.push(chunk as Buffer);
  }
  try {
    return chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new ApiRefusal(400, "body_invalid", "The request body is not JSON.");
  }
}
