// What of a design Cilium has in another way, by Envoy's own configuration only, or not at all.
import { isHashing, type MutualTls, objectKey, type TrafficPolicy } from "@/lib/mesh";
import { isClosed } from "../linkerd/export-servers";
import { loseBalancing } from "../shared/balancing";
import type { ExportContext } from "../shared/export-context";
import { loseLocality } from "../shared/locality";
import { loseAdoption, loseBoundaries, loseExternalCalls, tellKubernetes } from "../shared/tell-rest";

const ESCAPE = "only by a CiliumEnvoyConfig of your own, which takes the place of what Cilium makes of the routes";
const loud = { changesMeaning: true };

export function reportRest(context: ExportContext, versions: ReadonlyMap<string, unknown>): void {
  const { index } = context;
  tellDefaults(context);
  for (const mutualTls of index.all("MutualTls")) tellMutualTls(context, mutualTls);
  for (const policy of index.all("TrafficPolicy")) tellTraffic(context, policy);
  for (const limit of index.all("RateLimit")) {
    context.lose(limit, ["spec"], "escape", `a rate limit is ${ESCAPE}`, limit.spec.shadow ? {} : loud);
  }
  for (const external of index.all("ExternalService")) {
    context.tell(external, ["spec"], "moved", "it is a rule by name in the policies of those who may call it");
  }
  loseBoundaries(context, "Cilium");
  loseExternalCalls(
    context,
    "Cilium",
    "Cilium makes no TLS outside unless its Envoy is told: write originatingTLS of the rule by name",
  );
  for (const subset of index.all("Subset")) {
    const { service, name } = subset.spec;
    if (versions.has(`Service/${service.namespace ?? subset.metadata.namespace}/${service.name} ${name}`)) continue;
    context.tell(subset, ["spec"], "moved", "no route names it, so it needs no Service of its own");
  }
  tellKubernetes(context);
  loseAdoption(context, (service) => ({
    reason: "Cilium has no steps of adoption and no way out: what a policy selects is held by it",
    ...(isClosed(index, service) ? loud : {}),
  }));
}

function tellDefaults(context: ExportContext): void {
  const { mesh } = context.index;
  if (!mesh) return;
  const { mutualTls, authorization } = mesh.spec.defaults;
  const path = ["spec", "defaults", "mutualTls"];
  if (mutualTls === "strict" && authorization === "allow") {
    const reason =
      "Cilium lets plain text in wherever no policy closes: a caller is known by its labels, encryption is WireGuard or IPsec of the cluster";
    context.lose(mesh, path, "approximate", reason, loud);
  } else
    context.tell(
      mesh,
      path,
      "moved",
      "a caller is known by its labels, and encryption is set for the cluster: WireGuard or IPsec",
    );
  const closing =
    authorization === "allow" ? "what no policy selects is open there too" : "each service has a policy that closes it";
  context.tell(mesh, ["spec", "defaults", "authorization"], "moved", closing);
}

function tellMutualTls(context: ExportContext, mutualTls: MutualTls): void {
  const { index } = context;
  const { mode, target, ports } = mutualTls.spec;
  const path = ["spec", "mode"];
  const own = target?.namespace ?? mutualTls.metadata.namespace;
  const services = index
    .all("Service")
    .filter(({ metadata }) =>
      target?.service === undefined
        ? target?.namespace === undefined || metadata.namespace === own
        : metadata.name === target.service && metadata.namespace === own,
    );
  const isAllClosed = services.every((each) => isClosed(index, each));
  const isSomeClosed = services.some((each) => isClosed(index, each));
  if (mode === "strict") {
    if (isAllClosed) {
      const reason =
        "who is let in is known by its labels there, with or without TLS; encryption is set for the cluster";
      context.tell(mutualTls, path, "moved", reason);
    } else {
      const reason =
        "Cilium lets plain text in wherever no policy closes: encryption is WireGuard or IPsec of the cluster";
      context.lose(mutualTls, path, "approximate", reason, loud);
    }
  } else if (isSomeClosed) {
    const reason =
      "a policy of Cilium refuses who is not let in, where a design without strict mutual TLS only counts refusals";
    context.lose(mutualTls, path, "approximate", reason, loud);
  } else context.tell(mutualTls, path, "moved", "encryption is set for the cluster: WireGuard or IPsec");
  if (ports && ports.length > 0) {
    context.lose(mutualTls, ["spec", "ports"], "lost", "Cilium encrypts for the cluster, not for single ports");
  }
}

function tellTraffic(context: ExportContext, policy: TrafficPolicy): void {
  for (const block of ["connectionPool", "outlierDetection"] as const) {
    for (const field of Object.keys(policy.spec[block] ?? {})) {
      context.lose(policy, ["spec", block, field], "escape", `${field} is ${ESCAPE}`);
    }
  }
  const { healthCheck, loadBalancing, retryBudget } = policy.spec;
  if (healthCheck) context.lose(policy, ["spec", "healthCheck"], "escape", `a health check is ${ESCAPE}`);
  if (loadBalancing) {
    const reason = isHashing(loadBalancing.policy)
      ? `${loadBalancing.policy} is ${ESCAPE}`
      : `${loadBalancing.policy} is an annotation of the Service in beta (service.cilium.io/lb-l7-algorithm), or a CiliumEnvoyConfig`;
    loseBalancing(context, policy, "escape", reason);
  }
  loseLocality(
    context,
    policy,
    "Cilium",
    "a Service's trafficDistribution prefers the zone; the rest is Envoy's",
    "escape",
  );
  if (retryBudget) context.lose(policy, ["spec", "retryBudget"], "escape", `a retry budget is ${ESCAPE}`);
}

/** Nothing of a design goes without a verdict. */
export function reportUnsaid(context: ExportContext): void {
  const judged = new Set(context.report.map(({ key }) => key));
  for (const object of context.index.document.objects) {
    if (judged.has(objectKey(object)) || object.kind === "Mesh") continue;
    context.lose(object, ["spec"], "lost", `Cilium has no ${object.kind}, or none that an export writes`, loud);
  }
}
