// HTTPLocalRateLimitPolicy -> RateLimit, and back.
// The rule: both count in the proxy of each instance. Linkerd has one number for all calls of a Server, and numbers for single callers,
// which the model has not; those are kept.
import { keyOf, objectKey, type RateLimit, refKey, type Service } from "@/lib/mesh";
import { type ImportContext, type Resource, refFrom, type Understood, understood } from "../shared/context";
import type { ExportContext } from "../shared/export-context";
import { metadataOf } from "../shared/export-context";
import type { Fields, Sink } from "../shared/fields";
import { loseSharedLimit } from "../shared/shared-limit";
import type { OutServer } from "./export-servers";
import { keepAside } from "./kept-kinds";
import { type Part, POLICY_GROUP, type ServerPart } from "./state";

const SECOND_MS = 1000;

export type LimitPart = Part & { server: string; requestsPerSecond: number | undefined };

export const readRateLimit =
  (limits: LimitPart[]) =>
  (_context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const target = spec.object("targetRef");
    const name = target?.text("name");
    target?.text("group");
    target?.text("kind");
    target?.keepRest();
    const total = spec.object("total");
    const requestsPerSecond = total?.number("requestsPerSecond");
    total?.keepRest();
    spec.keepRest();
    if (!target || name === undefined) spec.problem("targetRef", "is missing, or has no name", "Name the Server.");
    else limits.push({ resource, result, kept: sink.kept, server: name, requestsPerSecond });
    return result;
  };

type Guard = { server: ServerPart; service: Service };

export function putRateLimits(context: ImportContext, limits: readonly LimitPart[], guards: readonly Guard[]): void {
  for (const limit of limits) {
    const { resource, result, kept, server, requestsPerSecond } = limit;
    const isOf = ({ server: { resource: own } }: Guard) => own.name === server && own.namespace === resource.namespace;
    const [guard, ...more] = guards.filter(isOf);
    const isOnly = guards.filter(({ service }) => service === guard?.service).length === 1;
    if (!guard || more.length > 0 || !isOnly || !requestsPerSecond) {
      const why = !requestsPerSecond ? "it has no total" : `Server ${server} is not the one of one service here`;
      keepAside(context, limit, ["spec"], `is left out: ${why}`);
      continue;
    }
    const { service } = guard;
    const key = objectKey(service);
    const existing =
      context.find("RateLimit", keyOf("RateLimit", resource.namespace, resource.name)) ??
      context.all("RateLimit").find((each) => refKey({ kind: "Service", ...each.spec.service }, each) === key);
    const spec = {
      service: refFrom(service, resource.namespace),
      limits: [{ requests: requestsPerSecond, perMs: SECOND_MS }],
    };
    result.objects.push(
      context.put("RateLimit", resource.name, spec, { resource, sink: { kept, problems: [] } }, existing),
    );
    result.sentences.push(`${service.metadata.name} takes ${requestsPerSecond} requests a second in each instance.`);
    for (const { path } of kept) {
      const message = "is kept, without effect here: the model does not count single callers";
      const judgement = { verdict: "lost", changesMeaning: true } as const;
      context.warn(resource, path, message, "Keep Linkerd for what it does.", judgement);
    }
  }
}

export function exportRateLimit(context: ExportContext, limit: RateLimit, servers: readonly OutServer[]): void {
  if (loseSharedLimit(context, limit, "Linkerd")) return;
  const { service, limits, connectionRate, shadow, tellsCallers } = limit.spec;
  if (connectionRate) {
    const reason = "Linkerd limits requests, not connections";
    context.lose(limit, ["spec", "connectionRate"], "lost", reason, { changesMeaning: true });
  }
  if (!limits) return;
  const key = refKey({ kind: "Service", ...service }, limit);
  const own = servers.filter((each) => objectKey(each.service) === key);
  const [first] = limits;
  const perSecond = first ? Math.floor((first.requests * SECOND_MS) / first.perMs) : 0;
  const reason = shadow
    ? "Linkerd does not count without refusing"
    : limits.length > 1 || first?.match
      ? "Linkerd limits all calls of a Server by one number: limits of some calls cannot be said"
      : perSecond < 1
        ? "Linkerd counts by the second: less than one request a second cannot be said"
        : own.length === 0
          ? "its service has no Server here"
          : undefined;
  if (reason !== undefined || !first) {
    context.lose(limit, ["spec"], "lost", reason ?? "it has no limit", shadow ? {} : { changesMeaning: true });
    return;
  }
  for (const [i, server] of own.entries()) {
    const name = i === 0 ? limit.metadata.name : `${limit.metadata.name}-${server.name}`;
    const targetRef = { group: POLICY_GROUP, kind: "Server", name: server.name };
    const metadata = metadataOf(limit, name, server.service.metadata.namespace);
    const spec = { targetRef, total: { requestsPerSecond: perSecond } };
    const manifest = { apiVersion: `${POLICY_GROUP}/v1alpha1`, kind: "HTTPLocalRateLimitPolicy", metadata, spec };
    context.add(manifest, limit);
  }
  const nearly = [
    ...(own.length > 1 ? ["each port counts for itself"] : []),
    ...(first.perMs === SECOND_MS ? [] : [`Linkerd counts by the second: ${perSecond} in each`]),
    ...(first.burst !== undefined && first.burst !== perSecond
      ? ["Linkerd lets through as many at once as in a second"]
      : []),
    ...(tellsCallers ? ["answers do not tell what is left"] : []),
  ];
  for (const each of nearly) context.lose(limit, ["spec"], "approximate", each);
}
