// Two objects that would both be the one for the same thing. Products pick one by age or name; a design may not.
import { keyOf, objectKey, refKey, serviceRefKey, tcpTargetKey } from "../refs";
import type { MeshDocument, MeshObject, TcpMatch, TcpRoute, Violation } from "../types";
import { located } from "./complaint";

export function violationsOfTwins(document: MeshDocument): Violation[] {
  const first = new Map<string, string>();
  const violations: Violation[] = [];
  for (const object of document.objects) {
    const key = objectKey(object);
    for (const claim of claimsOf(object)) {
      const other = first.get(claim.id);
      if (other === undefined) first.set(claim.id, key);
      else if (other === key && claim.what === "the same object") {
        violations.push(located(key, { path: [], message: "is in the document twice", fix: "Remove one of the two." }));
      } else {
        const message = `is for ${claim.what} as ${other} is`;
        violations.push(
          located(key, { path: [], message, fix: "Merge the two into one object, or change what one is for." }),
        );
      }
    }
  }
  return violations;
}

/** What an object is the one for; no two may claim the same. The first claim is its own key. */
export function claimsOf(object: MeshObject): { id: string; what: string }[] {
  const claims = [{ id: objectKey(object), what: "the same object" }];
  if (object.metadata.uid !== undefined)
    claims.push({ id: `uid ${object.metadata.uid}`, what: "the same identity (uid)" });
  switch (object.kind) {
    case "Dependency": {
      const ends = `${refKey(object.spec.from, object)} ${refKey(object.spec.to, object)}`;
      claims.push({ id: `dependency ${ends} ${object.spec.port ?? "any"}`, what: "the same caller, callee and port" });
      break;
    }
    case "Subset": {
      const service = serviceRefKey(object.spec.service, object);
      claims.push({ id: `subset ${service} ${object.spec.name}`, what: "the same subset of the same service" });
      break;
    }
    case "Route": {
      const target = refKey(object.spec.target, object);
      for (const host of new Set(object.spec.hosts ?? ["*"])) {
        claims.push({ id: `route ${target} ${host}`, what: "the same target and host" });
      }
      break;
    }
    case "TcpRoute":
      for (const claimed of connectionsOf(object)) {
        const what = object.spec.gateway ? "the same gateway, port and server name" : "the same service";
        claims.push({ id: `tcp route ${tcpTargetKey(object)}${claimed}`, what });
      }
      break;
    case "TrafficPolicy": {
      const service = serviceRefKey(object.spec.service, object);
      claims.push({ id: `traffic ${service} ${object.spec.subset ?? ""}`, what: "the same service or subset" });
      break;
    }
    case "RateLimit":
      claims.push({ id: `limit ${serviceRefKey(object.spec.service, object)}`, what: "the same service" });
      break;
    case "MutualTls": {
      const { target } = object.spec;
      const id = !target || (!target.namespace && !target.service) ? "mesh" : targetId(object, target);
      claims.push({ id: `mtls ${id}`, what: "the same target" });
      break;
    }
    default:
      break;
  }
  return claims;
}

/** Whether it is worth comparing what the two claim: never no where they share a claim. */
export function mayClaimTheSame(a: MeshObject, b: MeshObject): boolean {
  if (a.kind !== "Dependency" || b.kind !== "Dependency") return true;
  const isSameEnd = a.spec.to.name === b.spec.to.name && a.spec.port === b.spec.port;
  return isSameEnd || (a.metadata.uid !== undefined && a.metadata.uid === b.metadata.uid);
}

/** Several routes may share a gateway, each with server names and ports of its own; a service has one route. */
function connectionsOf({ spec: { gateway, rules } }: TcpRoute): Set<string> {
  if (!gateway) return new Set([""]);
  const matches = rules.flatMap((rule) => (rule.matches.length > 0 ? rule.matches : [{}]) as TcpMatch[]);
  return new Set(
    matches.flatMap(({ port, serverNames = ["*"] }) =>
      serverNames.map((name) => ` ${port ?? "any"} ${name.toLowerCase()}`),
    ),
  );
}

function targetId(
  object: MeshObject,
  target: { namespace?: string | undefined; service?: string | undefined },
): string {
  const namespace = target.namespace ?? object.metadata.namespace;
  return target.service ? keyOf("Service", namespace, target.service) : keyOf("Namespace", undefined, namespace ?? "");
}
