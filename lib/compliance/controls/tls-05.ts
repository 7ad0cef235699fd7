// TLS-05: certificates of a foreign authority are refused, however right their name looks.
import { objectKey } from "@/lib/mesh";
import { listAt, textAt } from "../compiled-mesh";
import { nist53, pci } from "../frameworks";
import { eachInbound } from "../inbound";
import { paired } from "../live";
import { fail, pass } from "../results";
import { nameOf } from "../services";
import type { Control, DesignContext, SubjectResult } from "../types";

export const tls05: Control = {
  id: "TLS-05",
  title: "A foreign trust domain is refused",
  area: "transport",
  severity: "critical",
  asks: "Only certificates of the mesh's own authority and trust domain are accepted: neither one of an unrelated authority, nor one with the right name and the wrong signer.",
  design: { look: (context) => [ownDomain(context), ...foreignGrants(context)] },
  compiled: {
    look: (context) => {
      const domain = context.index.mesh?.spec.trustDomain ?? "";
      return eachInbound(context, ({ owner, tls, path }) => {
        const validation = ["common_tls_context", "combined_validation_context"] as const;
        const bundle = textAt(tls, ...validation, "validation_context_sds_secret_config", "name");
        const matchers = listAt(tls, ...validation, "default_validation_context", "match_typed_subject_alt_names");
        const isBound =
          matchers.length > 0 && matchers.every((each) => textAt(each, "matcher", "prefix") === `spiffe://${domain}/`);
        return bundle === "bundle" && isBound
          ? pass(
              owner,
              `${nameOf(owner)}'s listener accepts the mesh's own anchors and spiffe://${domain}/ only.`,
              `${path}.transport_socket.combined_validation_context`,
            )
          : fail(owner, `${nameOf(owner)}'s listener is not bound to the mesh's anchors and trust domain.`, path);
      });
    },
  },
  live: { look: (context) => paired(context, "foreign-ca"), probes: ["foreign-ca", "mutual-tls"] },
  validHours: 24,
  mappings: [nist53("SC-17", "IA-5(2)", "SC-23"), pci(["4.2.1"], "Only trusted keys; on public edges only.")],
};

function ownDomain({ index }: DesignContext): SubjectResult {
  const { mesh } = index;
  return mesh
    ? pass(objectKey(mesh), `The one trust domain is ${mesh.spec.trustDomain}.`, "spec.trustDomain")
    : fail("Mesh//", "The design names no trust domain.");
}

/** A policy that grants something to an identity of another trust domain expects what the listeners must refuse. */
function foreignGrants({ index }: DesignContext): SubjectResult[] {
  const domain = index.mesh?.spec.trustDomain ?? "";
  return index.all("AuthorizationPolicy").flatMap((policy) => {
    if (policy.spec.action !== "allow") return [];
    return policy.spec.rules.flatMap((rule, r) =>
      (rule.from ?? []).flatMap((source, s) =>
        (source.principals ?? [])
          .map((principal) => principal.replace(/^spiffe:\/\//, ""))
          .filter((principal) => !principal.startsWith("*") && principal.split("/")[0] !== domain)
          .map((principal) =>
            fail(
              objectKey(policy),
              `${policy.metadata.name} grants something to ${principal}, which is not of ${domain}.`,
              `spec.rules[${r}].from[${s}].principals`,
            ),
          ),
      ),
    );
  });
}
