// Mesh, MeshIdentity and MeshTLS -> the mesh's defaults, its trust domain and MutualTls.
// The rule: with mutual TLS Kuma refuses what no policy allows, without it nobody is refused; the design says the same.
import { keyOf, type MutualTlsMode, valueAt } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { type Fields, isRecord, type Sink } from "../shared/fields";
import { keepBeside } from "../shared/verbatim";
import { isSystem } from "./documents";
import { leaveOut } from "./merge";
import type { KumaState } from "./state";
import { readRef, selectionOf } from "./target-ref";

export function importMesh(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const mesh = context.all("Mesh")[0];
    if (!mesh || (state.mesh !== undefined && state.mesh !== resource.name)) {
      leaveOut(context, { resource, result }, `a design is one mesh, and it is ${state.mesh}`);
      return result;
    }
    state.mesh = resource.name;
    const mtls = spec.object("mtls");
    const enabled = mtls?.text("enabledBackend");
    const backends = mtls?.peek("backends");
    const backend = (Array.isArray(backends) ? backends : []).find(
      (each: unknown) => isRecord(each) && each["name"] === enabled,
    ) as unknown;
    if (enabled !== undefined && !backend)
      mtls?.problem("enabledBackend", `names no backend: ${enabled}`, "Name one of the backends.");
    const isStrict = valueAt(backend, ["mode"]) !== "PERMISSIVE";
    const isGiven = enabled !== undefined && backend !== undefined;
    if (mtls) {
      const written = mtls.everything();
      for (const name of mtls.names()) mtls.take(name);
      // the certificates' source is the product's own; which mode they are used in is the design's
      sink.kept.push({
        path: ["spec", "mtls"],
        value: enabled === undefined ? written : { ...written, enabledBackend: enabled },
      });
    }
    spec.keepRest();
    const isIdentified = context.resources.some(
      ({ kind, apiVersion }) => kind === "MeshIdentity" && apiVersion.startsWith("kuma.io/"),
    );
    const defaults = {
      mutualTls: (isGiven
        ? isStrict
          ? "strict"
          : "permissive"
        : isIdentified
          ? "strict"
          : "disable") as MutualTlsMode,
      authorization: isGiven || isIdentified ? ("deny" as const) : ("allow" as const),
    };
    result.objects.push(context.put("Mesh", mesh.metadata.name, { ...mesh.spec, defaults }, { resource, sink }, mesh));
    result.sentences.push(
      isGiven || isIdentified
        ? `mutual TLS is ${defaults.mutualTls}, and what no policy allows is refused.`
        : "without mutual TLS Kuma refuses nobody.",
    );
    return result;
  };
}

export function importIdentity(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields): Understood => {
    const result = understood(resource);
    const said = valueAt(spec.peek("spiffeID"), ["trustDomain"]);
    if (typeof said === "string" && !said.includes("{{")) state.trustDomain ??= said;
    keepBeside(context, { resource, result });
    result.sentences.push("gives the workloads their identities; it is kept word for word and written back on export.");
    return result;
  };
}

/** SPIFFE IDs of policies mean something only in the trust domain that they are of. */
export function putTrustDomain(context: ImportContext, state: KumaState): void {
  const said = state.permissions.flatMap(({ lists }) =>
    [...lists.allow, ...lists.shadow, ...lists.deny].flatMap(
      ({ value }) => /^spiffe:\/\/([^/]+)\//.exec(value)?.[1] ?? [],
    ),
  );
  const all = new Set(state.trustDomain === undefined ? said : [state.trustDomain]);
  const [only, ...more] = all;
  const mesh = context.all("Mesh")[0];
  const first = state.permissions[0]?.resource;
  if (only === undefined || !mesh || mesh.spec.trustDomain === only) return;
  if (more.length > 0) {
    if (first)
      context.warn(
        first,
        ["spec", "rules"],
        `the policies name several trust domains: ${[...all].join(", ")}`,
        "Set the mesh's trust domain by hand.",
        { changesMeaning: true },
      );
    return;
  }
  context.objects.set(keyOf("Mesh", undefined, mesh.metadata.name), {
    ...mesh,
    spec: { ...mesh.spec, trustDomain: only },
  });
}

const MODES: Record<string, MutualTlsMode> = { Strict: "strict", Permissive: "permissive" };

export function importTls(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const top = readRef(spec.object("targetRef"));
    const entries = [...spec.list("from"), ...spec.list("rules")];
    const modes = entries.flatMap((fields) => {
      fields.take("targetRef");
      const body = fields.object("default");
      const mode = body?.text("mode");
      if (mode !== undefined && !MODES[mode]) body?.problem("mode", `is unknown: ${mode}`, "Use Strict or Permissive.");
      body?.keepRest();
      fields.keepRest();
      return MODES[mode ?? ""] ?? [];
    });
    spec.keepRest();
    const selection = selectionOf(context, state, resource, top);
    const mode = modes.at(-1);
    if (selection.type === "unknown" || top?.sectionName !== undefined || mode === undefined) {
      const why =
        selection.type === "unknown"
          ? selection.why
          : mode === undefined
            ? "it says no mode"
            : `it is for port ${top?.sectionName} only`;
      leaveOut(context, { resource, result }, why);
      return result;
    }
    const namespace = resource.namespace;
    const targets =
      selection.type === "services"
        ? selection.services.map(({ metadata }) => ({
            ...(metadata.namespace === namespace ? {} : { namespace: metadata.namespace }),
            service: metadata.name,
          }))
        : [
            selection.type === "namespace"
              ? { namespace: selection.namespace }
              : isSystem(resource)
                ? undefined
                : { namespace },
          ];
    context.assumeNamespace(namespace);
    targets.forEach((target, i) => {
      const name = targets.length > 1 ? `${resource.name}-${i}` : resource.name;
      const existing = context.get(keyOf("MutualTls", namespace, name));
      const object = { ...(target ? { target } : {}), mode };
      result.objects.push(
        context.put(
          "MutualTls",
          name,
          object,
          { resource, sink: i === 0 ? sink : { kept: [], problems: [] } },
          existing?.kind === "MutualTls" ? existing : undefined,
        ),
      );
    });
    result.sentences.push(`mutual TLS is ${mode}.`);
    return result;
  };
}
