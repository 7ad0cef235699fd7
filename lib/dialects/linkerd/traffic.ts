// What annotations of Services say beside routes: failure accrual -> TrafficPolicy, opaque ports -> ports of protocol tcp.
import { keyOf, serviceRefKey } from "@/lib/mesh";
import type { ImportContext, Resource } from "../shared/context";
import { type Annotations, accrualOf, OPAQUE_PORTS } from "./annotations";

export function putTraffic(context: ImportContext): void {
  for (const resource of context.resources) {
    if (resource.kind !== "Service" || resource.apiVersion !== "v1" || !resource.annotations) continue;
    putOpaquePorts(context, resource, resource.annotations);
    putAccrual(context, resource, resource.annotations);
  }
}

/** Opaque to Linkerd is TCP: no routes, no conditions on requests. */
function putOpaquePorts(context: ImportContext, resource: Resource, annotations: Annotations): void {
  const written = annotations[OPAQUE_PORTS];
  const service = context.find("Service", keyOf("Service", resource.namespace, resource.name));
  if (written === undefined || !service) return;
  const ranges = written.split(",").map((part) => /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part));
  if (ranges.some((each) => !each)) {
    const path = ["metadata", "annotations", OPAQUE_PORTS];
    const message = `${OPAQUE_PORTS} names something other than ports and ranges; those parts are ignored`;
    context.warn(resource, path, message, 'Write it as "3306,5432-5440".', { verdict: "ignored" });
  }
  const isOpaque = (port: number) =>
    ranges.some((each) => each && port >= Number(each[1]) && port <= Number(each[2] ?? each[1]));
  if (!service.spec.ports.some(({ port, protocol }) => isOpaque(port) && protocol !== "tcp")) return;
  const ports = service.spec.ports.map((each) => (isOpaque(each.port) ? { ...each, protocol: "tcp" as const } : each));
  const changed = { ...service, spec: { ...service.spec, ports } };
  context.objects.set(keyOf("Service", resource.namespace, resource.name), changed);
}

function putAccrual(context: ImportContext, resource: Resource, annotations: Annotations): void {
  const { detection, problems, mode } = accrualOf(annotations);
  for (const { name, message, fix } of problems) {
    const path = ["metadata", "annotations", name];
    context.warn(resource, path, `${name} ${message}; it is ignored`, fix, { verdict: "ignored" });
  }
  const key = keyOf("Service", resource.namespace, resource.name);
  if (mode !== undefined && !detection) {
    const message = `failure accrual "${mode}" has no counterpart in the model: it stays on the Service, without effect here`;
    const path = ["metadata", "annotations", "balancer.linkerd.io/failure-accrual"];
    context.warn(resource, path, message, 'Use "consecutive".', { verdict: "lost" });
  }
  if (!detection || !context.get(key)) return;
  const existing = context
    .all("TrafficPolicy")
    .find((each) => serviceRefKey(each.spec.service, each) === key && each.spec.subset === undefined);
  const spec = {
    ...existing?.spec,
    service: existing?.spec.service ?? { name: resource.name },
    outlierDetection: detection,
  };
  const { annotations: _annotations, labels: _labels, ...source } = resource;
  context.put("TrafficPolicy", resource.name, spec, { resource: { ...source, dialect: "linkerd" } }, existing);
  const message =
    "failure accrual is taken over as outlier detection: Linkerd probes an endpoint, Envoy ejects it for a time";
  context.warn(resource, ["metadata", "annotations"], message, "Check the times.");
}
