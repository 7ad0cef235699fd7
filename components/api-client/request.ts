// The browser's only way to /api/v1. Job: JSON in and out, ETags, and errors (RFC 9457) as one class.
// Rule: no screen calls fetch by itself; a lost connection is reported once, in the connection store.
import { reportReachable, reportUnreachable } from "./connection";

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  violations?: { path: string; message: string; fix?: string }[];
  [extra: string]: unknown;
}

/** An answer of the API that is not a success: `message` says what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.name = "ApiError";
  }

  get violations() {
    return this.problem.violations ?? [];
  }
}

export interface Answer<T> {
  data: T;
  etag: string | null;
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  ifMatch?: string | null;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (options.ifMatch) headers["if-match"] = options.ifMatch;
  if (options.idempotencyKey) headers["idempotency-key"] = options.idempotencyKey;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method: options.method ?? "GET",
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    reportUnreachable();
    throw new ApiError(0, {
      code: "unreachable",
      detail:
        "The server cannot be reached. What you typed is kept; it is tried again as soon as the connection is back.",
    });
  }
  reportReachable();
  const body = response.status === 204 ? undefined : await readJson(response);
  if (!response.ok) {
    if (response.status === 401) goToSignIn();
    throw new ApiError(response.status, isProblem(body) ? body : { title: response.statusText });
  }
  return { data: body as T, etag: response.headers.get("etag") };
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request<T>(path, { signal })).data;
}

export async function send<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
  options: Pick<RequestOptions, "ifMatch" | "idempotencyKey"> = {},
): Promise<T> {
  return (await request<T>(path, { method, body, ...options })).data;
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isProblem = (body: unknown): body is Problem => typeof body === "object" && body !== null;

function goToSignIn() {
  if (window.location.pathname.startsWith("/sign-in")) return;
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?callbackUrl=${encodeURIComponent(here)}`);
}
