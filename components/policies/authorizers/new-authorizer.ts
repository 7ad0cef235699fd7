// What a new authorizer begins with: a name of its own, and a service that there is.
import type { Authorizer, MeshIndex } from "@/lib/mesh";

export function freeName(list: readonly Authorizer[]): string {
  const names = new Set(list.map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? "authorizer" : `authorizer-${number}`;
    if (!names.has(name)) return name;
  }
}

/** The first service with a port, until a person chooses; none in a mesh without one. */
export function firstAddress(index: MeshIndex): Authorizer["address"] {
  for (const { metadata, spec } of index.all("Service")) {
    const port = spec.ports.find(({ protocol }) => protocol !== "tcp");
    if (!port || metadata.namespace === undefined) continue;
    const protocol = port.protocol === "grpc" ? "grpc" : "http";
    return {
      target: { kind: "Service", namespace: metadata.namespace, name: metadata.name },
      port: port.port,
      protocol,
    };
  }
  return undefined;
}
