// Next's request hook (not the sidecar: that is the package in proxy/). Job: a nonce and security headers for every page.
// The rule: headers only. Who may see what is decided by lib/data, on every request.
import { type NextRequest, NextResponse } from "next/server";
import { contentSecurityPolicy, NONCE_HEADER, PATH_HEADER, securityHeaders } from "@/lib/auth/security-headers";

export function proxy(request: NextRequest): NextResponse {
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

export const config = { matcher: ["/((?!api/v1/|_next/static/|_next/image).*)"] };
