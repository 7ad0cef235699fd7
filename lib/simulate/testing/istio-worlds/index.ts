// Worlds of Istio manifests, each about one part of the dialect, on one ground.
// The rule: manifests as people write them; what a world shows is decided by Istio, not here.
import { ACTIONS } from "./actions";
import { CONDITIONS } from "./conditions";
import { DESTINATIONS } from "./destinations";
import { EDGES } from "./edges";
import { HOSTS } from "./hosts";
import { MUTUAL_TLS } from "./mutual-tls";
import { POLICIES } from "./policies";
import { TLS_GATEWAYS } from "./tls-gateways";

export { GROUND } from "./ground";

/** By what it is about. */
export const WORLDS: Readonly<Record<string, string>> = {
  ...HOSTS,
  ...CONDITIONS,
  ...ACTIONS,
  ...DESTINATIONS,
  ...MUTUAL_TLS,
  ...EDGES,
  ...TLS_GATEWAYS,
  ...POLICIES,
};

/** Where the design means something else, the import says so in these words. */
export const TOLD: Readonly<Record<string, RegExp>> = {
  "two services in one VirtualService": /Istio looks for port \d+ there/,
  "visible to some namespaces": /has no counterpart in the model/,
  "sidecars that see less": /limits what the workloads of a namespace see and call/,
  "DestinationRules in several namespaces": /is left out: host \*.svc.cluster.local/,
  "TLS that the caller was told": /has no counterpart in the model/,
  "services outside of the mesh": /what is outside of the mesh is called as it is/,
};
