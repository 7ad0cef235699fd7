// Audiences of tokens. Rule: Envoy compares them without http(s):// and without a slash at the end, on both sides.

export function bareAudience(audience: string): string {
  const bare = audience.replace(/^https?:\/\//, "");
  return bare.endsWith("/") ? bare.slice(0, -1) : bare;
}
