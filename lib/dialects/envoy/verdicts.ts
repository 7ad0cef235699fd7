// What Envoy files say of each object of a design.
// The rule: whatever the proxies decide is exact; what a control plane does, and what only people read, is not in a file.
import { isPlainListener, type MeshIndex, type MeshObject, objectKey, type Service } from "@/lib/mesh";
import type { ExportContext } from "../shared/export-context";
import { loseSharedLimit } from "../shared/shared-limit";
import { policyUnits } from "../shared/units";

const LOUD = { changesMeaning: true };

export function reportDesign(context: ExportContext): void {
  const { index } = context;
  reportMesh(context);
  for (const limit of index.all("RateLimit")) loseSharedLimit(context, limit, "Envoy", ["spec", "scope"]);
  for (const service of index.all("Service")) {
    reportService(context, service);
    const reason = "the design has no workload of it, so no file: draw its versions";
    if (index.workloadsOf(objectKey(service)).length === 0) context.lose(service, ["spec"], "lost", reason);
  }
  for (const workload of index.all("Workload")) {
    const { spec } = workload;
    if (spec.sidecar) context.tell(workload, ["spec", "sidecar"], "moved", "who starts Envoy says what it may use");
    if (spec.replicas === 0) context.lose(workload, ["spec", "replicas"], "moved", "it has no instance, so no file");
    else if (index.find("Service", `Service/${workload.metadata.namespace}/${spec.service}`)?.spec.optOut)
      context.lose(workload, ["spec", "service"], "moved", "its service is out of the mesh, so it has no file");
  }
  for (const gateway of index.all("Gateway")) {
    const { listeners } = gateway.spec;
    const [, ...more] = listeners.filter(isPlainListener);
    for (const listener of more) {
      const path = ["spec", "listeners", listeners.indexOf(listener)];
      context.lose(gateway, path, "lost", "a gateway's file has its first listener for plain HTTP only", LOUD);
    }
  }
  for (const dependency of index.all("Dependency")) {
    if (dependency.spec.to.kind === "Gateway")
      context.lose(dependency, ["spec", "to"], "lost", "calls to a gateway are in no file", LOUD);
  }
  for (const policy of index.all("TrafficPolicy")) {
    if (policy.spec.loadBalancing?.policy === "peak-ewma") {
      const reason =
        "a stock Envoy refuses files with peak EWMA, which contrib builds have: the one of two hosts with fewer requests is chosen instead";
      context.lose(policy, ["spec", "loadBalancing"], "approximate", reason);
    }
    if (policy.spec.outlierDetection?.legacyConsecutiveErrors === undefined) continue;
    const reason =
      "the name is Istio's, which ignores it: Envoy counts 5 errors of the kind 5xx where nothing else is said";
    context.lose(policy, ["spec", "outlierDetection", "legacyConsecutiveErrors"], "ignored", reason);
  }
  for (const boundary of index.all("TrustBoundary"))
    context.lose(boundary, ["spec"], "lost", "it is for findings and people; no proxy decides by it");
}

/** Of whatever nothing else was said of. */
export function reportExact(context: ExportContext): void {
  const units = context.index.document.objects.flatMap((each) => unitsOf(context.index, each));
  context.fillExact(units, "in the files of the proxies that act on it");
}

function reportMesh(context: ExportContext): void {
  const { mesh } = context.index;
  if (!mesh) return;
  const standard = "mutual TLS and authorization of each service are written into the listeners of its workloads";
  context.tell(mesh, ["spec", "defaults"], "moved", standard);
  const trust =
    "the files name the trust domain; a control plane would issue, renew and revoke certificates, files do not (manual/certificates.md)";
  context.lose(mesh, ["spec", "trustDomain"], "approximate", trust);
  const observed =
    "the calls that Meshwright's own proxy notices (observed shapes, what a stricter mode would refuse) are not collected: Envoy has its metrics and the access log";
  context.lose(mesh, ["spec"], "lost", observed);
}

function reportService(context: ExportContext, service: Service): void {
  const { owner, description, criticality, dataClass, exposure, slo, mode } = service.spec;
  const words = Object.entries({ owner, description, criticality, dataClass, exposure, slo })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (words.length > 0)
    context.tell(service, ["metadata"], "moved", `${words.join(", ")} stay in the design: no proxy decides by them`);
  if (mode === "observe" || mode === "permissive") {
    const reason = `what step ${mode} would refuse later is counted by Envoy's shadow rules; nobody asks for the next step`;
    context.lose(service, ["spec", "mode"], "approximate", reason);
  }
}

/** What a verdict is given to: each rule of a route, any other object as a whole. */
function unitsOf(index: MeshIndex, object: MeshObject) {
  const key = objectKey(object);
  if (object === index.mesh) return [];
  if (object.kind === "Route" || object.kind === "TcpRoute")
    return object.spec.rules.map((_, i) => ({ key, path: `spec.rules[${i}]` }));
  if (object.kind === "TrafficPolicy") return policyUnits(object);
  return [{ key, path: "spec" }];
}
