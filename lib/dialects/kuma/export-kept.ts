// What import kept whole of Kuma's resources, written back: as it is for its own version, in the other's words where that can be done.
// The rule: two resources of one name are one, since Kuma merges their lists; what 3.x refuses is left out and told.
import type { Manifest } from "../shared/dialect";
import { isRecord } from "../shared/fields";
import { keptResources } from "../shared/verbatim";
import { API, DISPLAY_NAME, MESH_LABEL, NAMESPACE_LABEL } from "./documents";
import type { KumaExport } from "./export-refs";

/** Kinds and lists that 3.x has removed. */
const REMOVED_KINDS = new Set(["MeshGateway", "MeshGatewayInstance"]);
const REMOVED_REFS = new Set(["MeshSubset", "MeshServiceSubset", "MeshGateway"]);

export function bringBack(out: KumaExport): void {
  const { context } = out;
  const before = context.resources.length;
  context.bringBackKept();
  const added = context.resources.splice(before);
  const holders = new Map(
    keptResources(context.index.document, "kuma").map(({ holder, path, manifest }) => [manifest, { holder, path }]),
  );
  for (const manifest of added) {
    const upgraded = out.isThree ? upgradedTo3(manifest) : { manifest };
    if ("reason" in upgraded) {
      const place = holders.get(manifest);
      const what = `${manifest.kind} ${manifest.metadata.name}`;
      if (place)
        context.lose(
          place.holder,
          ["metadata", "origin", "kept", place.path],
          "lost",
          `${what} ${upgraded.reason}: write it anew for Kuma 3.x`,
          { changesMeaning: true },
        );
    } else join(context.resources, labelled(upgraded.manifest, out.mesh));
  }
}

function labelled(manifest: Manifest, mesh: string): Manifest {
  if (manifest.apiVersion !== API || manifest.metadata.namespace === undefined) return manifest;
  const labels = { ...manifest.metadata.labels, [MESH_LABEL]: mesh };
  return { ...manifest, metadata: { ...manifest.metadata, labels } };
}

function join(resources: Manifest[], manifest: Manifest): void {
  const at = resources.findIndex(
    ({ kind, metadata }) =>
      kind === manifest.kind &&
      metadata.name === manifest.metadata.name &&
      metadata.namespace === manifest.metadata.namespace,
  );
  const there = resources[at];
  if (!there) {
    resources.push(manifest);
    return;
  }
  const lists = Object.entries(manifest.spec).filter(([, value]) => Array.isArray(value)) as [string, unknown[]][];
  const spec = { ...there.spec };
  for (const [name, list] of lists) spec[name] = [...((spec[name] as unknown[] | undefined) ?? []), ...list];
  resources[at] = { ...there, spec };
}

function upgradedTo3(manifest: Manifest): { manifest: Manifest } | { reason: string } {
  if (REMOVED_KINDS.has(manifest.kind)) return { reason: "is of a kind that 3.x has removed" };
  if (manifest.spec["from"] !== undefined) return { reason: "says from, which 3.x has removed" };
  const problems: string[] = [];
  const spec = upgradedValue(manifest.spec, manifest.metadata.namespace, problems);
  const [first] = problems;
  return first === undefined ? { manifest: { ...manifest, spec: spec as Manifest["spec"] } } : { reason: first };
}

const REFERENCES = new Set(["targetRef", "backendRef"]);

/** References by name -> by labels, wherever they stand. */
export function upgradedValue(value: unknown, namespace: string | undefined, problems: string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => upgradedValue(each, namespace, problems));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (REFERENCES.has(key) && isRecord(each)) return [key, upgradedRef(each, namespace, problems)];
      if (key === "backendRefs" && Array.isArray(each))
        return [key, each.map((one) => (isRecord(one) ? upgradedRef(one, namespace, problems) : one))];
      return [key, upgradedValue(each, namespace, problems)];
    }),
  );
}

function upgradedRef(
  ref: Record<string, unknown>,
  home: string | undefined,
  problems: string[],
): Record<string, unknown> {
  const { name, namespace, mesh: _mesh, proxyTypes, tags, ...rest } = ref;
  if (REMOVED_REFS.has(String(ref["kind"]))) problems.push(`names a ${String(ref["kind"])}, which 3.x has removed`);
  if (tags !== undefined || proxyTypes !== undefined)
    problems.push("selects by tags or proxy types, which 3.x has removed");
  if (typeof name !== "string") return rest;
  const place = typeof namespace === "string" ? namespace : home;
  const labels = {
    ...(isRecord(rest["labels"]) ? rest["labels"] : {}),
    [DISPLAY_NAME]: name,
    ...(place === undefined ? {} : { [NAMESPACE_LABEL]: place }),
  };
  return { ...rest, labels };
}
