// Configuration for people: private keys and other secrets left out.

import type { JsonValue } from "@bufbuild/protobuf";

const SECRET_FIELDS = ["private_key", "generic_secret", "session_ticket_keys", "password"];

export function withoutKeys(json: JsonValue): JsonValue {
  if (Array.isArray(json)) {
    return json.map(withoutKeys);
  }
  if (typeof json !== "object" || json === null) {
    return json;
  }
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, SECRET_FIELDS.includes(key) ? "[redacted]" : withoutKeys(value)]),
  );
}
