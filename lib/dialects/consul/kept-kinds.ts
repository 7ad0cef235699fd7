// Kinds of Consul that the model has no place for: kept whole, and written back on export to Consul.
// The rule: each says what it would do, so that nobody takes a kept resource for one that works here.
import { type ImportContext, type Resource, understood } from "../shared/context";
import { importKept, type KeptKind } from "../shared/kept-kinds";
import type { KindReader } from "../shared/readers";
import { NATIVE_ONLY } from "./documents";

const KINDS: readonly (KeptKind & { isClusterWide?: boolean })[] = [
  {
    kind: "TerminatingGateway",
    verdict: "moved",
    why: "leads to services outside the mesh, which ServiceDefaults name",
  },
  {
    kind: "ExportedServices",
    verdict: "lost",
    changesMeaning: true,
    why: "lets other partitions and peers call services",
  },
  { kind: "SamenessGroup", verdict: "lost", changesMeaning: true, why: "joins services of several partitions" },
  { kind: "ControlPlaneRequestLimit", verdict: "ignored", why: "limits requests to Consul's servers" },
  { kind: "RateLimit", isClusterWide: true, verdict: "ignored", why: "limits requests to Consul's servers" },
  { kind: "Registration", isClusterWide: true, verdict: "lost", why: "registers a service outside the cluster" },
  { kind: "JWTProvider", verdict: "lost", changesMeaning: true, why: "says which tokens are believed" },
  { kind: "PeeringAcceptor", verdict: "ignored", why: "connects clusters" },
  { kind: "PeeringDialer", verdict: "ignored", why: "connects clusters" },
  { kind: "GatewayClassConfig", isClusterWide: true, verdict: "ignored", why: "sets how API gateways run" },
  { kind: "GatewayPolicy", verdict: "lost", changesMeaning: true, why: "asks for tokens at an API gateway" },
  { kind: "RouteRetryFilter", verdict: "lost", changesMeaning: true, why: "retries calls of an API gateway" },
  { kind: "RouteTimeoutFilter", verdict: "lost", changesMeaning: true, why: "sets times of an API gateway's calls" },
  {
    kind: "RouteAuthFilter",
    verdict: "lost",
    changesMeaning: true,
    why: "asks for tokens on a route of an API gateway",
  },
];

export const keptReaders: readonly KindReader[] = [
  ...KINDS.map(
    (kept): KindReader => [kept.kind, importKept(kept, "Keep Consul for what it does."), kept.isClusterWide],
  ),
  ...NATIVE_ONLY.map((kind): KindReader => [kind, leaveOutNative]),
];

/** On Kubernetes, where an export goes, these are not resources of Consul. */
function leaveOutNative(context: ImportContext, resource: Resource) {
  const message = "is left out: an API gateway is read in the form of Gateway API only";
  context.warn(resource, ["kind"], message, "Import its Gateway and HTTPRoute, as consul-k8s has them.", {
    verdict: "lost",
    changesMeaning: true,
  });
  return understood(resource);
}
