// TrafficPolicies and opaque ports -> annotations of Services; default policies -> annotations of Namespaces.
// The rule: a Service or Namespace is written only where Linkerd reads something of it, with everything that Kubernetes needs to keep it.

import { type Namespace, objectKey, type Service, type ServicePort, type TrafficPolicy } from "@/lib/mesh";
import { knownSelector, selectorOf } from "../kubernetes/selectors";
import { portsOfService } from "../kubernetes/service-ports";
import { loseBalancing } from "../shared/balancing";
import type { ExportContext } from "../shared/export-context";
import { loseHealthCheck } from "../shared/health-check";
import { loseLocality } from "../shared/locality";
import {
  type Annotations,
  accrualAnnotations,
  INBOUND_POLICY,
  isCarried,
  isLinkerds,
  OPAQUE_PORTS,
} from "./annotations";
import { isNamespaceDenial, scopeTls } from "./export-servers";

/** Envoy's default, which an outlier detection without a number has. */
const DEFAULT_ERRORS = 5;
/** Ports that Linkerd takes as opaque without being told. */
const OPAQUE = new Set([25, 587, 3306, 4444, 5432, 6379, 9300, 11211]);

export function exportService(context: ExportContext, service: Service): void {
  const own = Object.entries(service.metadata.annotations ?? {});
  const policies = context.index.trafficPoliciesOf(objectKey(service));
  const policy = policies.find(({ spec }) => spec.subset === undefined);
  const opaque = service.spec.ports.filter(({ protocol, port }) => protocol === "tcp" && !OPAQUE.has(port));
  const said: Annotations = {
    ...(policy ? accrual(policy, Object.fromEntries(own)) : {}),
    ...opaquePorts(service, opaque, Object.fromEntries(own)),
  };
  for (const each of policies) tellLimits(context, each);
  const annotations = { ...Object.fromEntries(own.filter(([name]) => !isCarried(name))), ...said };
  if (!Object.keys(annotations).some(isLinkerds)) return;
  const { name, namespace, labels } = service.metadata;
  context.resources.push({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, ...(labels ? { labels } : {}), annotations },
    spec: { selector: selectorOf(service), ports: portsOfService(service) },
  });
  if (!knownSelector(service)) {
    const reason = `Kubernetes selects pods: label app=${name} is assumed on those of ${name}`;
    context.lose(service, ["spec"], "approximate", reason, { target: `Service ${name}` });
  }
}

/** Ports that are none of the service's (of its pods, or ranges) stay as they were written. */
function opaquePorts(service: Service, opaque: readonly ServicePort[], own: Annotations): Annotations {
  const written = (own[OPAQUE_PORTS] ?? "").split(",").map((part) => part.trim());
  const others = written.filter((part) => part !== "" && !service.spec.ports.some(({ port }) => String(port) === part));
  const all = [...opaque.map(({ port }) => String(port)), ...others];
  return all.length === 0 ? {} : { [OPAQUE_PORTS]: all.join(",") };
}

function accrual({ spec }: TrafficPolicy, own: Annotations): Annotations {
  const failures = failuresOf(spec.outlierDetection);
  return failures === undefined ? {} : accrualAnnotations(failures, spec.outlierDetection?.baseEjectionTimeMs, own);
}

/** Undefined: nothing is ejected. */
function failuresOf(detection: TrafficPolicy["spec"]["outlierDetection"]): number | undefined {
  if (!detection) return undefined;
  const { consecutive5xxErrors, consecutiveGatewayErrors, legacyConsecutiveErrors } = detection;
  const first = [consecutive5xxErrors, consecutiveGatewayErrors, legacyConsecutiveErrors].find((each) => each);
  if (first !== undefined) return first;
  return consecutive5xxErrors === 0 ? undefined : DEFAULT_ERRORS;
}

function tellLimits(context: ExportContext, policy: TrafficPolicy): void {
  const { connectionPool, outlierDetection, loadBalancing, retryBudget, subset } = policy.spec;
  for (const field of Object.keys(connectionPool ?? {})) {
    context.lose(policy, ["spec", "connectionPool", field], "lost", `Linkerd has no ${field}: it limits nothing here`);
  }
  loseHealthCheck(context, policy, "Linkerd", "readiness probes and failure accrual take hosts out");
  loseLocality(context, policy, "Linkerd", "it prefers the caller's zone where the Service says trafficDistribution");
  if (loadBalancing?.policy === "peak-ewma") {
    context.tell(
      policy,
      ["spec", "loadBalancing"],
      "exact",
      "Linkerd always picks the faster of two endpoints, by peak EWMA",
    );
  } else if (loadBalancing) {
    const reason = `Linkerd always picks the faster of two endpoints; ${loadBalancing.policy} cannot be said`;
    loseBalancing(context, policy, loadBalancing.policy === "least-request" ? "approximate" : "lost", reason);
  }
  if (retryBudget) {
    const reason = "a retry budget is in ServiceProfiles only, which would hide the routes of the service";
    context.lose(policy, ["spec", "retryBudget"], "lost", reason);
  }
  if (!outlierDetection) return;
  const path = ["spec", "outlierDetection"];
  if (subset !== undefined) {
    const reason = "failure accrual is read of the service that is called, not of a version";
    context.lose(policy, path, "lost", reason);
    return;
  }
  const target = `Service ${policy.spec.service.name}`;
  for (const field of Object.keys(outlierDetection)) {
    const verdict = DETECTION[field] ?? ["lost", `Linkerd has no ${field}`];
    const isAll = field === "maxEjectionPercent" && outlierDetection.maxEjectionPercent === 100;
    if (isAll) context.tell(policy, [...path, field], "exact", "Linkerd has no limit on how many are out", { target });
    else context.lose(policy, [...path, field], verdict[0], verdict[1], { target });
  }
}

const DETECTION: Record<string, ["approximate" | "lost", string]> = {
  consecutive5xxErrors: [
    "approximate",
    "an endpoint is out after so many failures, and back after one call that succeeds",
  ],
  consecutiveGatewayErrors: ["approximate", "Linkerd counts every 5xx as a failure, not 502, 503 and 504 alone"],
  legacyConsecutiveErrors: [
    "approximate",
    "the number counts here: Istio ignores it, Linkerd takes an endpoint out after so many failures",
  ],
  baseEjectionTimeMs: [
    "approximate",
    "the shortest time until Linkerd probes the endpoint; it grows and has a random part",
  ],
  errorStatuses: ["lost", "Linkerd counts 5xx and errors of gRPC, and cannot name other answers"],
  intervalMs: ["lost", "Linkerd has no interval: it counts failures as they come"],
};

export function exportNamespace(context: ExportContext, namespace: Namespace, guarded: ReadonlySet<string>): void {
  const { index } = context;
  const { name, labels, annotations = {} } = namespace.metadata;
  const services = index.all("Service").filter(({ metadata }) => metadata.namespace === name);
  const isDenied = index
    .all("AuthorizationPolicy")
    .some((each) => isNamespaceDenial(each) && each.spec.target.namespace === name);
  const mode = scopeTls(index, name);
  const isOwn = index.all("MutualTls").some(({ spec }) => !spec.target?.service && spec.target?.namespace === name);
  const isNeeded = isOwn || (mode === "strict" && services.some((each) => !guarded.has(objectKey(each))));
  const policy = isDenied
    ? "deny"
    : isNeeded
      ? mode === "strict"
        ? "all-authenticated"
        : "all-unauthenticated"
      : undefined;
  const kept = Object.entries(annotations).filter(([each]) => !isCarried(each));
  // "cluster" has no word in the design: what was written stays while the design says the same
  const written = annotations[INBOUND_POLICY];
  const said = written !== undefined && written.replace("cluster-", "all-") === policy ? written : policy;
  const all = { ...Object.fromEntries(kept), ...(said === undefined ? {} : { [INBOUND_POLICY]: said }) };
  if (!Object.keys(all).some(isLinkerds)) return;
  context.resources.push({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, ...(labels ? { labels } : {}), annotations: all },
    spec: {},
  });
}
