// The small designs of tests: services of one HTTP port in one namespace, a workload behind each, and lines between them.

import { API_VERSION, type MeshDocument } from "@/lib/mesh";

const NAMESPACE = "production";
const ports = [{ name: "http", port: 8080, protocol: "http" }];

/** In the namespace of all others; null: an object that has none. */
export function object(kind: string, name: string, spec: unknown, namespace: string | null = NAMESPACE): unknown {
  return { apiVersion: API_VERSION, kind, metadata: { name, ...(namespace === null ? {} : { namespace }) }, spec };
}

export const workload = (service: string, replicas = 1, version = "v1"): unknown =>
  object("Workload", `${service}-${version}`, { service, version, replicas });

export const dependency = (from: string, to: string, more: object = {}): unknown =>
  object("Dependency", `${from}-to-${to}`, {
    from: { kind: "Service", name: from },
    to: { kind: "Service", name: to },
    ...more,
  });

/**
 * @param replicas services by name, and how many instances of `v1` each has
 * @param more dependencies, policies, and services that have other ports
 */
export function shop(
  replicas: Readonly<Record<string, number>>,
  more: readonly unknown[] = [],
  mesh: object = {},
): MeshDocument {
  const services = Object.entries(replicas).flatMap(([name, count]) => [
    object("Service", name, { ports }),
    workload(name, count),
  ]);
  const objects = [object("Mesh", "shop", { trustDomain: "shop.test", ...mesh }, null), ...services, ...more];
  return { objects } as unknown as MeshDocument;
}

/** The smallest design worth deploying: no line. */
export const testDocument = (services: readonly string[] = ["cart", "web"]): MeshDocument =>
  shop(Object.fromEntries(services.map((name) => [name, 1])));
