// Kinds of Kuma that the model has no place for: kept whole, and written back on export to Kuma.
// The rule: each says what it would do, so that nobody takes a kept resource for one that works here.
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { keepWhole } from "../shared/verbatim";
import type { Verdict } from "../shared/verdict";

type KeptKind = { kind: string; isClusterWide?: boolean; why: string; verdict: Verdict; changesMeaning?: boolean };

const KINDS: readonly KeptKind[] = [
  {
    kind: "MeshTCPRoute",
    verdict: "lost",
    changesMeaning: true,
    why: "routes connections; the model's routes are for HTTP",
  },
  {
    kind: "MeshHealthCheck",
    verdict: "lost",
    why: "asks endpoints whether they are well; the model has no active checks",
  },
  { kind: "MeshFaultInjection", verdict: "lost", changesMeaning: true, why: "delays or breaks calls at the callee" },
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

function importKept({ why, verdict, changesMeaning = false }: KeptKind) {
  return (context: ImportContext, resource: Resource): Understood => {
    const result = understood(resource);
    const holder = keepWhole(context, resource);
    if (holder !== undefined) result.objects.push(holder);
    const what =
      holder === undefined ? "it is too large to be kept" : "it is kept word for word and written back on export";
    result.sentences.push(`it ${why}; ${what}.`);
    if (verdict !== "moved" && verdict !== "ignored") {
      context.warn(resource, ["kind"], `${why}: ${what}, without effect here`, "Keep Kuma for what it does.", {
        verdict,
        changesMeaning,
      });
    }
    return result;
  };
}

export const keptReaders = KINDS.map((kept) => ({
  kind: kept.kind,
  isClusterWide: kept.isClusterWide ?? false,
  run: importKept(kept),
}));
