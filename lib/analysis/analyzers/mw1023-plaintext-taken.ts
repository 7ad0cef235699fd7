// MW1023: dependencies on which a call without TLS would be taken. One finding for each place that says so.
import {
  type Dependency,
  type MeshIndex,
  type MeshObject,
  objectKey,
  parsePath,
  type Service,
  serviceRefKey,
} from "@/lib/mesh";
import type { FindingBody, Fix, KindsAnalyzer } from "../finding";
import { isSensitive, protectionIn } from "../protection";

type Place = {
  object: MeshObject;
  path: string;
  mode: "permissive" | "disable";
  services: Service[];
  dependencies: Dependency[];
};

export const mw1023PlaintextTaken: KindsAnalyzer = {
  code: "MW1023",
  title: "Plain text is taken",
  area: "encryption",
  scope: "object",
  kinds: ["Mesh", "MutualTls", "Service"],
  looksWide: true,
  run(index, object) {
    const places = new Map<string, Place>();
    for (const service of servicesUnder(index, object)) {
      if (service.spec.optOut) continue;
      const dependencies = index.dependenciesTo(objectKey(service));
      for (const port of service.spec.ports) {
        const on = dependencies.filter((each) => each.spec.port === undefined || each.spec.port === port.port);
        if (on.length > 0) collect(places, index, { object, service, port: port.port, dependencies: on });
      }
    }
    return [...places.values()].map(findingFor);
  },
};

/** Services whose mode this object may decide; none when it does not weaken anything. */
function servicesUnder(index: MeshIndex, object: MeshObject): readonly Service[] {
  switch (object.kind) {
    case "Mesh":
      return object.spec.defaults.mutualTls === "strict" ? [] : index.all("Service");
    case "Service":
      return object.spec.mode === "observe" || object.spec.mode === "permissive" ? [object] : [];
    case "MutualTls": {
      const { mode, ports, target } = object.spec;
      if (mode === "strict" && !ports?.some((each) => each.mode !== "strict")) return [];
      if (!target?.service) return index.all("Service");
      const service = index.find(
        "Service",
        serviceRefKey({ namespace: target.namespace, name: target.service }, object),
      );
      return service ? [service] : [];
    }
    default:
      return [];
  }
}

type Asked = { object: MeshObject; service: Service; port: number; dependencies: readonly Dependency[] };

function collect(places: Map<string, Place>, index: MeshIndex, { object, service, port, dependencies }: Asked) {
  const { tls, tlsFrom } = protectionIn(index, service, port);
  if (tls === "strict" || !tlsFrom || objectKey(tlsFrom.object) !== objectKey(object)) return;
  const known = places.get(tlsFrom.path) ?? { ...tlsFrom, mode: tls, services: [], dependencies: [] };
  if (!known.services.includes(service)) known.services.push(service);
  for (const each of dependencies) if (!known.dependencies.includes(each)) known.dependencies.push(each);
  places.set(tlsFrom.path, known);
}

function findingFor({ object, path, mode, services, dependencies }: Place): FindingBody {
  const key = objectKey(object);
  const isStep = object.kind === "Service";
  const ends = dependencies.slice(0, 3).map((each) => `${each.spec.from.name} -> ${each.spec.to.name}`);
  const more = dependencies.length > 3 ? ` and ${dependencies.length - 3} more` : "";
  const fix: Fix = {
    title: isStep ? "Go one step on: strict" : "Require mutual TLS here",
    command: { type: "patchSpec", key, path: parsePath(path).slice(1), value: "strict" },
  };
  return {
    code: "MW1023",
    severity: mode === "disable" && services.some(isSensitive) ? "error" : isStep ? "info" : "warning",
    message:
      mode === "disable"
        ? `Calls are not encrypted: ${ends.join(", ")}${more}.`
        : `Calls without TLS are taken: ${ends.join(", ")}${more}.`,
    cause: isStep
      ? `${object.metadata.name} is at the step ${object.spec.mode} of its adoption, so callers without a sidecar still reach it.`
      : `${object.kind} ${object.metadata.name} says ${mode}. Who is on the network can read and change such a call, and its caller has no identity.`,
    refs: [
      key,
      ...services
        .slice(0, 8)
        .map(objectKey)
        .filter((each) => each !== key),
    ],
    path,
    fixes: [fix],
  };
}
