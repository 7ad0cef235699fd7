// Mutual TLS and what holds for the whole mesh -> Mesh, ProxyDefaults and ServiceDefaults.
// The rule: Consul's proxies always use mutual TLS between each other; plain text besides has to be allowed for the mesh first.
import { keyOf, type MutualTls } from "@/lib/mesh";
import { type ConsulExport, SYSTEM_NAMESPACE } from "./export-out";

const LOUD = { changesMeaning: true };
const NO_DISABLE = "Consul's proxies always use mutual TLS between each other";
const PERMISSIVE =
  "plain text comes in past the proxy's checks in Consul, and who comes with mutual TLS is checked, where the design only counts refusals";

export function exportMesh(out: ConsulExport): void {
  const { context, index } = out;
  const all = index.all("MutualTls");
  for (const each of all) exportMutualTls(out, each);
  const { mesh } = index;
  const isPermissive =
    mesh?.spec.defaults.mutualTls === "permissive" || all.some(({ spec }) => spec.mode === "permissive");
  const spec = {
    transparentProxy: { meshDestinationsOnly: true },
    ...(isPermissive ? { allowEnablingPermissiveMutualTLS: true } : {}),
  };
  out.add("Mesh", { name: "mesh", namespace: SYSTEM_NAMESPACE }, spec);
  const isOpen = mesh?.spec.defaults.mutualTls === "permissive";
  if (isOpen) {
    out.add("ProxyDefaults", { name: "global", namespace: SYSTEM_NAMESPACE }, { mutualTLSMode: "permissive" });
  }
  if (!mesh) return;
  const path = ["spec", "defaults", "mutualTls"];
  if (mesh.spec.defaults.mutualTls === "strict") context.tell(mesh, path, "exact", NO_DISABLE);
  else context.lose(mesh, path, isOpen ? "approximate" : "lost", isOpen ? PERMISSIVE : NO_DISABLE, LOUD);
  context.tell(
    mesh,
    ["spec", "defaults", "authorization"],
    "moved",
    "an intention from * to *, and those of each service",
  );
}

function exportMutualTls(out: ConsulExport, mutualTls: MutualTls): void {
  const { context, index } = out;
  const { mode, target, ports } = mutualTls.spec;
  if (ports && ports.length > 0) {
    context.lose(mutualTls, ["spec", "ports"], "lost", "Consul has no modes of single ports", LOUD);
  }
  if (mode === "disable") context.lose(mutualTls, ["spec", "mode"], "lost", NO_DISABLE, LOUD);
  else if (mode === "strict") context.tell(mutualTls, ["spec", "mode"], "exact", NO_DISABLE);
  else context.lose(mutualTls, ["spec", "mode"], "approximate", PERMISSIVE, LOUD);
  const namespace = target?.namespace ?? mutualTls.metadata.namespace;
  const services =
    target?.service === undefined
      ? index
          .all("Service")
          .filter(({ metadata }) => target?.namespace === undefined || metadata.namespace === target.namespace)
      : [index.find("Service", keyOf("Service", namespace, target.service))];
  for (const service of services) {
    if (!service || !out.isOwner(service)) continue;
    const [first] = index.mutualTlsOn(keyOf("Service", service.metadata.namespace, service.metadata.name));
    if (first !== mutualTls) continue;
    const { name, namespace: home } = service.metadata;
    out.say({ name, namespace: home }, { mutualTLSMode: mode === "permissive" ? "permissive" : "strict" }, service);
  }
}
