// Objects as people name them in a comment or a sentence. Rule: pure; a box is its name, everything else has its kind before it.
import { parseKey } from "@/lib/mesh";

/** `payment-service`, and its kind where that is not a box: `route payment-service`. */
export function objectName(key: string): string {
  const at = parseKey(key);
  if (!at) return key;
  if (at.kind === "Service" || at.kind === "Gateway" || at.kind === "ExternalService") return at.name;
  return `${at.kind.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()} ${at.name}`;
}
