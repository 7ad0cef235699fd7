// What a whole binding says of certificates, held against those that are kept.
// The rule: no binding names a certificate that is not here, and none is kept that no binding names.
import type { EnvironmentBinding, StoredCertificate } from "@/lib/compile/types";
import { AppError, type Problematic } from "@/lib/errors";
import type { Connection } from "./client";
import { hasRevocationLists, withoutRevocationLists } from "./revocation-lists";

/**
 * A whole binding is written: each certificate that it calls stored has to be here, and one that it names no more goes.
 *
 * @throws AppError for what is not here
 */
export async function settleCertificates(
  connection: Connection,
  environmentId: string,
  binding: EnvironmentBinding,
): Promise<void> {
  const kept = await connection.gatewayCertificate.findMany({
    where: { environmentId },
    select: { namespace: true, gateway: true, name: true, clientCaPem: true },
  });
  const wordOf = (namespace: string, gateway: string, name: string) => `${namespace}/${gateway}/${name}`;
  const known = new Map(kept.map((each) => [wordOf(each.namespace, each.gateway, each.name), each]));
  const named = new Map<string, StoredCertificate>();
  const violations: Problematic[] = [];
  for (const [index, { namespace, name: gateway, certificates = {} }] of binding.gateways.entries()) {
    for (const [name, bound] of Object.entries(certificates)) {
      if (!("stored" in bound)) continue;
      const word = wordOf(namespace, gateway, name);
      named.set(word, bound);
      const there = known.get(word);
      const missing = missingOf(bound, there);
      if (missing === null) continue;
      violations.push({
        path: `body.binding.gateways[${index}].certificates[${JSON.stringify(name)}]`,
        message: missing,
        fix: `Give it first: PUT …/gateways/${namespace}/${gateway}/certificates/${name}, or say files.`,
      });
    }
  }
  if (violations.length > 0) throw new AppError("invalid-request", { violations });
  for (const { clientCaPem, ...place } of kept) {
    const bound = named.get(wordOf(place.namespace, place.gateway, place.name));
    const where = { environmentId, ...place };
    if (!bound) await connection.gatewayCertificate.deleteMany({ where });
    else if (clientCaPem !== null && !bound.ca)
      await connection.gatewayCertificate.updateMany({ where, data: { clientCaPem: null } });
    else if (clientCaPem !== null && !bound.crl && hasRevocationLists(clientCaPem))
      await connection.gatewayCertificate.updateMany({
        where,
        data: { clientCaPem: withoutRevocationLists(clientCaPem) },
      });
  }
}

/** What a binding says of a certificate that is not kept; null: all of it is. */
function missingOf(bound: StoredCertificate, there: { clientCaPem: string | null } | undefined): string | null {
  if (!there) return "says stored, and nothing is stored";
  if (bound.ca && there.clientCaPem === null) return "says ca, and no authorities are stored";
  const hasLists = there.clientCaPem !== null && hasRevocationLists(there.clientCaPem);
  return bound.crl && !hasLists ? "says crl, and no revocation lists are stored" : null;
}
