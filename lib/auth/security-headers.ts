// What every page is sent with, so that a browser does not do what we never ask it to. Pure.
// The rule: scripts and styles run by nonce only; nothing is framed, nothing is loaded from elsewhere.

export const NONCE_HEADER = "x-nonce";
/** Tells server components at which path they are. */
export const PATH_HEADER = "x-meshwright-path";

export function contentSecurityPolicy(nonce: string, { isDevelopment = false } = {}): string {
  // Hot reload writes styles into the page without a nonce; a nonce in the list would make 'unsafe-inline' count for nothing.
  const styles = isDevelopment ? "'self' 'unsafe-inline'" : `'self' 'nonce-${nonce}'`;
  return [
    "default-src 'none'",
    // strict-dynamic: what our own script loads (chunks, workers) may run; what is written into a page may not.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    `style-src ${styles}`,
    `style-src-elem ${styles}`,
    // React Flow and Mantine place things by style attributes; they can show, not run.
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join("; ");
}

export function securityHeaders(isHttps: boolean): Record<string, string> {
  return {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ...(isHttps ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}
