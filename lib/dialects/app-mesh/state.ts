// What an App Mesh says about itself, gathered before services, nodes and routes are put together.
import type { Protocol } from "@/lib/mesh";
import type { Resource, Understood } from "../shared/context";

/** One resource as it was read. `raw` is its name in App Mesh. */
export type Part = { raw: string; resource: Resource; spec: Record<string, unknown>; result: Understood };
export type Listener = { port: number; protocol: Protocol };

/** Of which service a node is which version; `isOne`: nothing divides calls between nodes of the service. */
export type Place = { service: string; version: string; isOne: boolean };

export class AppMeshState {
  readonly nodes: Part[] = [];
  readonly services: Part[] = [];
  readonly routers: Part[] = [];
  readonly routes: Part[] = [];
  readonly gateways: Part[] = [];
  readonly gatewayRoutes: Part[] = [];
}
