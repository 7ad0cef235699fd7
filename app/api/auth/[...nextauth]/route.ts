// next-auth's own routes: sign in, sign out, CSRF token, callback of single sign-on.
import NextAuth from "next-auth";
import { getRuntime } from "@/lib/api/runtime";
import { authOptions } from "@/lib/auth/options";

export const runtime = "nodejs";
export const dynamic = "force-dynamic";

type Context = { params: Promise<{ nextauth: string[] }> };

const handle = (request: Request, context: Context): Promise<Response> =>
  NextAuth(request as never, context as never, authOptions(getRuntime())) as Promise<Response>;

export { handle as GET, handle as POST };
