// Kinds of Kuma that the model has no place for: kept whole, and written back on export to Kuma.
// The rule: each says what it would do, so that nobody takes a kept resource for one that works here.
import { importKept, type KeptKind } from "../shared/kept-kinds";
import type { KindReader } from "../shared/readers";

const KINDS: readonly (KeptKind & { isClusterWide?: boolean })[] = [
  { kind: "MeshPassthrough", verdict: "lost", changesMeaning: true, why: "opens the way to hosts outside the mesh" },
  {
    kind: "MeshMultiZoneService",
    verdict: "lost",
    changesMeaning: true,
    why: "joins services of several zones under one name",
  },
  { kind: "MeshGatewayInstance", verdict: "moved", why: "runs a gateway, which is in the design" },
  { kind: "MeshTrust", isClusterWide: false, verdict: "moved", why: "says whose certificates are believed" },
  { kind: "HostnameGenerator", verdict: "ignored", why: "gives services more names" },
  { kind: "MeshAccessLog", verdict: "lost", why: "writes access logs" },
  { kind: "MeshTrace", verdict: "lost", why: "sends traces" },
  { kind: "MeshMetric", verdict: "lost", why: "publishes metrics" },
  { kind: "MeshProxyPatch", verdict: "escape", changesMeaning: true, why: "changes the configuration of Envoy itself" },
];

export const keptReaders = KINDS.map(
  (kept): KindReader => [kept.kind, importKept(kept, "Keep Kuma for what it does."), kept.isClusterWide],
);
