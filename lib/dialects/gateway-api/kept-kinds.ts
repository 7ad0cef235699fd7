// Kinds of Gateway API that the model has no place for: kept whole, and written back on export to Gateway API.
// The rule: each says what it would do, so that nobody takes a kept resource for one that works here.
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { Importer } from "../shared/dialect";
import { keepWhole } from "../shared/verbatim";
import type { Verdict } from "../shared/verdict";
import { GROUP } from "./state";

type KeptKind = {
  kind: string;
  group?: string;
  versions: readonly string[];
  isClusterWide?: boolean;
  why: string;
  verdict: Verdict;
  changesMeaning?: boolean;
};

const KINDS: readonly KeptKind[] = [
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
    kind: "TLSRoute",
    versions: ["v1", "v1alpha2", "v1alpha3"],
    verdict: "lost",
    changesMeaning: true,
    why: "routes encrypted connections by name; the model's routes are for HTTP",
  },
  {
    kind: "TCPRoute",
    versions: ["v1", "v1alpha2"],
    verdict: "lost",
    changesMeaning: true,
    why: "routes connections; the model's routes are for HTTP",
  },
  {
    kind: "UDPRoute",
    versions: ["v1", "v1alpha2"],
    verdict: "lost",
    changesMeaning: true,
    why: "routes datagrams; the model's routes are for HTTP",
  },
  {
    kind: "BackendTLSPolicy",
    versions: ["v1", "v1alpha3"],
    verdict: "lost",
    changesMeaning: true,
    why: "encrypts the way from a gateway to a backend with the backend's own certificate",
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

function importKept({ why, verdict, changesMeaning = false }: KeptKind) {
  return (context: ImportContext, resource: Resource): Understood => {
    const result = understood(resource);
    const holder = keepWhole(context, resource);
    if (holder !== undefined) result.objects.push(holder);
    const what =
      holder === undefined ? "it is too large to be kept" : "it is kept word for word and written back on export";
    result.sentences.push(`it ${why}; ${what}.`);
    if (verdict !== "moved" && verdict !== "ignored") {
      context.warn(resource, ["kind"], `${why}: ${what}, without effect here`, "Keep the product for what it does.", {
        verdict,
        changesMeaning,
      });
    }
    return result;
  };
}

export const keptImporters: readonly Omit<Importer, "rank">[] = KINDS.map((kept) => ({
  group: kept.group ?? GROUP,
  kind: kept.kind,
  versions: kept.versions,
  ...(kept.isClusterWide ? { isClusterWide: true } : {}),
  run: importKept(kept),
}));
