// Next's request hook (not the sidecar: that is the package in proxy/). Job: a nonce and security headers for every page.
// The rule: headers only. Who may see what is decided by lib/data, on every request.
import { type NextRequest, NextResponse } from "next/server";
import { contentSecurityPolicy, NONCE_HEADER, PATH_HEADER, securityHeaders } from "@/lib/auth/security-headers";
import { ERRORS, PROBLEM_BASE } from "@/lib/errors";

/** Next answers an undecodable path with a bare 500 before any route sees it; the API owes a problem (RFC 9457). */
function undecodable(pathname: string): NextResponse | null {
  try {
    decodeURIComponent(pathname);
    return null;
  } catch {
    const { status, title, detail } = ERRORS["invalid-path"];
    const requestId = crypto.randomUUID();
    const body = { type: `${PROBLEM_BASE}invalid-path`, title, status, detail, code: "invalid-path", requestId };
    return NextResponse.json(body, {
      status,
      headers: { "content-type": "application/problem+json", "x-request-id": requestId },
    });
  }
}

export function proxy(request: NextRequest): NextResponse {
  const { pathname } = new URL(request.url);
  const refused = undecodable(pathname);
  if (refused) return refused;
  if (pathname.startsWith("/api/v1/")) return NextResponse.next();
  const nonce = crypto.randomUUID().replaceAll("-", "");
  const policy = contentSecurityPolicy(nonce, { isDevelopment: process.env.NODE_ENV === "development" });
  const headers = new Headers(request.headers);
  headers.set(NONCE_HEADER, nonce);
  headers.set(PATH_HEADER, request.nextUrl.pathname + request.nextUrl.search);
  // Next takes the nonce for its own scripts from here.
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  for (const [name, value] of Object.entries(securityHeaders(request.nextUrl.protocol === "https:"))) {
    response.headers.set(name, value);
  }
  return response;
}

export const config = { matcher: ["/((?!api/v1/|_next/static/|_next/image).*)", "/api/v1/(.*%.*)"] };
