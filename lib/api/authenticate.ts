// Who is asking: an API token in Authorization, or a session cookie. Read anew at each request.
import type { Principal } from "@/lib/auth/permissions";
import { readSessionCookie, sessionCookieName } from "@/lib/auth/session-cookie";
import { principalOfSession, principalOfToken } from "@/lib/data/tokens";
import { AppError } from "@/lib/errors";
import type { Runtime } from "./runtime";

/** Nobody: has no role anywhere. */
export const ANONYMOUS: Principal = {
  kind: "person",
  userId: "",
  tokenId: null,
  name: "nobody",
  email: "",
  bindings: [],
  limit: null,
};

export async function authenticate(headers: Headers, runtime: Runtime): Promise<Principal | null> {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const principal = token && (await principalOfToken(runtime.database, token, new Date(runtime.clock.now())));
    if (!principal)
      throw new AppError("invalid-token", { headers: { "www-authenticate": 'Bearer realm="meshwright"' } });
    return principal;
  }
  return personOfCookie(headers.get("cookie"), runtime);
}

export async function personOfCookie(cookie: string | null, runtime: Runtime): Promise<Principal | null> {
  const name = sessionCookieName(runtime.env.NEXTAUTH_URL ?? runtime.webUrl);
  const session = await readSessionCookie(cookie, { name, secret: runtime.env.NEXTAUTH_SECRET });
  return session && principalOfSession(runtime.database, session);
}

/**
 * The caller's address, as the nearest believed reverse proxy tells it. Without one it is the peer's own: lib/start/supervised.mjs
 * drops what the caller wrote and Next fills it in. A web server started in another way believes the caller, so the address
 * only adds to limits, which hold per account and token as well.
 */
export function addressOf(headers: Headers, trustedProxies: number): string {
  const hops = (headers.get("x-forwarded-for") ?? "")
    .split(",")
    .map((hop) => hop.trim())
    .filter(Boolean);
  return hops.at(-Math.max(1, Math.min(trustedProxies, hops.length))) ?? "unknown";
}
