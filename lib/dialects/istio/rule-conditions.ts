// Conditions of an AuthorizationPolicy that the model has beside callers and operations as well, both ways.
// The rule: one condition is one condition; only its subject has another name.
import type { AuthorizationCondition, AuthorizationSource, Path } from "@/lib/mesh";
import type { Fields } from "../shared/fields";
import type { IstioCondition } from "./conditions";
import { writePrincipal } from "./trust-domain";

type Subject = AuthorizationCondition["of"];

const SUBJECTS: Readonly<Record<string, Subject>> = {
  "source.ip": "address",
  "remote.ip": "clientAddress",
  "source.principal": "principal",
  "source.namespace": "namespace",
  "request.auth.principal": "token",
  "destination.ip": "targetAddress",
  "destination.port": "targetPort",
  "connection.sni": "serverName",
};
const KEYS = Object.fromEntries(Object.entries(SUBJECTS).map(([key, of]) => [of, key]));
const METADATA = /^experimental\.(envoy\.[^\s[\]]+(?:\[[^[\]]+\]){1,8})$/;
/** Those of the model. */
const MAX_CONDITIONS = 32;
const MAX_VALUES = 256;
const MAX_LENGTH = 1024;

/** Issuer and subject are a field of the sources, where that is free. */
export function isOfRule(condition: Fields, sources: readonly AuthorizationSource[]): boolean {
  const key = String(condition.peek("key"));
  if (METADATA.test(key)) return true;
  if (!Object.hasOwn(SUBJECTS, key)) return false;
  return SUBJECTS[key] !== "token" || sources.some(({ requestPrincipals }) => requestPrincipals);
}

/**
 * @param principalsOf principals as the design writes them
 * @returns undefined when one has no place in the model
 */
export function importRuleConditions(
  conditions: readonly Fields[],
  principalsOf: (path: Path, written: readonly string[]) => string[],
): AuthorizationCondition[] | undefined {
  const read = conditions.map((each): AuthorizationCondition | undefined => {
    const key = each.text("key") ?? "";
    const listed = (field: string) => {
      const written = each.texts(field) ?? [];
      return SUBJECTS[key] === "principal" ? principalsOf([...each.path, field], written) : written;
    };
    const values = listed("values");
    const notValues = listed("notValues");
    each.keepRest();
    const all = [...values, ...notValues];
    const isTooMuch = Math.max(values.length, notValues.length) > MAX_VALUES;
    if (all.length === 0 || isTooMuch || all.some((value) => value === "" || value.length > MAX_LENGTH))
      return undefined;
    const name = METADATA.exec(key)?.[1];
    // in brackets: an entry of a list
    if (name !== undefined && all.some((value) => value.startsWith("["))) return undefined;
    return {
      of: SUBJECTS[key] ?? "metadata",
      ...(name === undefined ? {} : { name }),
      ...(values.length > 0 ? { values } : {}),
      ...(notValues.length > 0 ? { notValues } : {}),
    };
  });
  const known = read.filter((each) => each !== undefined);
  return known.length === read.length && known.length <= MAX_CONDITIONS ? known : undefined;
}

/**
 * @param own the design's trust domain
 * @returns null: Istio has no words for it
 */
export function exportRuleCondition(
  { of, name, values, notValues }: AuthorizationCondition,
  own: string,
): IstioCondition | null {
  const key = of === "metadata" ? `experimental.${name}` : KEYS[of];
  if (key === undefined || (of === "metadata" && !METADATA.test(key))) return null;
  const written = (all: string[]) => (of === "principal" ? all.map((each) => writePrincipal(own, each)) : all);
  return {
    key,
    ...(values ? { values: written(values) } : {}),
    ...(notValues ? { notValues: written(notValues) } : {}),
  };
}
