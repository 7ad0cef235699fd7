// Small words that several sentences about policies need. The rule: no sentence is made here, only its parts.
import type { PolicyTarget } from "../types";

/** `a`, `a and b`, `a, b and 3 more` */
export function listWords(names: readonly string[], most = 4): string {
  if (names.length > most) return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
  if (names.length <= 1) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function targetWords(target: PolicyTarget | undefined): string {
  if (target?.service) return target.namespace ? `${target.namespace}/${target.service}` : target.service;
  if (target?.gateway) return `gateway ${target.namespace ? `${target.namespace}/` : ""}${target.gateway}`;
  return target?.namespace ? `namespace ${target.namespace}` : "the whole mesh";
}

/** A capital at the beginning, unless the first word is a name. */
export function sentence(text: string): string {
  return /^[a-z]+ /.test(text) && !/^(no|port) /.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text;
}
