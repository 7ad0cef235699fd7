// What makes a request authentication impossible: keys that are none, or that must not be known.
import type { JwtRule, MeshObject, Path } from "../types";
import type { Complaint } from "./complaint";

export function violationsOfRequestAuthentication(object: MeshObject): Complaint[] {
  if (object.kind !== "RequestAuthentication") return [];
  return object.spec.jwtRules.flatMap((rule, i) => violationsOfKeys(rule, ["spec", "jwtRules", i, "jwks"]));
}

function violationsOfKeys({ jwks }: JwtRule, path: Path): Complaint[] {
  if (jwks === undefined) return [];
  const keys = keysOf(jwks);
  if (!keys) {
    const fix = 'Write {"keys": [...]} with the public keys that the issuer publishes.';
    return [{ path, message: "is not a JSON Web Key Set", fix }];
  }
  // A design is read by many: what signs tokens must not stand in it.
  const isSecret = keys.some((key) => key["d"] !== undefined || key["kty"] === "oct");
  const fix = "Write the public keys, and replace this one: everybody who can read the design can sign tokens with it.";
  return isSecret ? [{ path, message: "holds a key that signs tokens", fix }] : [];
}

/** At least one key, each with its type; null: not a key set. */
function keysOf(text: string): Record<string, unknown>[] | null {
  try {
    const set: unknown = JSON.parse(text);
    const keys = typeof set === "object" && set !== null ? (set as { keys?: unknown }).keys : undefined;
    if (!Array.isArray(keys) || keys.length === 0) return null;
    return keys.every((key) => typeof key === "object" && key !== null && typeof key.kty === "string") ? keys : null;
  } catch {
    return null;
  }
}
