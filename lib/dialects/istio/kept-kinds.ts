// Kinds of Istio that the model has no place for: kept whole, and written back on export to Istio.
// The rule: each says what it would do, so that nobody takes a kept resource for one that works here.
import type { Importer } from "../shared/dialect";
import { importKept, type KeptKind } from "../shared/kept-kinds";

type IstioKind = KeptKind & { group: string; versions: readonly string[] };

const NETWORKING = "networking.istio.io";
const ALL = ["v1", "v1beta1", "v1alpha3"];

/** For a part of the mesh; for the whole of it: telemetry.ts. */
export const TELEMETRY: IstioKind = {
  group: "telemetry.istio.io",
  kind: "Telemetry",
  versions: ["v1", "v1alpha1"],
  verdict: "lost",
  why: "sets which metrics, traces and access logs there are",
};
export const KINDS: readonly IstioKind[] = [
  {
    group: NETWORKING,
    kind: "Sidecar",
    versions: ALL,
    verdict: "lost",
    changesMeaning: true,
    why: "limits what the workloads of a namespace see and call",
  },
  {
    group: NETWORKING,
    kind: "WorkloadGroup",
    versions: ALL,
    verdict: "lost",
    why: "describes machines outside of Kubernetes that may join",
  },
  {
    group: NETWORKING,
    kind: "EnvoyFilter",
    versions: ["v1alpha3"],
    verdict: "lost",
    changesMeaning: true,
    why: "changes the configuration of Envoy by itself",
  },
  {
    group: NETWORKING,
    kind: "ProxyConfig",
    versions: ["v1beta1"],
    verdict: "lost",
    why: "sets how sidecars run: threads, environment, image",
  },
  {
    group: "extensions.istio.io",
    kind: "WasmPlugin",
    versions: ["v1alpha1"],
    verdict: "lost",
    changesMeaning: true,
    why: "runs a WebAssembly module in the proxies",
  },
  {
    group: "extensions.istio.io",
    kind: "TrafficExtension",
    versions: ["v1alpha1"],
    verdict: "lost",
    changesMeaning: true,
    why: "runs an extension in the proxies",
  },
];

export const keptImporters: readonly Omit<Importer, "rank">[] = KINDS.map((kept) => ({
  group: kept.group,
  kind: kept.kind,
  versions: kept.versions,
  run: importKept(kept, "Keep Istio for what it does."),
}));
