// next-auth, set up: accounts of this installation, one-time links, single sign-on. Sessions are signed cookies with ids only.
// The rule: a failed sign-in never says whether the account exists.
import type { AuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { addressOf } from "@/lib/api/authenticate";
import type { Runtime } from "@/lib/api/runtime";
import { type SignInResult, signInWithLink, signInWithOidc, signInWithPassword } from "@/lib/data/sign-in";
import { oidcProvider, personOfProfile } from "./oidc";
import { sessionCookieName } from "./session-cookie";

const SESSION_SECONDS = 7 * 86_400;

/** next-auth shows the message as `error` in the URL; `words` of the sign-in screen knows these. */
function outcome(result: SignInResult) {
  if (result === "throttled") throw new Error("throttled");
  return result;
}

function headersOf(request: { headers?: Record<string, unknown> | undefined } | undefined): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request?.headers ?? {})) {
    if (typeof value === "string") headers.set(name, value);
  }
  return headers;
}

export function authOptions(runtime: Runtime): AuthOptions {
  const { env, database, clock } = runtime;
  const baseUrl = env.NEXTAUTH_URL ?? runtime.webUrl;
  const secure = baseUrl.startsWith("https:");
  const oidc = oidcProvider(env);
  const now = () => new Date(clock.now());
  const addressIn = (request: { headers?: Record<string, unknown> | undefined } | undefined) =>
    addressOf(headersOf(request), env.MESHWRIGHT_TRUSTED_PROXIES);
  const session = sessionCookieName(baseUrl);
  const cookie = (name: string, httpOnly: boolean) => ({
    name,
    options: { httpOnly, sameSite: "lax" as const, path: "/", secure },
  });

  return {
    secret: env.NEXTAUTH_SECRET,
    session: { strategy: "jwt", maxAge: SESSION_SECONDS },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    useSecureCookies: secure,
    cookies: {
      sessionToken: cookie(session, true),
      csrfToken: cookie(session.replace(/session$/, "csrf"), true),
      callbackUrl: cookie(session.replace(/session$/, "callback"), true),
    },
    providers: [
      CredentialsProvider({
        id: "password",
        name: "e-mail and password",
        credentials: { email: { type: "email" }, password: { type: "password" } },
        async authorize(credentials, request) {
          const email = credentials?.email?.trim().toLowerCase() ?? "";
          const password = credentials?.password ?? "";
          if (!email || email.length > 254 || !password || password.length > 256) return null;
          return outcome(
            await signInWithPassword(database, { email, password, address: addressIn(request), now: now() }),
          );
        },
      }),
      CredentialsProvider({
        id: "sign-in-link",
        name: "one-time link",
        credentials: { token: { type: "text" } },
        async authorize(credentials, request) {
          const token = credentials?.token ?? "";
          if (!/^[A-Za-z0-9_-]{20,200}$/.test(token)) return null;
          return outcome(await signInWithLink(database, { token, address: addressIn(request), now: now() }));
        },
      }),
      ...(oidc ? [oidc] : []),
    ],
    callbacks: {
      async signIn({ user, account, profile }) {
        if (account?.provider !== "oidc") return true;
        const person = personOfProfile(profile, env);
        const result = person && (await signInWithOidc(database, person, now()));
        if (!result || result === "throttled") return false;
        // From here on the session is about our account, not about the provider's.
        user.id = result.id;
        return true;
      },
      jwt({ token, user }) {
        return user ? { sub: user.id, signedInAt: clock.now() } : token;
      },
      session({ session: { expires } }) {
        return { expires };
      },
      redirect({ url }) {
        if (url.startsWith("/") && !url.startsWith("//") && !url.startsWith("/\\")) return `${baseUrl}${url}`;
        return URL.canParse(url) && new URL(url).origin === new URL(baseUrl).origin ? url : baseUrl;
      },
    },
    logger: {
      error: (code, metadata) => runtime.logger.warn({ code, metadata: messageOf(metadata) }, "sign-in failed"),
      warn: (code) => runtime.logger.debug({ code }, "next-auth"),
      debug: () => undefined,
    },
  };
}

/** Only the message: the rest may hold what was typed. */
function messageOf(metadata: unknown): string {
  if (metadata instanceof Error) return metadata.message;
  if (typeof metadata === "object" && metadata !== null && "error" in metadata && metadata.error instanceof Error) {
    return metadata.error.message;
  }
  return "unknown";
}
