// MW1016: two objects for one thing. Products pick one by age or by name; a design has to say which.
import {
  claimsOf,
  type MeshIndex,
  type MeshObject,
  mayClaimTheSame,
  objectKey,
  refKey,
  serviceRefKey,
  tcpTargetKey,
} from "@/lib/mesh";
import { endsOf } from "../calls";
import type { FindingBody, KindsAnalyzer } from "../finding";

export const mw1016TwoForOne: KindsAnalyzer = {
  code: "MW1016",
  title: "Two objects for one thing",
  area: "broken",
  scope: "object",
  kinds: ["Mesh", "Dependency", "Subset", "Route", "TcpRoute", "TrafficPolicy", "RateLimit", "MutualTls"],
  run(index, object) {
    const rivals = rivalsOf(index, object).filter((other) => other !== object && mayClaimTheSame(object, other));
    if (rivals.length === 0) return [];
    const key = objectKey(object);
    const claims = claimsOf(object).slice(1);
    // of two the later by name says it
    for (const other of rivals) {
      if (objectKey(other) >= key) continue;
      const theirs = new Set(
        claimsOf(other)
          .slice(1)
          .map((claim) => claim.id),
      );
      const shared = object.kind === "Mesh" ? { what: "the whole mesh" } : claims.find((claim) => theirs.has(claim.id));
      if (shared) return [findingFor(object, key, other, shared.what)];
    }
    return [];
  },
};

function findingFor(object: MeshObject, key: string, other: MeshObject, what: string): FindingBody {
  const remove = `Remove ${object.kind} ${object.metadata.name}`;
  return {
    code: "MW1016",
    severity: "error",
    message: `${object.kind} ${object.metadata.name} is for ${what}, as ${other.metadata.name} is.`,
    cause: "Merge the two into one object, or change what one is for. Until then no revision can be made of the draft.",
    refs: [key, objectKey(other)],
    ...(object.kind === "Mesh" ? {} : { fixes: [{ title: remove, command: { type: "removeObject", key } }] }),
  };
}

/** Objects that could be for the same thing. */
function rivalsOf(index: MeshIndex, object: MeshObject): readonly MeshObject[] {
  switch (object.kind) {
    case "Mesh":
      return index.all("Mesh");
    case "Dependency":
      return index.dependenciesFrom(endsOf(object).from);
    case "Subset":
      return index.subsetsOf(serviceRefKey(object.spec.service, object));
    case "Route":
      return index.routesOf(refKey(object.spec.target, object));
    case "TcpRoute":
      return index.tcpRoutesOf(tcpTargetKey(object));
    case "TrafficPolicy":
      return index.trafficPoliciesOf(serviceRefKey(object.spec.service, object));
    case "RateLimit":
      return index.rateLimitsOf(serviceRefKey(object.spec.service, object));
    case "MutualTls": {
      const { target } = object.spec;
      const service = target?.service ?? "";
      return index.mutualTlsOn(serviceRefKey({ namespace: target?.namespace, name: service }, object));
    }
    default:
      return [];
  }
}
