// What App Mesh says of each object of a design.
// The rule: it has no word for who may do what; what its certificates cannot say is told first.

import { type AuthorizationPolicy, type MeshObject, objectKey, type TrafficPolicy } from "@/lib/mesh";
import { loseBalancing } from "../shared/balancing";
import type { ExportContext } from "../shared/export-context";
import { loseLocality } from "../shared/locality";
import { loseExternalCalls } from "../shared/tell-rest";
import { policyUnits } from "../shared/units";
import { isList } from "./export-access";
import { externalNames } from "./export-nodes";
import type { AppMeshExport } from "./export-out";
import { judgeHealthCheck } from "./health-check";

const LOUD = { changesMeaning: true };

export function reportDesign(out: AppMeshExport): void {
  const { context, index } = out;
  reportMesh(context);
  for (const policy of index.all("TrafficPolicy")) reportPolicy(context, policy);
  for (const workload of index.all("Workload")) {
    if (workload.spec.locality !== undefined)
      context.lose(workload, ["spec", "locality"], "moved", "nodes say where their pods are");
  }
  for (const policy of index.all("AuthorizationPolicy")) reportAuthorization(context, policy);
  for (const limit of index.all("RateLimit"))
    context.lose(limit, ["spec"], "lost", "App Mesh limits no rates", limit.spec.shadow ? {} : LOUD);
  loseExternalCalls(context, "App Mesh", "App Mesh knows TLS between its virtual nodes: let the app make it", {
    saysResolution: true,
  });
  for (const external of index.all("ExternalService")) {
    if (external.spec.tls || external.spec.proxyProtocol) continue;
    if (externalNames(external).length < external.spec.hosts.length)
      context.lose(external, ["spec", "hosts"], "lost", "a virtual service has one name, without a *", LOUD);
    else if (external.spec.endpoints)
      context.lose(external, ["spec", "endpoints"], "approximate", "its addresses come from DNS");
    else
      context.tell(
        external,
        ["spec"],
        "moved",
        "a virtual node that DNS leads to, and a virtual service for each host",
      );
  }
  for (const egress of index.all("Egress"))
    context.tell(egress, ["spec"], "moved", "a backend of each caller; the mesh drops all other calls to the outside");
  for (const boundary of index.all("TrustBoundary"))
    context.lose(boundary, ["spec"], "lost", "App Mesh has no trust boundaries");
  for (const mutualTls of index.all("MutualTls"))
    context.tell(mutualTls, ["spec"], "moved", "the tls of each listener, and of the backends that call it");
  for (const subset of index.all("Subset"))
    context.tell(subset, ["spec"], "moved", "its workloads are virtual nodes, which routes name one by one");
  for (const namespace of index.all("Namespace"))
    context.tell(namespace, ["metadata"], "moved", "App Mesh has none: it is a part of names");
  reportCallers(out);
}

const CARRIED = new Set(["Workload", "Gateway", "Service", "Route", "TcpRoute", "TrafficPolicy"]);

/** Of whatever nothing else was said of; a kind that nobody carries is lost. */
export function reportExact(context: ExportContext): void {
  const { objects } = context.index.document;
  const carried = objects.filter(({ kind }) => CARRIED.has(kind));
  context.fillExact(carried.flatMap(unitsOf), "means the same in App Mesh");
  const judged = new Set(context.report.map(({ key }) => key));
  for (const object of objects) {
    if (!judged.has(objectKey(object))) context.lose(object, ["spec"], "lost", `App Mesh has no ${object.kind}`, LOUD);
  }
}

function reportMesh(context: ExportContext): void {
  const { mesh } = context.index;
  if (!mesh) return;
  const tls =
    "tls of each listener and backend; certificates come from an SDS provider beside each proxy (manual/certificates.md)";
  context.tell(mesh, ["spec", "defaults", "mutualTls"], "moved", tls);
  const drawn =
    "a proxy calls its backends only, and a listener with strict TLS accepts the names of the drawn callers";
  context.tell(mesh, ["spec", "defaults", "authorization"], "moved", drawn);
}

const POOL: Record<string, string> = {
  maxRequestsPerConnection: "App Mesh does not end connections by their requests",
  maxRetries: "App Mesh does not limit retries under way",
  connectTimeoutMs: "App Mesh has no time to connect",
  idleTimeoutMs: "idle times are not written: set them at the listener",
  tcpIdleTimeoutMs: "idle times of TCP are not written: set timeout.idle at the route",
  maxConnectAttempts: "App Mesh tries once to connect",
  tcpKeepalive: "App Mesh does not probe idle connections",
  maxConnectionDurationMs: "App Mesh does not end connections by their age",
  maxConcurrentStreams: "App Mesh does not limit the streams of a connection",
  h2UpgradePolicy: "App Mesh goes by the protocol of the listener",
};
const OUTLIER: Record<string, string> = {
  consecutiveGatewayErrors: "App Mesh counts all server errors alike",
  errorStatuses: "App Mesh counts server errors only",
  minHealthPercent: "App Mesh has no lowest share of healthy hosts",
  splitExternalLocalOriginErrors: "App Mesh counts server errors only",
  consecutiveLocalOriginFailures: "App Mesh counts server errors only",
  successRate: "App Mesh does not compare hosts",
  failurePercentage: "App Mesh counts errors, not their share",
  alwaysEjectOneHost: "App Mesh goes by maxEjectionPercent only",
};
const OVER_ALL =
  "it holds for each caller in the design, and over all callers of an instance in App Mesh: multiply it by the callers";

function reportPolicy(context: ExportContext, policy: TrafficPolicy): void {
  const { connectionPool = {}, outlierDetection = {}, retryBudget, service } = policy.spec;
  const key = `Service/${service.namespace ?? policy.metadata.namespace}/${service.name}`;
  const protocols = new Set(context.index.find("Service", key)?.spec.ports.map(({ protocol }) => protocol));
  const has1 = protocols.has("http");
  const has2 = protocols.has("http2") || protocols.has("grpc");
  const carried: Record<string, boolean> = {
    maxConnections: has1 || protocols.has("tcp"),
    maxPendingRequests: has1,
    maxRequests: has2,
  };
  for (const field of Object.keys(connectionPool)) {
    const path = ["spec", "connectionPool", field];
    if (POOL[field] !== undefined) context.lose(policy, path, "lost", POOL[field]);
    else if (carried[field]) context.lose(policy, path, "moved", OVER_ALL, LOUD);
    else context.lose(policy, path, "lost", `App Mesh has no ${field} for the protocols of this service`);
  }
  for (const field of Object.keys(outlierDetection)) {
    const path = ["spec", "outlierDetection", field];
    if (OUTLIER[field] !== undefined) context.lose(policy, path, "lost", OUTLIER[field]);
    else if (field === "legacyConsecutiveErrors")
      context.lose(policy, path, "approximate", "it is maxServerErrors: App Mesh counts errors of the kind 5xx");
    else if (field === "consecutive5xxErrors" && outlierDetection.consecutive5xxErrors === 0)
      context.lose(policy, path, "approximate", "it is App Mesh's only counter: without it nothing is ejected");
  }
  if (policy.spec.healthCheck) {
    judgeHealthCheck(policy.spec.healthCheck, (field, verdict, reason) =>
      context.lose(policy, ["spec", "healthCheck", field], verdict, reason),
    );
  }
  loseBalancing(context, policy, "lost", "App Mesh chooses hosts its own way");
  loseLocality(context, policy, "App Mesh", "its nodes are called wherever they run");
  if (retryBudget) context.lose(policy, ["spec", "retryBudget"], "lost", "App Mesh has no retry budget");
}

function reportAuthorization(context: ExportContext, policy: AuthorizationPolicy): void {
  const { action, shadow } = policy.spec;
  const isQuiet = shadow === true || action === "audit";
  if (isList(policy)) {
    const reason =
      "its callers are names that listeners with strict TLS accept; others are refused before they can send anything";
    context.tell(policy, ["spec"], "moved", reason);
    return;
  }
  const what = isQuiet
    ? "App Mesh counts no refusals"
    : action === "deny"
      ? "App Mesh refuses nothing by rules: who may connect may do everything"
      : "App Mesh grants nothing by conditions: these callers are refused, unless a dependency is drawn";
  context.lose(policy, ["spec"], "lost", what, isQuiet ? {} : LOUD);
}

function reportCallers(out: AppMeshExport): void {
  const { context, index } = out;
  const told = new Set(context.report.filter(({ path }) => path === "spec").map(({ key }) => key));
  for (const service of index.all("Service")) {
    const name = out.virtualServiceOf(service);
    const { optOut, mode } = service.spec;
    if (optOut)
      context.lose(service, ["spec", "optOut"], "moved", "its virtual nodes have no TLS: start no proxy beside them");
    if (mode === "observe" || mode === "permissive")
      context.lose(
        service,
        ["spec", "mode"],
        "approximate",
        "TLS and plain text are taken; nobody counts what would be refused",
      );
    if (!told.has(objectKey(service)))
      context.tell(service, ["metadata", "name"], "moved", `callers say ${name}, the name of its virtual service`);
  }
  for (const dependency of index.all("Dependency")) {
    if (dependency.spec.to.kind === "Gateway")
      context.lose(dependency, ["spec", "to"], "lost", "a virtual gateway is for calls from outside", LOUD);
    else if (dependency.spec.from.kind === "Gateway")
      context.tell(dependency, ["spec"], "moved", "the gateway's routes lead there");
    else context.tell(dependency, ["spec"], "moved", "a backend of the caller's virtual nodes");
  }
}

function unitsOf(object: MeshObject) {
  const key = objectKey(object);
  if (object.kind === "Route" || object.kind === "TcpRoute")
    return object.spec.rules.map((_, i) => ({ key, path: `spec.rules[${i}]` }));
  return object.kind === "TrafficPolicy" ? policyUnits(object) : [{ key, path: "spec" }];
}
