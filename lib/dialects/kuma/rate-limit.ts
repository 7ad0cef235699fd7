// MeshRateLimit <-> RateLimit: both count at the callee, each instance for itself.
// The rule: a limit for all HTTP requests or all new connections is the same here; limits of some callers, and answers of their own, keep the
// policy whole.
import { keyOf, type Path, type RateLimit, refKey, type SpecOf, serviceRefKey } from "@/lib/mesh";
import { type ImportContext, type Resource, type Understood, understood } from "../shared/context";
import type { ExportContext } from "../shared/export-context";
import { type Fields, msToDuration, type Sink } from "../shared/fields";
import { loseSharedLimit } from "../shared/shared-limit";
import type { KumaExport } from "./export-refs";
import { leaveOut } from "./merge";
import { speaksHttp } from "./ports";
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
      const tcp = local?.object("tcp");
      const requests = rateOf(http, "requestRate");
      const connections = rateOf(tcp, "connectionRate");
      for (const each of [http, tcp, local, fields]) each?.keepRest();
      const isForAll = ref === undefined || ref.kind === "Mesh";
      const isRead = requests !== "unclear" && connections !== "unclear" && (requests ?? connections) !== undefined;
      return isForAll && isRead ? { requests, connections } : undefined;
    });
    spec.keepRest();
    const [limit, ...more] = limits;
    const why =
      selection.type !== "services"
        ? "it is not for whole services of the design"
        : !limit || more.length > 0
          ? "it does more than count all HTTP requests and new connections"
          : sink.kept.length > 0
            ? "it says more than a number and a time"
            : undefined;
    if (why !== undefined || selection.type !== "services" || !limit) {
      sink.kept.length = 0;
      leaveOut(context, { resource, result }, why ?? "it is not understood");
      return result;
    }
    const { requests, connections } = limit;
    for (const service of selection.services) {
      const { name, namespace } = service.metadata;
      const key = keyOf("Service", namespace, name);
      const existing = context.all("RateLimit").find((each) => serviceRefKey(each.spec.service, each) === key);
      const object: SpecOf<"RateLimit"> = {
        service: existing?.spec.service ?? { name },
        ...(requests ? { limits: [{ requests: requests.num, perMs: requests.perMs }] } : {}),
        ...(connections ? { connectionRate: { connections: connections.num, perMs: connections.perMs } } : {}),
      };
      const own = selection.services.length === 1 ? resource.name : `${resource.name}-${name}`;
      const put = context.put(
        "RateLimit",
        existing?.metadata.name ?? own,
        object,
        { resource: { ...resource, namespace } },
        existing,
      );
      result.objects.push(put);
      const said = [
        ...(requests ? [`${requests.num} requests in ${requests.perMs} ms`] : []),
        ...(connections ? [`${connections.num} new connections in ${connections.perMs} ms`] : []),
      ];
      result.sentences.push(`each instance of ${name} takes ${said.join(" and ")}.`);
      if (connections && speaksHttp(service)) {
        const message = `limits new connections to ${name}; sidecars here send all HTTP requests of a caller over few of them, so it is reached later`;
        context.warn(resource, ["spec"], message, "Limit its requests.", {
          verdict: "approximate",
          changesMeaning: true,
        });
      }
    }
    return result;
  };
}

type Rate = { num: number; perMs: number };

/** Absent: nothing is limited; unclear: something is, which the model cannot say. */
function rateOf(protocol: Fields | undefined, name: string): Rate | "unclear" | undefined {
  const rate = protocol?.object(name);
  const num = rate?.number("num");
  const perMs = rate?.duration("interval");
  const isOff = protocol?.flag("disabled") === true;
  rate?.keepRest();
  if (!protocol || isOff) return undefined;
  return num && perMs && perMs >= SHORTEST_MS ? { num, perMs } : "unclear";
}

export function exportRateLimit(out: KumaExport, rateLimit: RateLimit): void {
  const { context } = out;
  const { service: ref, shadow, connectionRate } = rateLimit.spec;
  const service = context.index.get(refKey({ kind: "Service", ...ref }, rateLimit));
  if (shadow || service?.kind !== "Service") {
    if (!loseSharedLimit(context, rateLimit, "Kuma"))
      context.lose(rateLimit, ["spec"], "lost", "Kuma has no limit that only counts");
    return;
  }
  const tcp = connectionRate
    ? { tcp: { connectionRate: { num: connectionRate.connections, interval: msToDuration(connectionRate.perMs) } } }
    : {};
  const local = { ...requestsOf(context, rateLimit), ...tcp };
  if (Object.keys(local).length === 0) return;
  const { name } = rateLimit.metadata;
  const { ref: targetRef, isAssumed } = out.pods(service);
  if (isAssumed)
    context.lose(
      rateLimit,
      ["spec", "service"],
      "approximate",
      `Kuma selects workloads by label: app=${service.metadata.name} is assumed on them`,
    );
  const home = { name, namespace: service.metadata.namespace };
  const target = `MeshRateLimit ${out.add("MeshRateLimit", home, { targetRef, rules: [{ default: { local } }] }, { of: rateLimit })}`;
  const exact = "means the same in MeshRateLimit";
  const at = plainLimit(rateLimit);
  if ("http" in local) context.tell(rateLimit, ["spec", "limits", at], "exact", exact, { target });
  if (!connectionRate) return;
  const path = ["spec", "connectionRate"];
  if (speaksHttp(service)) {
    const reason = "HTTP/1.1 comes over more connections in Kuma, so the limit is reached sooner";
    context.lose(rateLimit, path, "approximate", reason, { changesMeaning: true });
  } else context.tell(rateLimit, path, "exact", exact, { target });
  loseBurst(context, rateLimit, [...path, "burst"], connectionRate.burst, connectionRate.connections);
}

const plainLimit = ({ spec: { limits = [] } }: RateLimit): number =>
  limits.findIndex(({ match }) => match === undefined);

/** What Kuma has of the limits of requests; the rest is told. */
function requestsOf(context: ExportContext, rateLimit: RateLimit): { http?: unknown } {
  const { limits = [], tellsCallers } = rateLimit.spec;
  if (limits.length === 0 || loseSharedLimit(context, rateLimit, "Kuma", ["spec", "limits"])) return {};
  limits.forEach(({ match }, i) => {
    const reason = "Kuma limits all requests, or those of callers by identity, not by path or header";
    if (match) context.lose(rateLimit, ["spec", "limits", i], "lost", reason, { changesMeaning: true });
  });
  const plain = plainLimit(rateLimit);
  const limit = limits[plain];
  if (!limit) return {};
  loseBurst(context, rateLimit, ["spec", "limits", plain, "burst"], limit.burst, limit.requests);
  if (tellsCallers)
    context.lose(rateLimit, ["spec", "tellsCallers"], "lost", "Kuma's answers do not tell how much is left");
  return { http: { requestRate: { num: limit.requests, interval: msToDuration(limit.perMs) } } };
}

function loseBurst(
  context: ExportContext,
  rateLimit: RateLimit,
  path: Path,
  burst: number | undefined,
  rate: number,
): void {
  if (burst === undefined || burst === rate) return;
  const reason = "so many at once as in one period: Kuma has no other burst";
  context.lose(rateLimit, path, "approximate", reason, { changesMeaning: true });
}
