// Policies with the action custom -> the extension builtin/ext-authz of ServiceDefaults, or of ProxyDefaults for the whole mesh.
// The rule: Consul asks about every request of a service or about none, so a policy with conditions is none of these.
import {
  type AuthorizationPolicy,
  type Authorizer,
  keyOf,
  MESH_WIDE,
  objectKey,
  refKey,
  type Service,
  targetKey,
} from "@/lib/mesh";
import { type ConsulExport, isHttp, SYSTEM_NAMESPACE } from "./export-out";
import { writeExtension } from "./ext-authz";

/** About every request, of somebody in the mesh. */
export function saysAsking({ spec }: AuthorizationPolicy, { address }: Authorizer): boolean {
  const isEvery = spec.rules.some(({ from, to, when }) => !from && !to && !when);
  return isEvery && spec.target.gateway === undefined && address?.target.kind === "Service";
}

export function exportAuthorizers(out: ConsulExport): void {
  const { context, index } = out;
  const { mesh } = index;
  const asking = index.all("AuthorizationPolicy").filter(({ spec }) => spec.action === "custom");
  if (!mesh || asking.length === 0) return;
  const extensionOf = ({ spec }: AuthorizationPolicy) => {
    const authorizer = mesh.spec.authorizers?.find(({ name }) => name === spec.authorizer);
    const place = authorizer?.address && index.find("Service", refKey(authorizer.address.target, mesh));
    return authorizer && place ? [{ service: place, value: writeExtension(authorizer, place.metadata.name) }] : [];
  };
  // what ProxyDefaults say is for every service, also for those of which nobody can be asked
  const isHttpOnly = index.all("Service").every(isHttp);
  const isWhole = ({ spec: { target } }: AuthorizationPolicy) => isHttpOnly && !target.service && !target.namespace;
  const whole = asking.filter(isWhole).flatMap((each) => extensionOf(each).map(({ value }) => value));
  if (whole.length > 0) {
    out.add("ProxyDefaults", { name: "global", namespace: SYSTEM_NAMESPACE }, { envoyExtensions: whole });
  }
  for (const service of index.all("Service").filter((each) => out.isOwner(each))) {
    const own = asking.filter(
      (each) => !isWhole(each) && scopesOf(service).includes(targetKey(each.spec.target, each)),
    );
    if (own.length === 0 || !isHttp(service)) continue;
    const { name, namespace } = service.metadata;
    out.say(
      { name, namespace },
      { envoyExtensions: own.flatMap((each) => extensionOf(each).map(({ value }) => value)) },
      service,
    );
  }
  for (const policy of asking) tell(out, policy, extensionOf(policy)[0]?.service);
  (mesh.spec.authorizers ?? []).forEach((authorizer, i) => {
    const reason = `what ${authorizer.name} is asked stands with the services that ask it`;
    context.tell(mesh, ["spec", "authorizers", i], "moved", reason);
  });
}

const scopesOf = (service: Service) => [
  objectKey(service),
  keyOf("Namespace", undefined, service.metadata.namespace),
  MESH_WIDE,
];

function tell({ context, index }: ConsulExport, policy: AuthorizationPolicy, asked: Service | undefined): void {
  const name = asked?.metadata.name ?? "";
  const reason = `a proxy of Consul asks an upstream of its own: add ${name} to consul.hashicorp.com/connect-service-upstreams of the pods that ask`;
  context.lose(policy, ["spec", "authorizer"], "approximate", reason);
  const key = targetKey(policy.spec.target, policy);
  const tcp = index.all("Service").filter((each) => !isHttp(each) && scopesOf(each).includes(key));
  if (tcp.length === 0) return;
  const words = tcp.map(({ metadata }) => metadata.name).join(", ");
  const unasked = `nobody is asked about connections to ${words} in this export, and here they are refused`;
  context.lose(policy, ["spec", "target"], "lost", unasked, { changesMeaning: true });
}
