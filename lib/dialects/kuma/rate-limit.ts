// MeshRateLimit <-> RateLimit: both count at the callee, each instance for itself.
// The rule: a limit for all HTTP requests is the same here; limits of some callers, of connections, and answers of their own keep the policy whole.
import { keyOf, type RateLimit, refKey, type SpecOf, serviceRefKey } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import { type Fields, msToDuration, type Sink } from "../shared/fields";
import { loseSharedLimit } from "../shared/shared-limit";
import type { KumaExport } from "./export-refs";
import { leaveOut } from "./merge";
import type { KumaState } from "./state";
import { readRef, selectionOf } from "./target-ref";

/** The model's shortest period, and Envoy's. */
const SHORTEST_MS = 50;

export function importRateLimit(state: KumaState) {
  return (context: ImportContext, resource: Resource, spec: Fields, sink: Sink): Understood => {
    const result = understood(resource);
    const selection = selectionOf(context, state, resource, readRef(spec.object("targetRef")));
    const entries = [...spec.list("from"), ...spec.list("rules")];
    const limits = entries.map((fields) => {
      const ref = readRef(fields.object("targetRef"));
      const local = fields.object("default")?.object("local");
      const http = local?.object("http");
      const rate = http?.object("requestRate");
      const requests = rate?.number("num");
      const perMs = rate?.duration("interval");
      const isOff = http?.flag("disabled") === true;
      for (const each of [rate, http, local, fields]) each?.keepRest();
      const isForAll = ref === undefined || ref.kind === "Mesh";
      return isForAll && !isOff && requests && perMs && perMs >= SHORTEST_MS ? { requests, perMs } : undefined;
    });
    spec.keepRest();
    const [limit, ...more] = limits;
    const why =
      selection.type !== "services"
        ? "it is not for whole services of the design"
        : !limit || more.length > 0
          ? "it does more than count all HTTP requests"
          : sink.kept.length > 0
            ? "it says more than a number of requests and a time"
            : undefined;
    if (why !== undefined || selection.type !== "services" || !limit) {
      sink.kept.length = 0;
      leaveOut(context, { resource, result }, why ?? "it is not understood");
      return result;
    }
    for (const service of selection.services) {
      const { name, namespace } = service.metadata;
      const key = keyOf("Service", namespace, name);
      const existing = context.all("RateLimit").find((each) => serviceRefKey(each.spec.service, each) === key);
      const object: SpecOf<"RateLimit"> = { service: existing?.spec.service ?? { name }, limits: [limit] };
      const own = selection.services.length === 1 ? resource.name : `${resource.name}-${name}`;
      const put = context.put(
        "RateLimit",
        existing?.metadata.name ?? own,
        object,
        { resource: { ...resource, namespace } },
        existing,
      );
      result.objects.push(put);
      result.sentences.push(`each instance of ${name} takes ${limit.requests} requests in ${limit.perMs} ms.`);
    }
    return result;
  };
}

export function exportRateLimit(out: KumaExport, rateLimit: RateLimit): void {
  const { context } = out;
  if (loseSharedLimit(context, rateLimit, "Kuma")) return;
  const { service: ref, limits, shadow, tellsCallers } = rateLimit.spec;
  const service = context.index.get(refKey({ kind: "Service", ...ref }, rateLimit));
  const lose = (path: (string | number)[], reason: string, changesMeaning: boolean) =>
    context.lose(rateLimit, path, "lost", reason, changesMeaning ? { changesMeaning } : {});
  if (shadow || service?.kind !== "Service") {
    lose(["spec"], "Kuma has no limit that only counts", false);
    return;
  }
  const plain = limits.findIndex(({ match }) => match === undefined);
  const limit = limits[plain];
  limits.forEach((each, i) => {
    if (each.match)
      lose(
        ["spec", "limits", i],
        "Kuma limits all requests, or those of callers by identity, not by path or header",
        true,
      );
  });
  if (!limit) return;
  if (limit.burst !== undefined && limit.burst !== limit.requests) {
    context.lose(
      rateLimit,
      ["spec", "limits", plain, "burst"],
      "approximate",
      "so many at once as in one period: Kuma has no other burst",
      { changesMeaning: true },
    );
  }
  if (tellsCallers) lose(["spec", "tellsCallers"], "Kuma's answers do not tell how much is left", false);
  const { name } = rateLimit.metadata;
  const { ref: targetRef, isAssumed } = out.pods(service);
  if (isAssumed)
    context.lose(
      rateLimit,
      ["spec", "service"],
      "approximate",
      `Kuma selects workloads by label: app=${service.metadata.name} is assumed on them`,
    );
  const http = { requestRate: { num: limit.requests, interval: msToDuration(limit.perMs) } };
  const made = out.add(
    "MeshRateLimit",
    { name, namespace: service.metadata.namespace },
    { targetRef, rules: [{ default: { local: { http } } }] },
    { of: rateLimit },
  );
  context.tell(rateLimit, ["spec", "limits", plain], "exact", "means the same in MeshRateLimit", {
    target: `MeshRateLimit ${made}`,
  });
}
