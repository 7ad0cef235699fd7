// Cilium as a dialect: network policies in and out. Its routes are Gateway API's, which is always read along.
// The rule: policies are a union, so all of them are read before any is judged.
import { CATALOGUE } from "../catalogue";
import type { ImportContext, Resource } from "../shared/context";
import type { Dialect, Foreign, Importer, Reading, ReadingOptions } from "../shared/dialect";
import { isRecord } from "../shared/fields";
import { GENERATED_LABEL } from "../shared/generated";
import { keptWords } from "../shared/kept-kinds";
import { settleOpenDefaults } from "../shared/open-defaults";
import { keepBeside } from "../shared/verbatim";
import { worldOf } from "./callers";
import { exportCilium } from "./export";
import { FIELDS } from "./field-verdicts";
import { KEPT_KINDS } from "./kept-kinds";
import { putAccess } from "./put-access";
import { putCalls } from "./put-calls";
import { readPolicy } from "./read-policy";
import { Rest } from "./rest";
import { API_VERSION, CLUSTER_POLICY, GROUP, POLICY, type PolicyPart, REST_OF } from "./state";

/** After Kubernetes, Istio and Gateway API. */
const RANK = 410;

function reading(_options: ReadingOptions = {}): Reading {
  const parts: PolicyPart[] = [];
  const rests: Resource[] = [];
  const read = readPolicy(parts);
  const run: Importer["run"] = (context, resource, spec, sink) => {
    if (resource.annotations?.[REST_OF] === undefined) return read(context, resource, spec, sink);
    rests.push(resource);
    const result = { source: `${resource.kind} ${resource.name}`, line: resource.line, objects: [], sentences: [] };
    const what = keptWords(keepBeside(context, { resource, result }));
    const message = `holds what of ${resource.annotations[REST_OF]} has no place in a design: ${what}, without effect here`;
    context.warn(resource, ["spec"], message, "Say by hand what it means, or keep Cilium.", {
      verdict: "lost",
      changesMeaning: true,
    });
    return result;
  };
  const importers: Importer[] = [
    { group: GROUP, kind: POLICY, versions: ["v2"], rank: RANK, run },
    { group: GROUP, kind: CLUSTER_POLICY, versions: ["v2"], rank: RANK, isClusterWide: true, run },
    ...KEPT_KINDS.map((each): Importer => ({ group: GROUP, rank: RANK, ...each })),
  ];
  return { importers, finish: (context) => finish(context, parts, rests) };
}

function finish(context: ImportContext, parts: readonly PolicyPart[], rests: readonly Resource[]): void {
  const first = parts[0]?.resource ?? rests[0];
  if (!first) return;
  settleOpenDefaults(context, first, "Cilium lets in what no policy selects");
  const own = new Map(parts.map((part) => [part, new Rest(part)]));
  const restOf = (part: PolicyPart) => own.get(part) ?? new Rest(part);
  for (const part of parts) if (part.rules.length === 0) restOf(part).whole();
  const world = worldOf(context);
  putCalls(world, parts, restOf, putAccess(world, parts, restOf));
  for (const rest of own.values()) rest.finish(context);
}

/** A policy of several specs has them beside its spec, where the reader of resources does not look. */
function unwrap(value: unknown): Foreign | undefined {
  if (!isRecord(value) || value["apiVersion"] !== API_VERSION) return undefined;
  const { kind, metadata, spec, specs } = value;
  if ((kind !== POLICY && kind !== CLUSTER_POLICY) || specs === undefined || specs === null) return undefined;
  const { name, namespace, labels } = isRecord(metadata) ? metadata : {};
  // what has no name is told as every resource without one; what an export made is passed over
  if (typeof name !== "string" || name === "") return undefined;
  if (isRecord(labels) && labels[GENERATED_LABEL] !== undefined) return undefined;
  return {
    apiVersion: API_VERSION,
    kind,
    name,
    ...(typeof namespace === "string" && namespace !== "" ? { namespace } : {}),
    ...(isRecord(labels) ? { labels } : {}),
    path: [],
    spec: { ...(isRecord(spec) ? spec : {}), specs },
  };
}

const known = reading().importers;

export const cilium: Dialect = {
  ...CATALOGUE.cilium,
  alsoReads: ["gateway-api"],
  recognises: (apiVersion, kind) => known.some((each) => each.kind === kind && apiVersion.startsWith(`${each.group}/`)),
  unwrap,
  reading,
  exportDocument: exportCilium,
  fields: FIELDS,
};
