// The objects of a design under the names by which the compiler asks for them, and what of it another design answers differently.
// The rule: an arrangement is never changed. The next one shares every list that is the same, so an edit costs what it touches.
import {
  differenceOf,
  isCallerOnly,
  keyOf,
  MESH_WIDE,
  type MeshDocument,
  type MeshObject,
  objectKey,
  type Route,
  refKey,
  serviceRefKey,
  targetKey,
  tcpTargetKey,
  workloadOwnerKey,
} from "@/lib/mesh";

export type TableName =
  | "root"
  | "services"
  | "workloads"
  | "workloadsOf"
  | "gateways"
  | "externals"
  | "subsets"
  | "routesOf"
  | "idleRoutesTo"
  | "tcpRoutesOf"
  | "trafficPoliciesOf"
  | "rateLimits"
  | "dependenciesFrom"
  | "dependenciesTo"
  | "egressesTo"
  | "mutualTls"
  | "mutualTlsOn"
  | "authenticationsOn"
  | "authorizationsOn";

/** The objects that a question finds, and the question's name: see `lookup`. */
type Answer = { readonly asked: string; readonly objects: readonly MeshObject[] };
type Table = ReadonlyMap<string, Answer>;

export type Arrangement = {
  objects: readonly MeshObject[];
  tables: ReadonlyMap<TableName, Table>;
};

type Place = readonly [table: TableName, key: string];

/** Every place where the compiler finds the object. */
function placesOf(object: MeshObject): Place[] {
  const key = objectKey(object);
  switch (object.kind) {
    case "Mesh":
      return [["root", ""]];
    case "Service":
      return [["services", key]];
    case "Workload": {
      if (isCallerOnly(object)) return [["workloads", key]];
      return [
        ["workloads", key],
        ["workloadsOf", workloadOwnerKey(object)],
      ];
    }
    case "Gateway":
      return [["gateways", key]];
    case "ExternalService":
      return [["externals", key]];
    case "Subset":
      return [["subsets", subsetKey(serviceRefKey(object.spec.service, object), object.spec.name)]];
    case "Route":
      return [["routesOf", refKey(object.spec.target, object)], ...idleTargets(object)];
    case "TcpRoute":
      return [["tcpRoutesOf", tcpTargetKey(object)]];
    case "TrafficPolicy":
      return [["trafficPoliciesOf", serviceRefKey(object.spec.service, object)]];
    case "RateLimit":
      return [["rateLimits", serviceRefKey(object.spec.service, object)]];
    case "Dependency":
      return [
        ["dependenciesFrom", refKey(object.spec.from, object)],
        ["dependenciesTo", refKey(object.spec.to, object)],
      ];
    case "Egress":
      return [["egressesTo", refKey(object.spec.to, object)]];
    case "MutualTls":
      return [
        ["mutualTls", ""],
        ["mutualTlsOn", targetKey(object.spec.target ?? {}, object)],
      ];
    case "RequestAuthentication":
      return [["authenticationsOn", targetKey(object.spec.target, object)]];
    case "AuthorizationPolicy":
      return [["authorizationsOn", targetKey(object.spec.target, object)]];
    default:
      return [];
  }
}

/** Services that a rule with an idle time of its own leads to, each once. */
function idleTargets(route: Route): Place[] {
  const services = route.spec.rules.flatMap(({ idleTimeoutMs, action }) =>
    idleTimeoutMs === undefined || action.type !== "forward"
      ? []
      : action.destinations.map(({ service }) => serviceRefKey(service, route)),
  );
  return [...new Set(services)].map((service) => ["idleRoutesTo", service]);
}

export function subsetKey(service: string, name: string): string {
  return `${service}|${name}`;
}

/** What a policy for this service may be addressed to: the service, its namespace, the mesh. */
export function scopesOf(service: { metadata: { namespace: string; name: string } }): string[] {
  const { namespace, name } = service.metadata;
  return [keyOf("Service", namespace, name), keyOf("Namespace", undefined, namespace), MESH_WIDE];
}

export function arrange(document: MeshDocument): Arrangement {
  const keyed = document.objects.map((object) => ({ key: objectKey(object), object }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const tables = new Map<TableName, Map<string, { asked: string; objects: MeshObject[] }>>();
  for (const { object } of keyed) {
    for (const [name, key] of placesOf(object)) {
      const table = tables.get(name) ?? new Map<string, { asked: string; objects: MeshObject[] }>();
      tables.set(name, table);
      const answer = table.get(key);
      if (answer) answer.objects.push(object);
      else table.set(key, { asked: lookup(name, key), objects: [object] });
    }
  }
  return { objects: document.objects, tables };
}

/** Beyond this share of other objects, arranging anew is cheaper. */
const MOST_CHANGED = 1 / 8;

/** The same as `arrange(document)`, made from an arrangement of a document that is much like it. */
export function rearrange(before: Arrangement, document: MeshDocument): Arrangement {
  const { objects } = document;
  const { come, gone } = between(before.objects, objects);
  if (come.length + gone.length > MOST_CHANGED * objects.length) return arrange(document);
  const tables = new Map<TableName, Table>(before.tables);
  const own = new Map<TableName, Map<string, Answer>>();
  const change = (name: TableName, key: string, to: (list: readonly MeshObject[]) => MeshObject[]) => {
    let table = own.get(name);
    if (!table) {
      table = new Map(before.tables.get(name));
      own.set(name, table);
      tables.set(name, table);
    }
    const { asked = lookup(name, key), objects = [] } = table.get(key) ?? {};
    const list = to(objects);
    if (list.length > 0) table.set(key, { asked, objects: list });
    else table.delete(key);
  };
  for (const object of gone)
    for (const [name, key] of placesOf(object)) change(name, key, (list) => list.filter((each) => each !== object));
  for (const object of come)
    for (const [name, key] of placesOf(object)) change(name, key, (list) => inPlace(list, object));
  return { objects, tables };
}

function inPlace(list: readonly MeshObject[], object: MeshObject): MeshObject[] {
  const key = objectKey(object);
  const after = list.findIndex((each) => objectKey(each) > key);
  return after < 0 ? [...list, object] : [...list.slice(0, after), object, ...list.slice(after)];
}

function between(before: readonly MeshObject[], now: readonly MeshObject[]) {
  const { was, is } = differenceOf(before, now);
  const [old, next] = [new Set(was), new Set(is)];
  return { come: is.filter((object) => !old.has(object)), gone: was.filter((object) => !next.has(object)) };
}

/** The name of one question: what is asked, and of what. */
export const lookup = (asked: string, key: string): string => `${asked} ${key}`;

/** The questions that the two answer differently. */
export function touchedBetween(before: Arrangement, now: Arrangement): string[] {
  if (before === now) return [];
  const { come, gone } = between(before.objects, now.objects);
  return [...come, ...gone].flatMap((object) => placesOf(object).map(([name, key]) => lookup(name, key)));
}
