// What surrounds the design (instances, endpoints, addresses), arranged the way the compiler asks for it.
// The rule: as with the facts of the design, what a compile asked for is noted, so that it is known whose configuration a change concerns.
import { isSameJson } from "@/lib/mesh";
import { lookup } from "./arrangement";
import type { Note } from "./facts";
import type { CompileInput, ExternalBinding, GatewayBinding, InstanceBinding, InstanceEndpoint } from "./types";

export type Places = {
  endpoint(proxyId: string): InstanceEndpoint | undefined;
  /** All of them, in the order of the binding. */
  instances(): readonly InstanceBinding[];
  instance(id: string): InstanceBinding | undefined;
  external(namespace: string, name: string): ExternalBinding | undefined;
  gateway(namespace: string, name: string): GatewayBinding | undefined;
  /** Of a workload, `<namespace>/<name>`. */
  endpointsOf(workload: string): readonly InstanceEndpoint[];
};

type Lists<T> = ReadonlyMap<string, readonly T[]>;

function listsBy<T>(values: readonly T[], keyOf: (value: T) => string): Lists<T> {
  const lists = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const list = lists.get(key);
    if (list) list.push(value);
    else lists.set(key, [value]);
  }
  return lists;
}

/** Lists are made anew when one entry changes, so what was arranged for one stays right for it. */
function perList<T extends object, A>(arrange: (list: T) => A): (list: T) => A {
  const known = new WeakMap<T, A>();
  return (list) => {
    const found = known.get(list) ?? arrange(list);
    known.set(list, found);
    return found;
  };
}

const named = ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`;

/** Each list of the surroundings by the names under which it is asked for. */
const endpointsById = perList((all: CompileInput["endpoints"]) => listsBy(all, ({ proxyId }) => proxyId));
const endpointsByWorkload = perList((all: CompileInput["endpoints"]) =>
  listsBy(all, ({ namespace, workload }) => `${namespace}/${workload}`),
);
const instancesById = perList((all: readonly InstanceBinding[]) => listsBy(all, ({ id }) => id));
const externalsByName = perList((all: readonly ExternalBinding[]) => listsBy(all, named));
const gatewaysByName = perList((all: readonly GatewayBinding[]) => listsBy(all, named));

export function placesOf({ endpoints, binding }: CompileInput, note: Note): Places {
  const ask = <T>(asked: string, lists: Lists<T>, key: string): readonly T[] => {
    note(lookup(asked, key));
    return lists.get(key) ?? [];
  };
  return {
    endpoint: (id) => ask("endpoint", endpointsById(endpoints), id)[0],
    instance: (id) => ask("instance", instancesById(binding.instances), id)[0],
    external: (namespace, name) => ask("external", externalsByName(binding.externals), `${namespace}/${name}`)[0],
    gateway: (namespace, name) => ask("gateway", gatewaysByName(binding.gateways), `${namespace}/${name}`)[0],
    endpointsOf: (workload) => ask("endpointsOf", endpointsByWorkload(endpoints), workload),
    instances() {
      note(lookup("instances", ""));
      return binding.instances;
    },
  };
}

/** The questions that two surroundings answer differently. */
export function touchedPlaces(before: CompileInput, now: CompileInput): string[] {
  const touched: string[] = [];
  const compare = <T>(asked: string, by: (list: T[]) => Lists<T>, a: T[], b: T[]) => {
    if (a === b) return;
    const [left, right] = [by(a), by(b)];
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      if (!isSameList(left.get(key) ?? [], right.get(key) ?? [])) touched.push(lookup(asked, key));
    }
  };
  compare("endpoint", endpointsById, before.endpoints, now.endpoints);
  compare("endpointsOf", endpointsByWorkload, before.endpoints, now.endpoints);
  const [was, is] = [before.binding, now.binding];
  if (was !== is) {
    compare("instance", instancesById, was.instances, is.instances);
    if (!isSameList(was.instances, is.instances)) touched.push(lookup("instances", ""));
    compare("external", externalsByName, was.externals, is.externals);
    compare("gateway", gatewaysByName, was.gateways, is.gateways);
  }
  return touched;
}

const isSameList = (a: readonly unknown[], b: readonly unknown[]) =>
  a.length === b.length && a.every((each, index) => each === b[index] || isSameJson(each, b[index]));

/** The list with the values of the one before, where they are equal: comparing the two again costs nothing. The list itself, if all are. */
export function settledEndpoints(before: InstanceEndpoint[], now: InstanceEndpoint[]): InstanceEndpoint[] {
  const known = endpointsById(before);
  const settled = now.map((each) => {
    const same = known.get(each.proxyId)?.[0];
    return same && isSameEndpoint(same, each) ? same : each;
  });
  const isSame = settled.length === before.length && settled.every((each, index) => each === before[index]);
  return isSame ? before : settled;
}

function isSameEndpoint(a: InstanceEndpoint, b: InstanceEndpoint): boolean {
  const isPlaced = a.host === b.host && a.namespace === b.namespace && a.workload === b.workload;
  const isListening = a.inboundPort === b.inboundPort && a.outboundPort === b.outboundPort;
  const isLocal = a.adminPort === b.adminPort && a.appPort === b.appPort;
  return isPlaced && isListening && isLocal && a.ready === b.ready && a.draining === b.draining;
}
