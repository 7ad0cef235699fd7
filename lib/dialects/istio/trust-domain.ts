// Trust domains of principals, both ways: `cluster.local` is Istio's word for the mesh's own one, whatever its name is.
// The rule: the same as istiod (pilot/pkg/security/trustdomain): only a whole identity is meant so, a pattern is compared as it stands.
import { objectKey, type Path } from "@/lib/mesh";
import type { ImportContext, Resource, Understood } from "../shared/context";
import { matchesPrincipal, principalOf, trustDomainIn } from "../shared/principals";

/** Also the trust domain of an installation that says none. */
export const OWN_DOMAIN = "cluster.local";
/** Domain, `ns`, namespace, `sa`, account. */
const PARTS = 5;

const replaceDomain = (principal: string, from: string, to: string) =>
  principal.startsWith(`${from}/`) && principal.split("/").length === PARTS
    ? `${to}${principal.slice(from.length)}`
    : principal;

/** @returns as the design writes them; a trust domain that none of its workloads is of is told */
export function readPrincipals(
  context: ImportContext,
  resource: Resource,
  path: Path,
  principals: readonly string[],
): string[] {
  const own = trustDomainIn(context);
  const read = principals.map((each) => replaceDomain(each, OWN_DOMAIN, own));
  const strange = new Set(read.flatMap((each) => domainOf(each) ?? []).filter((domain) => domain !== own));
  for (const domain of strange) {
    const message = `names the trust domain ${domain}, and this design's is ${own}: none of its workloads is meant`;
    const fix = `Read the mesh configuration with it (trustDomain), or give the mesh the trust domain ${domain}, if that is its own.`;
    context.warn(resource, path, message, fix);
  }
  tellGateways(context, resource, path, own, read);
  return read;
}

/** As Istio's installers name the accounts of gateways: istio-ingressgateway-service-account, istio-ingress, istio-egressgateway. */
const GATEWAY_ACCOUNT = /\/sa\/[^/]*(?:gateway|ingress|egress)[^/]*$/;

/** Istio knows a gateway by its pods, whose account is mostly another and in another namespace; a design by itself. */
function tellGateways(
  context: ImportContext,
  resource: Resource,
  path: Path,
  own: string,
  principals: readonly string[],
): void {
  const gateways = context.all("Gateway");
  if (gateways.length === 0) return;
  const held = [...context.all("Workload"), ...gateways].map((each) => principalOf(own, each));
  const ids = gateways.map((each) => `${each.metadata.namespace}/${each.metadata.name} is ${principalOf(own, each)}`);
  for (const each of principals) {
    if (!each.startsWith(`${own}/`) || !GATEWAY_ACCOUNT.test(each)) continue;
    if (held.some((id) => matchesPrincipal(each, id))) continue;
    const message = `nobody in the design is ${each}, and a gateway is not known by the account of its pods: ${ids.slice(0, 3).join(", ")}`;
    const fix = "Where the pods of a gateway are meant, name the gateway as the caller in the design.";
    context.warn(resource, path, message, fix, { changesMeaning: true });
  }
}

/** Undefined for a pattern that any may fit. */
const domainOf = (principal: string) => /^([^/*]+)\//.exec(principal)?.[1];

/** The pointer holds in every installation; the design's name would be one more thing to set there. */
export const writePrincipal = (own: string, principal: string) =>
  replaceDomain(principal.replace(/^spiffe:\/\//, ""), own, OWN_DOMAIN);

/** MeshConfig's own word; a design that is there already keeps its identities. */
export function readTrustDomain(
  context: ImportContext,
  resource: Resource,
  result: Understood,
  said: string | undefined,
): void {
  const [mesh] = context.all("Mesh");
  if (said === undefined || said === "" || !mesh || mesh.spec.trustDomain === said) return;
  if (context.index.all("Service").length === 0) {
    context.objects.set(objectKey(mesh), { ...mesh, spec: { ...mesh.spec, trustDomain: said } });
    result.objects.push(objectKey(mesh));
    result.sentences.push(`the mesh's trust domain is ${said}.`);
    return;
  }
  const message = `the mesh is ${said} there, and ${mesh.spec.trustDomain} in this design, whose workloads keep their identities`;
  context.warn(resource, ["spec", "trustDomain"], message, "Set the mesh's trust domain, where it should be the same.");
}
