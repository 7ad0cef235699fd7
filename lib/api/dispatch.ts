// Every request to /api/v1 passes here, in one order, for the browser, the CLI and everybody else.
// The rule: nothing is read, decoded or looked up for a caller before what comes above it in `run` has agreed.
import { createHash, randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Principal } from "@/lib/auth/permissions";
import { accessMesh, requireGlobal } from "@/lib/data/access";
import { type KeptAnswer, keepAnswer, releaseKey, takeKey } from "@/lib/data/idempotency";
import { AppError } from "@/lib/errors";
import { ANONYMOUS, addressOf, authenticate } from "./authenticate";
import { baseVersionOf } from "./etag";
import { PathTable } from "./match-path";
import { requireOwnOrigin } from "./origin";
import { toAppError, toProblem, violationsOf } from "./problem";
import { LIMITS } from "./rate-limit";
import { readJsonBody } from "./read-body";
import { routes } from "./registry";
import type { Route, RouteInput, RouteResult } from "./route";
import type { Runtime } from "./runtime";

const table = new PathTable(routes);
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

export async function dispatch(request: Request, runtime: Runtime): Promise<Response> {
  const requestId = randomUUID();
  const { pathname } = new URL(request.url);
  try {
    const answer = await run(request, pathname, requestId, runtime);
    return toResponse(answer, requestId);
  } catch (error) {
    const known = toAppError(error);
    if (known.status >= 500)
      runtime.logger.error({ requestId, path: pathname, error: known.cause ?? error }, known.code);
    const problem = toProblem(known, requestId, pathname);
    return toResponse(problem, requestId);
  }
}

async function run(
  request: Request,
  pathname: string,
  requestId: string,
  runtime: Runtime,
): Promise<Required<Pick<RouteResult, "status">> & RouteResult> {
  const { routes: atPath, params } = table.match(pathname);
  const route = atPath.get(request.method);
  if (!route) {
    throw new AppError("method-not-allowed", { headers: { allow: [...atPath.keys()].sort().join(", ") } });
  }
  const isWrite = route.method !== "GET";
  const address = addressOf(request.headers, runtime.env.MESHWRIGHT_TRUSTED_PROXIES);

  // Where from, before who: a foreign page learns nothing, not even whether somebody is signed in.
  const hasToken = request.headers.has("authorization");
  if (isWrite && !hasToken) requireOwnOrigin(request.headers, runtime.ownOrigins);

  const principal = await authenticate(request.headers, runtime);
  const caller = principal ? `${principal.kind} ${principal.tokenId ?? principal.userId}` : `address ${address}`;
  const waitSeconds = runtime.rateLimiter.take(
    `${isWrite ? "write" : "read"} ${caller}`,
    isWrite ? LIMITS.write : LIMITS.read,
  );
  if (waitSeconds > 0) throw new AppError("rate-limited", { headers: { "retry-after": String(waitSeconds) } });

  await authorize(route, principal, params, runtime);

  const ifMatch = request.headers.get("if-match");
  if (route.ifMatch === "required" && ifMatch === null) throw new AppError("precondition-required");

  const url = new URL(request.url);
  const raw = route.body ? await readJsonBody(request, route.maxBodyBytes) : undefined;
  const query = route.query ? decode(route.query, queryOf(url), "query") : undefined;
  const body = route.body ? decode(route.body, raw, "body") : undefined;
  const input = {
    runtime,
    principal: principal ?? ANONYMOUS,
    params,
    query,
    body,
    ifMatch,
    baseVersion: () => baseVersionOf(ifMatch),
    request: { id: requestId, address, signal: request.signal },
  } as unknown as RouteInput<never, never, never>;

  const key = request.headers.get("idempotency-key");
  if (key === null || !isWrite || !principal) return { status: route.status, ...(await route.handle(input)) };
  if (!IDEMPOTENCY_KEY.test(key))
    throw new AppError("invalid-request", { detail: "Idempotency-Key must be 1 to 128 visible ASCII characters." });
  const requestHash = hashOf(route.method, pathname, url.search, ifMatch, raw);
  return once(runtime, { principalId: caller, key, requestHash }, async () => ({
    status: route.status,
    ...(await route.handle(input)),
  }));
}

async function authorize(
  route: Route,
  principal: Principal | null,
  params: Record<string, string>,
  runtime: Runtime,
): Promise<void> {
  const { access } = route;
  if (access.kind === "public") return;
  if (!principal) {
    throw new AppError("not-signed-in", { headers: { "www-authenticate": 'Bearer realm="meshwright"' } });
  }
  if (access.kind === "global") requireGlobal(principal, access.action);
  if (access.kind === "mesh") await accessMesh(runtime.database, principal, params["mesh"] ?? "", access.action);
}

function decode<T extends z.ZodType>(schema: T, value: unknown, part: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new AppError("invalid-request", { violations: violationsOf(result.error, part) });
}

/** A name that is given twice is refused by the schema: it becomes a list. */
function queryOf(url: URL): Record<string, unknown> {
  const query: Record<string, unknown> = {};
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name);
    query[name] = values.length === 1 ? values[0] : values;
  }
  return query;
}

function hashOf(...parts: unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

type Answer = RouteResult & { status: number };

async function once(
  runtime: Runtime,
  asked: { principalId: string; key: string; requestHash: string },
  work: () => Promise<Answer>,
): Promise<Answer> {
  const kept = await takeKey(runtime.database, asked, new Date(runtime.clock.now()));
  if (kept)
    return { status: kept.status, body: kept.body, headers: { ...kept.headers, "idempotency-replayed": "true" } };
  try {
    const answer = await work();
    const headers = { ...answer.headers, ...(answer.etag ? { etag: answer.etag } : {}) };
    const keep: KeptAnswer = { status: answer.status, headers, body: answer.body ?? null };
    await keepAnswer(runtime.database, asked, keep);
    return answer;
  } catch (error) {
    // A refusal may be corrected and sent again under the same key.
    await releaseKey(runtime.database, asked);
    throw error;
  }
}

const COMMON_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  vary: "cookie, authorization",
};

function toResponse({ status = 200, body, etag, headers, stream }: RouteResult, requestId: string): Response {
  const all = new Headers({ ...COMMON_HEADERS, "x-request-id": requestId, ...headers });
  if (etag) all.set("etag", etag);
  if (stream) return new Response(stream, { status, headers: all });
  if (status === 204 || body === undefined || (body === null && status === 204))
    return new Response(null, { status, headers: all });
  if (!all.has("content-type")) all.set("content-type", "application/json");
  return new Response(JSON.stringify(body), { status, headers: all });
}
