// PKI-03: a leaf is a well-formed identity: one SPIFFE ID, no CA, both usages, an approved key.
import { objectKey, serviceAccountOf, spiffeId } from "@/lib/mesh";
import { eachCertificate } from "../certificates";
import { nist53, nist204a } from "../frameworks";
import { fail, pass } from "../results";
import type { CertificateFacts, Control } from "../types";

/** X509-SVID.md and the catalogue's approved list. */
const KEY_TYPES = ["ec:prime256v1", "ec:secp384r1"];
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(\/[a-zA-Z0-9._-]+)+$/;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

export const pki03: Control = {
  id: "PKI-03",
  title: "A leaf is a well-formed identity",
  area: "identity",
  severity: "high",
  asks: "A served certificate is no CA, has exactly one URI name that is a SPIFFE ID of the mesh, may be used by client and server, and has an approved key.",
  design: {
    look: ({ index }) =>
      [...index.all("Workload"), ...index.all("Gateway")].map((owner) => {
        const key = objectKey(owner);
        const id = spiffeId(
          index.mesh?.spec.trustDomain ?? "",
          owner.metadata.namespace,
          serviceAccountOf(owner) ?? "",
        );
        return SPIFFE_ID.test(id)
          ? pass(key, `${owner.metadata.name} is ${id}.`)
          : fail(key, `"${id}" is not a SPIFFE ID.`, "spec.serviceAccount");
      }),
  },
  compiled: {
    doesNotApply: "The form of a certificate is the certificate authority's; no proxy's configuration holds it.",
  },
  live: {
    look: (context) => eachCertificate(context, problemOf, (each) => `it is ${each.spiffeIds[0]}, ${each.keyType}.`),
    probes: ["certificate"],
  },
  validHours: 24,
  mappings: [nist53("SC-17", "SC-13"), nist204a("SM-DR15")],
};

function problemOf({ isCa, spiffeIds, extendedKeyUsage, keyType }: CertificateFacts): string | null {
  if (isCa) return "it serves a certificate that may sign others.";
  if (spiffeIds.length !== 1) return `its certificate has ${spiffeIds.length} URI names and must have exactly one.`;
  if (!SPIFFE_ID.test(spiffeIds[0] ?? "")) return `"${spiffeIds[0]}" is not a SPIFFE ID.`;
  if (!extendedKeyUsage.includes(SERVER_AUTH) || !extendedKeyUsage.includes(CLIENT_AUTH))
    return "its certificate is not for both client and server.";
  return KEY_TYPES.includes(keyType) ? null : `its key (${keyType}) is not on the approved list.`;
}
