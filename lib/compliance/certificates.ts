// Certificates that sidecars served, as the identity controls judge them.
import { ofKind } from "./live";
import { fail, pass, unmeasured } from "./results";
import { nameOf } from "./services";
import type { CertificateFacts, LiveContext, SubjectResult } from "./types";

/** One result per served certificate; `problemOf` says what is wrong with it, or null. */
export function eachCertificate(
  context: LiveContext,
  problemOf: (certificate: CertificateFacts) => string | null,
  good: (certificate: CertificateFacts) => string,
): SubjectResult[] {
  return ofKind(context, "certificate").map((each) => {
    const { certificate } = each.facts;
    const who = each.proxyKey ?? nameOf(each.subject);
    const result = !certificate
      ? unmeasured(each.subject, each.sentence)
      : ((problem) =>
          problem ? fail(each.subject, `${who}: ${problem}`) : pass(each.subject, `${who}: ${good(certificate)}`))(
          problemOf(certificate),
        );
    return { ...result, evidence: [each.id] };
  });
}
