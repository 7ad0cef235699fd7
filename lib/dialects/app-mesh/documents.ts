// Answers of the App Mesh API ("describe", "create") -> kind, name and spec.
// The rule: a document says what it is by its one key, as {"virtualNode": {...}}, or by the name that it gives, as virtualNodeName.
import type { Path } from "@/lib/mesh";
import type { Foreign } from "../shared/dialect";
import { isRecord } from "../shared/fields";

const KINDS = [
  ["mesh", "Mesh"],
  ["virtualNode", "VirtualNode"],
  ["virtualService", "VirtualService"],
  ["virtualRouter", "VirtualRouter"],
  ["route", "Route"],
  ["virtualGateway", "VirtualGateway"],
  ["gatewayRoute", "GatewayRoute"],
] as const;

export const KIND_NAMES = KINDS.map(([, kind]) => kind);
export const API = "appmesh/2019-01-25";

export function unwrap(value: unknown): Foreign | undefined {
  if (!isRecord(value) || typeof value["apiVersion"] === "string") return undefined;
  for (const [field, kind] of KINDS) {
    const inner = value[field];
    if (isRecord(inner)) return inside(inner, field, kind, [field]);
  }
  // what a "create" takes has no wrapper; the most specific name tells the kind
  const own = [...KINDS]
    .reverse()
    .find(([field]) => typeof value[`${field}Name`] === "string" && isRecord(value["spec"]));
  return own ? inside(value, own[0], own[1], []) : undefined;
}

function inside(value: Record<string, unknown>, field: string, kind: string, path: Path): Foreign | undefined {
  const name = value[`${field}Name`];
  if (typeof name !== "string" || name === "") return undefined;
  const parent = value["virtualRouterName"] ?? value["virtualGatewayName"];
  return {
    apiVersion: API,
    kind,
    name,
    path,
    ...(typeof parent === "string" && parent !== name ? { parent } : {}),
    spec: value["spec"] ?? {},
  };
}
