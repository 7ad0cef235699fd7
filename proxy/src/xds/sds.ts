// SDS messages -> secrets. One rule: the key of its own identity never comes this way; that one the proxy makes. Certificates that a gateway
// shows to clients outside the mesh do.

import type { Secret as SecretMessage } from "../contract/messages";
import type { Violation } from "../contract/violations";
import { Scope } from "../plan/scope";
import { secretSource } from "../plan/tls";
import type { Secret } from "../plan/types";
import { DENY_LIST_SECRET, parseDenyList } from "./deny-list";
import { readSecret } from "./secrets";

export type SdsSecrets =
  | { readonly ok: true; readonly secrets: Map<string, Secret> }
  | { readonly ok: false; readonly violations: readonly Violation[] };

export function readSdsSecrets(messages: ReadonlyMap<string, SecretMessage>): SdsSecrets {
  const violations: Violation[] = [];
  const secrets = new Map<string, Secret>();
  for (const [name, message] of messages) {
    const resource = { kind: "secret", name };
    const source = secretSource(message, new Scope("", violations, resource));
    const read = source ? readSecret(name, source) : null;
    if (read && !read.ok) {
      violations.push({ path: "", message: read.violation.message, resource });
    } else if (read) {
      secrets.set(name, read.secret);
      checkDenyList(read.secret, violations);
    }
  }
  return violations.length > 0 ? { ok: false, violations } : { ok: true, secrets };
}

function checkDenyList(secret: Secret, violations: Violation[]): void {
  if (secret.name !== DENY_LIST_SECRET) {
    return;
  }
  try {
    parseDenyList(secret.kind === "generic" ? secret.value : new Uint8Array());
  } catch (error) {
    const resource = { kind: "secret", name: secret.name };
    violations.push({ path: "generic_secret.secret", message: (error as Error).message, resource });
  }
}
