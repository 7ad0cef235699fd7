// Which rules send calls to a service, and the fault that all of them have: what Kuma can say at the callee.
import {
  type Fault,
  isSameJson,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  type Route,
  refKey,
  serviceRefKey,
} from "@/lib/mesh";
import { speaksHttp } from "./ports";

/** A rule that sends calls to a service. `isAlone`: to nothing else, and no copies of others' calls. */
export type Sender = { route: ObjectKey; rule: number; isAlone: boolean };

export function sendersOf(routes: readonly Route[]): Map<ObjectKey, Sender[]> {
  const senders = new Map<ObjectKey, Sender[]>();
  for (const route of routes) {
    route.spec.rules.forEach(({ action, mirrors = [] }, rule) => {
      if (action.type !== "forward") return;
      const copied = new Set(mirrors.map(({ service }) => serviceRefKey(service, route)));
      const called = new Set(action.destinations.map(({ service }) => serviceRefKey(service, route)));
      for (const key of new Set([...called, ...copied])) {
        const sender = { route: objectKey(route), rule, isAlone: called.size === 1 && !copied.has(key) };
        const there = senders.get(key);
        if (there) there.push(sender);
        else senders.set(key, [sender]);
      }
    });
  }
  return senders;
}

export const routeOf = (routes: readonly Route[], service: ObjectKey) =>
  routes.find((route) => refKey(route.spec.target, route) === service);

/** The fault that every rule of a design has which sends calls to a service, where one policy at the callee can say it. */
export function commonFaults(index: MeshIndex): ReadonlyMap<ObjectKey, Fault> {
  const faults = new Map<ObjectKey, Fault>();
  const routes = index.all("Route");
  if (!routes.some(({ spec }) => spec.rules.some(({ fault }) => fault))) return faults;
  for (const [key, senders] of sendersOf(routes)) {
    const service = index.get(key);
    const [fault, ...others] = senders.map(({ route, rule, isAlone }) => {
      const object = index.get(route);
      return isAlone && object?.kind === "Route" ? object.spec.rules[rule]?.fault : undefined;
    });
    const isCommon = others.every((each) => each !== undefined && isSameJson(each, fault));
    const isSaid = fault !== undefined && fault.abort?.grpcStatus === undefined;
    const isPlace = service?.kind === "Service" && speaksHttp(service) && routeOf(routes, key) !== undefined;
    if (isSaid && isCommon && isPlace) faults.set(key, fault);
  }
  return faults;
}
