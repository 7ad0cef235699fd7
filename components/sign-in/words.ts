// Sign-in problems in words. Rule: never says whether an address exists; always says what to do.
export function problemInWords(code: string | null): string | null {
  if (!code) return null;
  if (code === "link")
    return "This link was used already or is older than its time. Ask for a new one, or run npm start -- --sign-in-link.";
  if (code === "unreachable") return "The server cannot be reached. Check that Meshwright is running and try again.";
  if (code === "CredentialsSignin") return "Email and password do not match. Check both and try again.";
  if (/thrott|rate|too.?many/i.test(code)) return "Too many tries. Wait 15 minutes and try again.";
  if (code === "OAuthCallback" || code === "Callback" || code === "OAuthSignin")
    return "Your identity provider did not complete the sign-in. Try again, or use another way in.";
  if (code === "AccessDenied") return "Your account has no access here yet. Ask an administrator for an invite.";
  return "Signing in did not work. Try again; if it stays so, ask an administrator.";
}

/** Only a path of this site may follow a sign-in. */
export function safeCallback(url: string | null): string {
  if (!url) return "/";
  if (url.startsWith("/") && !url.startsWith("//") && !url.startsWith("/\\")) return url;
  try {
    const parsed = new URL(url);
    if (typeof window !== "undefined" && parsed.origin === window.location.origin)
      return parsed.pathname + parsed.search;
  } catch {
    return "/";
  }
  return "/";
}
