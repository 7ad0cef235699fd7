// The server's API as the CLI needs it: /api/v1 with a token.
// The rule: an answer is checked before it is used, and a refusal says what the server said, with what to do.
import { z } from "zod";
import type { Io } from "./io";
import { UsageError } from "./io";

/** The server answered with a problem, not at all, or with something else than expected. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly problem?: unknown,
    readonly status?: number,
  ) {
    super(message);
  }
}

const problem = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  violations: z.array(z.looseObject({ path: z.string(), message: z.string(), fix: z.string().optional() })).optional(),
});

export type Answer<T> = { body: T; etag: string | null; status: number };
export type RequestOptions = { method?: string; body?: unknown; ifMatch?: string; idempotencyKey?: string };

const TIMEOUT_MS = 30_000;

export class Server {
  private readonly base: string;
  private readonly token: string;

  constructor(private readonly io: Io) {
    const url = io.env["MESHWRIGHT_URL"] ?? "http://localhost:3000";
    const token = io.env["MESHWRIGHT_TOKEN"];
    if (!token) throw new UsageError("MESHWRIGHT_TOKEN is not set: make an API token in Settings and put it there");
    if (!/^https?:\/\//.test(url)) throw new UsageError("MESHWRIGHT_URL must begin with http:// or https://");
    this.base = url.replace(/\/+$/, "");
    this.token = token;
  }

  async request<T>(path: string, schema: z.ZodType<T>, options: RequestOptions = {}): Promise<Answer<T>> {
    const { status, etag, body } = await this.send(path, options);
    if (status >= 400) throw refusal(status, body);
    const parsed = schema.safeParse(body);
    if (!parsed.success) {
      const first = parsed.error.issues[0];
      throw new ServerError(
        `the server's answer to ${path} is not what this version expects (${first?.path.join(".")}: ${first?.message}): use the CLI of the server's version`,
      );
    }
    return { body: parsed.data, etag, status };
  }

  /** A file as it is. */
  async download(path: string): Promise<Buffer> {
    const response = await this.ask(path, {});
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw refusal(response.status, asJson(bytes.toString("utf8")));
    return bytes;
  }

  private async send(
    path: string,
    options: RequestOptions,
  ): Promise<{ status: number; etag: string | null; body: unknown }> {
    const response = await this.ask(path, options);
    return { status: response.status, etag: response.headers.get("etag"), body: asJson(await response.text()) };
  }

  private async ask(path: string, options: RequestOptions): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}`, accept: "application/json" };
    if (options.body !== undefined) headers["content-type"] = "application/json";
    if (options.ifMatch !== undefined) headers["if-match"] = options.ifMatch;
    if (options.idempotencyKey !== undefined) headers["idempotency-key"] = options.idempotencyKey;
    try {
      return await this.io.fetch(`${this.base}/api/v1${path}`, {
        method: options.method ?? "GET",
        headers,
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: "error",
      });
    } catch (error) {
      const cause =
        error instanceof Error ? ((error.cause as { code?: string } | undefined)?.code ?? error.message) : "";
      throw new ServerError(`${this.base} does not answer (${cause}): check MESHWRIGHT_URL and that the server runs`);
    }
  }
}

function asJson(text: string): unknown {
  try {
    return text === "" ? null : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function refusal(status: number, body: unknown): ServerError {
  const parsed = problem.safeParse(body);
  const said = parsed.success ? parsed.data : {};
  const hint: Record<number, string> = {
    401: "the token is not accepted: make a new one in Settings",
    403: "the token may not do this: use one with the role it needs",
    404: "there is no such thing, or the token may not see it",
  };
  const text = said.detail ?? said.title ?? hint[status] ?? "no reason given";
  const violations = (said.violations ?? []).map(
    (each) => `\n  ${each.path}: ${each.message}${each.fix ? ` (${each.fix})` : ""}`,
  );
  return new ServerError(
    `the server refused (${status}${said.code ? ` ${said.code}` : ""}): ${text}${violations.join("")}`,
    body,
    status,
  );
}
