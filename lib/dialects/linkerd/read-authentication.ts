// Identities and networks of Linkerd -> sources of the model.
// The rule: a condition by address has no place in the model; a grant that has one is left out, for without it it would grant more.
import type { AuthorizationSource } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import type { Fields } from "../shared/fields";
import { principal } from "../shared/principals";
import { joined, sourceOfIdentity } from "./identities";
import type { Cidr, Identified } from "./state";

const trustDomainOf = (context: ImportContext) => context.index.mesh?.spec.trustDomain ?? "cluster.local";

/** `identities`, `identityRefs` of a MeshTLSAuthentication, `serviceAccounts` of a ServerAuthorization. */
export function readIdentities(context: ImportContext, resource: Resource, fields: Fields): Identified {
  const trustDomain = trustDomainOf(context);
  const unsaid: string[] = [];
  const named = (fields.texts("identities") ?? []).flatMap((identity) => {
    const source = sourceOfIdentity(identity, trustDomain);
    if (!source) unsaid.push(identity);
    return source ?? [];
  });
  const referred = fields.list("identityRefs").flatMap((ref) => referredTo(ref, resource, trustDomain) ?? []);
  const accounts = fields.list("serviceAccounts").flatMap((account) => {
    const name = account.text("name");
    const namespace = account.text("namespace") ?? resource.namespace;
    account.keepRest();
    if (name !== undefined) return [{ principals: [principal(trustDomain, namespace, name)] }];
    account.problem("name", "is missing", "Name the service account.");
    return [];
  });
  if (unsaid.length > 0) return { reason: `identity ${unsaid.join(", ")} is no name of a workload in this design` };
  const from = joined([...named, ...referred, ...accounts]);
  return from.length > 0 ? { from } : { reason: "it names nobody" };
}

function referredTo(ref: Fields, resource: Resource, trustDomain: string): AuthorizationSource | undefined {
  const kind = ref.text("kind");
  const name = ref.text("name");
  const namespace = ref.text("namespace") ?? resource.namespace;
  ref.text("group");
  ref.keepRest();
  if (kind === "Namespace") return { namespaces: [name ?? namespace] };
  if (kind === "ServiceAccount") {
    // without a name it is every account of the namespace
    return name === undefined ? { namespaces: [namespace] } : { principals: [principal(trustDomain, namespace, name)] };
  }
  ref.problem("kind", `${kind ?? ""} is neither ServiceAccount nor Namespace`, "Name one of the two.");
  return undefined;
}

export function readNetworks(fields: Fields): Cidr[] {
  return fields.list("networks").flatMap((each) => {
    const cidr = each.text("cidr");
    const except = each.texts("except") ?? [];
    each.keepRest();
    if (cidr !== undefined) return [{ cidr, except }];
    each.problem("cidr", "is missing", "Write a network as 10.0.0.0/8.");
    return [];
  });
}

/** Networks that together are everywhere, IPv4 at least, are no condition; undefined is none either. */
export function identified(who: Identified, networks: readonly Cidr[] | undefined): Identified {
  if ("reason" in who || networks === undefined) return who;
  const isEverywhere = networks.some(({ cidr, except }) => cidr === "0.0.0.0/0" && except.length === 0);
  if (isEverywhere) return who;
  return { reason: `callers by address (${networks.map(({ cidr }) => cidr).join(", ") || "none"}) have no place` };
}
