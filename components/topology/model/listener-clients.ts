// What the fields of a gateway's listener mean for its client certificates. Job: the block that a choice or a list of names makes.
// Rule: pure; nothing is written that the model would refuse: names need a certificate that is required.
import type { ClientCertificates } from "@/lib/mesh";

export const CLIENT_MODES = ["required", "optional"] as const satisfies readonly ClientCertificates["mode"][];

/** Undefined: clients are not asked. */
export function withMode(
  clients: ClientCertificates | undefined,
  choice: string | undefined,
): ClientCertificates | undefined {
  const mode = CLIENT_MODES.find((each) => each === choice);
  if (!mode) return undefined;
  return { mode, ...(mode === "required" && clients?.names ? { names: clients.names } : {}) };
}

/** @param text names with commas or spaces between; "": any certificate will do */
export function withNames(clients: ClientCertificates, text: string): ClientCertificates {
  const names = [...new Set(text.split(/[\s,]+/).filter((name) => name !== ""))];
  return names.length > 0 ? { mode: "required", names } : { mode: clients.mode };
}
