// Kinds of Gateway API that the model has no place for: kept whole, and written back on export to Gateway API.
// The rule: each says what it would do, so that nobody takes a kept resource for one that works here.
import type { Importer } from "../shared/dialect";
import { importKept, type KeptKind } from "../shared/kept-kinds";
import { GROUP } from "./state";

type ApiKind = KeptKind & { group?: string; versions: readonly string[]; isClusterWide?: boolean };

const KINDS: readonly ApiKind[] = [
  {
    kind: "GatewayClass",
    versions: ["v1", "v1beta1"],
    isClusterWide: true,
    verdict: "ignored",
    why: "names the product that runs the gateways",
  },
  {
    kind: "ReferenceGrant",
    versions: ["v1", "v1beta1"],
    verdict: "moved",
    why: "permits references between namespaces; an export writes those that it needs",
  },
  {
    kind: "ListenerSet",
    versions: ["v1"],
    verdict: "lost",
    changesMeaning: true,
    why: "adds listeners to a gateway, which are not in the design",
  },
  {
    kind: "UDPRoute",
    versions: ["v1", "v1alpha2"],
    verdict: "lost",
    changesMeaning: true,
    why: "routes datagrams; the model's routes are for HTTP and TCP",
  },
  {
    kind: "XBackendTrafficPolicy",
    group: "gateway.networking.x-k8s.io",
    versions: ["v1alpha1"],
    verdict: "lost",
    changesMeaning: true,
    why: "limits retries and keeps sessions of a service",
  },
];

export const keptImporters: readonly Omit<Importer, "rank">[] = KINDS.map((kept) => ({
  group: kept.group ?? GROUP,
  kind: kept.kind,
  versions: kept.versions,
  ...(kept.isClusterWide ? { isClusterWide: true } : {}),
  run: importKept(kept, "Keep the product for what it does."),
}));
