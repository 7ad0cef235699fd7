// The mesh's defaults and MutualTls -> Mesh, MeshIdentity, MeshTLS, and policies that say what Kuma would do otherwise.
// The rule: of what was kept of the source's Mesh the certificates are its own, the mode is the design's.
import { keyOf, type MeshRoot, type MutualTls, objectKey, valueAt, withValueAt } from "@/lib/mesh";
import { isRecord } from "../shared/fields";
import { GENERATED_LABEL } from "../shared/generated";
import { keptResources } from "../shared/verbatim";
import { API, isSystem, NAMESPACE_LABEL, SYSTEM_NAMESPACE } from "./documents";
import { DEFAULT_RETRY } from "./export-calls";
import type { KumaExport } from "./export-refs";

/** Fields of the Mesh that 3.x has removed. */
const REMOVED = [
  "mtls",
  "tracing",
  "logging",
  "metrics",
  "networking",
  "routing",
  "constraints",
  "skipCreatingInitialPolicies",
];

export function exportMesh(out: KumaExport, mesh: MeshRoot): void {
  const { context } = out;
  const { mutualTls } = mesh.spec.defaults;
  const { origin } = mesh.metadata;
  const kept = origin?.dialect === "kuma" ? (origin.kept ?? []).filter(({ path }) => path.startsWith("spec.")) : [];
  let spec: Record<string, unknown> = {};
  for (const { path, value } of kept) {
    const name = path.slice("spec.".length);
    if (out.isThree && REMOVED.includes(name)) {
      if (name !== "mtls")
        context.lose(mesh, ["metadata", "origin", "kept"], "lost", `${name} of a Mesh is no longer part of Kuma 3.x`);
    } else if (/^[A-Za-z]+$/.test(name)) spec = { ...spec, [name]: value };
  }
  if (out.isThree || mutualTls === "disable") delete spec["mtls"];
  else spec = { ...spec, mtls: mtlsOf(spec["mtls"], mutualTls) };
  context.resources.push({ apiVersion: API, kind: "Mesh", metadata: { name: out.mesh }, spec });
  const path = ["spec", "defaults", "mutualTls"];
  if (mutualTls === "disable") {
    context.tell(mesh, path, "exact", "no certificates, so no mutual TLS and no permissions that are enforced");
  } else if (out.isThree) {
    exportIdentity(out, mesh);
    if (mutualTls === "permissive") {
      out.add(
        "MeshTLS",
        { name: "mesh-default", namespace: SYSTEM_NAMESPACE },
        { targetRef: { kind: "Mesh" }, rules: [{ default: { mode: "Permissive" } }] },
      );
    }
    context.tell(mesh, path, "moved", "MeshIdentity gives the certificates, MeshTLS the mode");
  } else context.tell(mesh, path, "exact", "the mode of the Mesh's certificates");
  exportDefaults(out, mesh);
}

/** Of the source's backends the mode alone is the design's. */
function mtlsOf(kept: unknown, mode: "strict" | "permissive"): unknown {
  const own = mode === "strict" ? "STRICT" : "PERMISSIVE";
  const enabled = valueAt(kept, ["enabledBackend"]);
  const backends = valueAt(kept, ["backends"]);
  if (!isRecord(kept) || typeof enabled !== "string" || !Array.isArray(backends))
    return { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin", mode: own }] };
  const i = backends.findIndex((each: unknown) => isRecord(each) && each["name"] === enabled);
  const written = valueAt(backends, [i, "mode"]);
  return i < 0 || written === own || (written === undefined && own === "STRICT")
    ? kept
    : withValueAt(kept, ["backends", i, "mode"], own);
}

function exportIdentity(out: KumaExport, mesh: MeshRoot): void {
  if (keptResources(out.context.index.document, "kuma").some(({ manifest }) => manifest.kind === "MeshIdentity"))
    return;
  const spec = {
    selector: { dataplane: { matchLabels: {} } },
    spiffeID: { trustDomain: mesh.spec.trustDomain, path: "/ns/{{ .Namespace }}/sa/{{ .ServiceAccount }}" },
    provider: {
      type: "Bundled",
      bundled: { meshTrustCreation: "Enabled", insecureAllowSelfSigned: true, autogenerate: { enabled: true } },
    },
  };
  out.add("MeshIdentity", { name: "identity", namespace: SYSTEM_NAMESPACE }, spec);
}

/** Kuma gives up after 15 seconds and, in 2.x, tries five times again: what the design leaves open is said for the whole mesh. */
function exportDefaults(out: KumaExport, mesh: MeshRoot): void {
  const labels = { [GENERATED_LABEL]: "default" };
  const home = { name: "design-defaults", namespace: SYSTEM_NAMESPACE };
  const targetRef = { kind: "Mesh" };
  out.add(
    "MeshTimeout",
    home,
    { targetRef, to: [{ targetRef, default: { http: { requestTimeout: "0s" } } }] },
    { labels },
  );
  out.add("MeshRetry", home, { targetRef, to: [{ targetRef, default: DEFAULT_RETRY }] }, { labels });
  out.context.tell(
    mesh,
    ["spec", "defaults"],
    "moved",
    "no timeout and two retries of failed connections are the design's defaults; Kuma's are others, so MeshTimeout and MeshRetry design-defaults say them",
    { target: "MeshTimeout design-defaults" },
  );
  const own = mesh.spec.defaults.authorization;
  const path = ["spec", "defaults", "authorization"];
  if (mesh.spec.defaults.mutualTls === "disable" && own !== "allow") {
    out.context.lose(mesh, path, "lost", "Kuma enforces permissions with mutual TLS only: nobody is refused", {
      changesMeaning: true,
    });
  } else if (own === "deny") out.context.tell(mesh, path, "exact", "what no permission allows is refused");
  else
    out.context.tell(
      mesh,
      path,
      "moved",
      own === "drawn"
        ? "drawn callers are in MeshTrafficPermissions of their callees"
        : "everybody is allowed by a MeshTrafficPermission",
    );
}

export function exportMutualTls(out: KumaExport, mutualTls: MutualTls): void {
  const { context } = out;
  const { target, mode, ports } = mutualTls.spec;
  const { metadata } = mutualTls;
  const namespace = target?.namespace ?? (target?.service === undefined ? undefined : metadata.namespace);
  const isOfSystem = isSystem({ namespace: metadata.namespace });
  const home = namespace === undefined || isOfSystem ? SYSTEM_NAMESPACE : namespace;
  const place = namespace !== undefined && home !== namespace ? { [NAMESPACE_LABEL]: namespace } : {};
  const service =
    target?.service === undefined ? undefined : context.index.get(keyOf("Service", namespace, target.service));
  const pods = service?.kind === "Service" ? out.pods(service) : undefined;
  const labels = { ...(pods?.ref["labels"] as Record<string, string> | undefined), ...place };
  const targetRef = Object.keys(labels).length > 0 ? { kind: "Dataplane", labels } : { kind: "Mesh" };
  const spec = { targetRef, rules: [{ default: { mode: mode === "strict" ? "Strict" : "Permissive" } }] };
  out.add("MeshTLS", { name: metadata.name, namespace: home }, spec, { of: mutualTls });
  if (mode === "disable")
    context.lose(
      mutualTls,
      ["spec", "mode"],
      "approximate",
      "Kuma cannot turn mutual TLS off for some: it takes plain text and mutual TLS there",
      { changesMeaning: true },
    );
  if (ports && ports.length > 0)
    context.lose(
      mutualTls,
      ["spec", "ports"],
      "lost",
      "other modes for single ports are left out: write a MeshTLS with sectionName",
      { changesMeaning: true },
    );
  if (pods?.isAssumed)
    context.lose(
      mutualTls,
      ["spec", "target"],
      "approximate",
      `Kuma selects workloads by label: app=${target?.service} is assumed on them`,
    );
  if (context.index.mesh?.spec.defaults.mutualTls === "disable")
    context.lose(mutualTls, ["spec"], "lost", "the mesh has no certificates, and Kuma gives them to all or none", {
      changesMeaning: true,
    });
  context.fillExact([{ key: objectKey(mutualTls), path: "spec" }], "means the same in MeshTLS");
}
