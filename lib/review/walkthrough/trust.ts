// Where trust ends: the boundaries that are drawn, the calls that cross one, and what protects each before and after.
// The rule: without a drawn boundary a namespace is one, and the outside (gateways, external services) always is another.
import { buildIndex, type MeshDocument, type MeshIndex, type ObjectKey, objectKey, parseKey, refKey } from "@/lib/mesh";
import type { MtlsOutcome } from "@/lib/simulate";
import type { AccessComparison } from "./access";

export interface Boundary {
  key: ObjectKey;
  name: string;
  description: string;
  services: ObjectKey[];
}
export interface Crossing {
  caller: ObjectKey;
  callee: ObjectKey;
  /** In words: `payments`, `outside the mesh`. */
  from: string;
  to: string;
  before: MtlsOutcome | null;
  after: MtlsOutcome | null;
  /** True when the call ends outside the mesh, where no sidecar answers. */
  leaves: boolean;
}
export interface TrustView {
  boundaries: Boundary[];
  isDrawn: boolean;
  crossings: Crossing[];
  inside: { total: number; mutual: number };
  /** Calls whose protection changes, crossing or not. */
  changed: Crossing[];
}

export const OUTSIDE = "outside the mesh";

export function trustView(document: MeshDocument, access: AccessComparison): TrustView {
  const index = buildIndex(document);
  const boundaries = drawnBoundaries(index);
  const homes = new Map(boundaries.flatMap(({ name, services }) => services.map((key) => [key, name] as const)));
  const isDrawn = boundaries.length > 0;
  const drawn = new Set(
    index.all("Dependency").map((each) => `${refKey(each.spec.from, each)} ${refKey(each.spec.to, each)}`),
  );
  const homeOf = (key: ObjectKey) => {
    const at = parseKey(key);
    if (at?.kind !== "Service") return OUTSIDE;
    return homes.get(key) ?? (isDrawn ? "no boundary" : `namespace ${at.namespace ?? ""}`);
  };
  const calls = access.cells
    .filter(({ caller, callee, after, before }) => (after ?? before) !== "denied" && drawn.has(`${caller} ${callee}`))
    .map(({ caller, callee, mtlsBefore, mtlsAfter }): Crossing => {
      const leaves = callee.startsWith("ExternalService/");
      return { caller, callee, from: homeOf(caller), to: homeOf(callee), before: mtlsBefore, after: mtlsAfter, leaves };
    });
  const inside = calls.filter(({ leaves }) => !leaves);
  return {
    boundaries,
    isDrawn,
    crossings: calls.filter(({ from, to }) => from !== to),
    inside: { total: inside.length, mutual: inside.filter(({ after }) => after === "mutual").length },
    changed: calls.filter(({ before, after }) => before !== null && after !== null && before !== after),
  };
}

function drawnBoundaries(index: MeshIndex): Boundary[] {
  const members = new Map<ObjectKey, ObjectKey[]>();
  for (const service of index.all("Service").map(objectKey)) {
    for (const boundary of index.boundariesOf(service).map(objectKey)) {
      members.set(boundary, [...(members.get(boundary) ?? []), service]);
    }
  }
  return index.all("TrustBoundary").map((boundary) => ({
    key: objectKey(boundary),
    name: boundary.metadata.name,
    description: boundary.spec.description ?? "",
    services: (members.get(objectKey(boundary)) ?? []).sort(),
  }));
}
