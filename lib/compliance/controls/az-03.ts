// AZ-03: no permission for "anybody".
import { type AuthorizationSource, objectKey } from "@/lib/mesh";
import { at, type Json, listAt, textAt } from "../compiled-mesh";
import { nist53, pci } from "../frameworks";
import { eachInbound, enforcedCallers } from "../inbound";
import { paired } from "../live";
import { fail, pass } from "../results";
import { nameOf } from "../services";
import type { Control, DesignContext, SubjectResult } from "../types";

export const az03: Control = {
  id: "AZ-03",
  title: "No wildcard principals",
  area: "authorization",
  severity: "critical",
  asks: "No permission is for anybody: no rule without callers, no star, no whole trust domain. An identity of an unrelated namespace is refused.",
  design: { look: (context) => [...openDefault(context), ...policies(context)] },
  compiled: {
    look: (context) =>
      eachInbound(context, (inbound) => {
        const { owner, path } = inbound;
        const callers = enforcedCallers(inbound);
        if (!callers) return fail(owner, `${nameOf(owner)}'s sidecar lets in everybody.`, path);
        const open = Object.entries(callers).find(([, policy]) => listAt(policy, "principals").some(isAnybody));
        return open
          ? fail(owner, `${nameOf(owner)}'s sidecar lets in everybody: ${open[0]}.`, `${path}.rbac["${open[0]}"]`)
          : pass(owner, `${nameOf(owner)}'s sidecar lets in named identities only.`, `${path}.rbac`);
      }),
  },
  live: { look: (context) => paired(context, "unknown-identity"), probes: ["unknown-identity", "allowed-call"] },
  validHours: 24,
  mappings: [nist53("AC-6", "AC-3"), pci(["7.2.5"])],
};

function openDefault({ index: { mesh } }: DesignContext): SubjectResult[] {
  if (!mesh) return [];
  const path = "spec.defaults.authorization";
  return mesh.spec.defaults.authorization === "allow"
    ? [fail(objectKey(mesh), "The mesh's default lets in everybody.", path)]
    : [pass(objectKey(mesh), "The mesh's default names its callers.", path)];
}

function policies({ index }: DesignContext): SubjectResult[] {
  const domain = index.mesh?.spec.trustDomain ?? "";
  return index
    .all("AuthorizationPolicy")
    .filter(({ spec }) => spec.action === "allow" && !spec.shadow)
    .map((policy) => {
      const key = objectKey(policy);
      for (const [r, rule] of policy.spec.rules.entries()) {
        const path = `spec.rules[${r}].from`;
        if (!rule.from || rule.from.some(namesNobody))
          return fail(key, `${policy.metadata.name} allows everybody: a rule names no caller.`, path);
        const wide = rule.from.find(
          (source) =>
            !source.services && !source.namespaces && (source.principals ?? []).some((each) => isWide(each, domain)),
        );
        if (wide)
          return fail(
            key,
            `${policy.metadata.name} allows ${wide.principals?.find((each) => isWide(each, domain))}.`,
            path,
          );
      }
      return pass(key, `${policy.metadata.name} names its callers.`);
    });
}

/** Only who may not. */
const namesNobody = (source: AuthorizationSource) => Object.keys(source).every((field) => field.startsWith("not"));

/** A star that reaches over more than one namespace. */
function isWide(principal: string, domain: string): boolean {
  const text = principal.replace(/^spiffe:\/\//, "");
  return text.startsWith("*") || (text.endsWith("*") && !/^[^/]+\/ns\/[^/*]+\//.test(text)) || text === domain;
}

function isAnybody(principal: Json): boolean {
  if (at(principal, "any") === true) return true;
  if (at(principal, "not_id") !== undefined) return true; // whoever is not named
  const nested = [...listAt(principal, "or_ids", "ids")];
  if (nested.some(isAnybody)) return true;
  const together = [...listAt(principal, "and_ids", "ids")];
  if (together.length > 0) return together.every(isAnybody);
  const authenticated = at(principal, "authenticated");
  if (authenticated === undefined) return false;
  const name = at(authenticated, "principal_name");
  if (name === undefined) return true; // anybody with an identity
  const prefix = textAt(name, "prefix");
  return (
    textAt(name, "suffix") !== undefined || (prefix !== undefined && !/^spiffe:\/\/[^/]+\/ns\/[^/]+\//.test(prefix))
  );
}
