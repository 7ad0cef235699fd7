// The demo shop with a service whose three workloads run in two regions, and a caller in one of them.
import { demoMesh, type MeshDocument, type SpecOf } from "@/lib/mesh";
import { object, withObjects } from "./rich";

/** Workloads of the service, from the caller's point of view. */
export const STOCK = { near: "eu/eu-a", region: "eu/eu-b", far: "us/us-a" } as const;
export const STOCK_HOST = "stock.production";
export const STOCK_CALLER = "production/checkout-v1/0";

export function stockMesh(policy: Omit<SpecOf<"TrafficPolicy">, "service">, callerPlace = "eu/eu-a"): MeshDocument {
  const { objects } = demoMesh();
  const placed = objects.map((each) =>
    each.kind === "Workload" && each.metadata.name === "checkout-v1"
      ? { ...each, spec: { ...each.spec, locality: callerPlace } }
      : each,
  );
  return withObjects({ objects: placed }, [
    object("Service", "stock", { ports: [{ name: "http", port: 8080, protocol: "http" }] }),
    ...Object.entries(STOCK).map(([name, locality]) =>
      object("Workload", `stock-${name}`, { service: "stock", version: "v1", labels: { spot: name }, locality }),
    ),
    object("Dependency", "checkout-to-stock", {
      from: { kind: "Service", name: "checkout" },
      to: { kind: "Service", name: "stock" },
    }),
    object("TrafficPolicy", "stock", { service: { name: "stock" }, ...policy }),
  ]);
}
