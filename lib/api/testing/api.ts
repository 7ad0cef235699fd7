// The API on a real database, without Next: what `app/api` hands over to, called directly.
import { newApiToken } from "@/lib/auth/secrets";
import { openDatabase } from "@/lib/data/client";
import { seedDemo } from "@/lib/data/seed/design";
import { seedPeople } from "@/lib/data/seed/people";
import { readEnv } from "@/lib/env";
import { silentLogger } from "@/lib/observability/logger";
import { startTestPostgres, type TestPostgres } from "@/lib/start/testing/postgres";
import { dispatch } from "../dispatch";
import { closeRuntime, createRuntime, type Runtime } from "../runtime";
import type { Role } from "../schema/common";
import type { ThreadLimits } from "../threads/threads";

export const ORIGIN = "http://localhost:3000";

export interface Called<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface CallOptions {
  token?: string | undefined;
  body?: unknown;
  /** Sent as it is. */
  rawBody?: string;
  headers?: Record<string, string>;
}

export interface TestApi {
  runtime: Runtime;
  postgres: TestPostgres;
  call<T = Record<string, unknown>>(method: string, path: string, options?: CallOptions): Promise<Called<T>>;
  /** A token of a new person with this role, on everything or on one mesh (and namespace). */
  tokenFor(role: Role, scope?: { mesh?: string; namespace?: string }): Promise<string>;
  stop(): Promise<void>;
}

const isJson = (response: Response) => /\bjson\b/.test(response.headers.get("content-type") ?? "");

/** `threads`: by default large work is done where it is asked for. */
export async function startTestApi(
  threads: Partial<ThreadLimits> = { largeCharacters: Number.POSITIVE_INFINITY },
): Promise<TestApi> {
  const postgres = await startTestPostgres();
  const seeding = openDatabase({ url: postgres.url, poolSize: 2 });
  await seedPeople(seeding, { demo: true });
  await seedDemo(seeding, {});
  await seeding.$disconnect();
  const env = readEnv(["NEXTAUTH_SECRET"], {
    DATABASE_URL: postgres.url,
    NEXTAUTH_SECRET: "test-secret-test-secret-test-secret-0",
    NEXTAUTH_URL: ORIGIN,
    MESHWRIGHT_WEB_URL: ORIGIN,
  });
  const runtime = createRuntime(env, { logger: silentLogger(), threads });
  let people = 0;
  return {
    runtime,
    postgres,
    async call<T>(method: string, path: string, { token, body, rawBody, headers = {} }: CallOptions = {}) {
      const text = rawBody ?? (body === undefined ? undefined : JSON.stringify(body));
      const request = new Request(`${ORIGIN}/api/v1${path}`, {
        method,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(text === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(text === undefined ? {} : { body: text }),
      });
      const response = await dispatch(request, runtime);
      const answer = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: (isJson(response) && answer ? JSON.parse(answer) : answer || undefined) as T,
      };
    },
    async tokenFor(role, { mesh, namespace } = {}) {
      people += 1;
      const meshId = mesh ? (await runtime.database.mesh.findUniqueOrThrow({ where: { slug: mesh } })).id : null;
      const { id, token, secretHash } = newApiToken();
      await runtime.database.user.create({
        data: {
          email: `${role}-${people}@test.local`,
          name: `${role} ${people}`,
          roleBindings: { create: { role, meshId, namespace: namespace ?? null } },
          apiTokens: { create: { id, name: "test", secretHash, role: "administrator" } },
        },
      });
      return token;
    },
    async stop() {
      await closeRuntime(runtime);
      await postgres.stop();
    },
  };
}
