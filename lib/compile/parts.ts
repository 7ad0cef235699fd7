// What a proxy's configuration is collected into before it becomes messages.
// The rule: names are unique per type; one function owns each type's place.
import type { Target } from "./destinations";
import type { JsonObject } from "./envoy-json";
import type { Facts } from "./facts";
import type { Places } from "./places";
import type { Problems } from "./problems";
import type { Run } from "./run";
import type { CompileInput, InstanceEndpoint } from "./types";

/** Resources of one proxy as Envoy JSON, by name. */
export type Parts = {
  listeners: Map<string, JsonObject>;
  routes: Map<string, JsonObject>;
  clusters: Map<string, JsonObject>;
  endpoints: Map<string, JsonObject>;
};

/** What the making of a piece has at hand: nothing of one proxy's own. */
export type CompileContext = {
  facts: Facts;
  input: CompileInput;
  /** Notes what is asked of facts and places, and has the pieces that are shared. */
  run: Run;
  /** What surrounds the design: instances, endpoints, addresses. */
  places: Places;
  problems: Problems;
  /** Clusters that are written out with whatever leads to them, by name. */
  clusters: Map<string, JsonObject>;
  /** Clusters of services that some route needs, by cluster name. */
  targets: Map<string, Target>;
};

export type ProxyContext = CompileContext & {
  own: InstanceEndpoint;
  listeners: Map<string, JsonObject>;
  routes: Map<string, JsonObject>;
};

export function listenAddress({ input, own }: ProxyContext): string {
  return input.overrides.listenHost ?? own.host;
}

/** Where the app and its sidecar meet: of this machine only, whatever address the sidecar serves others on. */
export function localAddress({ input }: ProxyContext): string {
  return input.overrides.localHost ?? input.overrides.listenHost ?? "127.0.0.1";
}
