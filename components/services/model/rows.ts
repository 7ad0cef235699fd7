// The rows of the list of services. Job: one row from design, measurement and findings; sorting, filtering, the sentence on top.
// Rule: pure; what was not measured sorts last in either direction and is never counted as healthy.
import type { FindingDto, TopologyDto } from "@/components/api-client";
import { listInWords, plural } from "@/components/ui/format";
import { type Mark, type Status, worstStatus } from "@/components/ui/status-words";
import { callsPerSecond, failureRatio, failureStatus, type TcpTraffic } from "@/components/ui/traffic";
import { objectKey } from "@/lib/mesh";
import { type Step, stepOf } from "./effective";

export interface ServiceRow {
  key: string;
  name: string;
  namespace: string;
  owner: string | null;
  criticality: string | null;
  step: Step;
  status: Status;
  word: string;
  requestsPerSecond: number | null;
  tcp: TcpTraffic | null;
  /** Of requests or connections, whichever is worse. */
  errorRatio: number | null;
  p99: number | null;
  mtlsRatio: number | null;
  versions: string[];
  proxies: { ready: number; total: number };
  findings: number;
}

type LiveService = TopologyDto["services"][number];

export function rowsOf(topology: TopologyDto, findings: readonly FindingDto[]): ServiceRow[] {
  const live = new Map(topology.services.map((each) => [each.key, each]));
  const counts = new Map<string, number>();
  for (const { refs } of findings) for (const key of new Set(refs)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return topology.document.objects.flatMap((object) => {
    if (object.kind !== "Service") return [];
    const key = objectKey(object);
    const now = live.get(key);
    const { status, word } = stateOf(now);
    return [
      {
        key,
        name: object.metadata.name,
        namespace: object.metadata.namespace,
        owner: object.spec.owner ?? null,
        criticality: object.spec.criticality ?? null,
        step: stepOf(topology.document, object),
        status,
        word,
        requestsPerSecond: now?.now.requestsPerSecond ?? null,
        tcp: now?.now.tcp ?? null,
        errorRatio: now ? failureRatio(now.now) : null,
        p99: now?.now.p99 ?? null,
        mtlsRatio: now?.now.mtlsRatio ?? null,
        versions: now?.versions.map((each) => each.version) ?? [],
        proxies: { ready: now?.proxies.ready ?? 0, total: now?.proxies.total ?? 0 },
        findings: counts.get(key) ?? 0,
      },
    ];
  });
}

/** Istio's thresholds for the success rate, as on the topology; a refused configuration is a failure. */
export function stateOf(service: LiveService | undefined): { status: Status; word: string } {
  if (!service || service.state === "no-data") return { status: "unmeasured", word: "not measured" };
  if (service.state === "stale") return { status: "stale", word: "stale" };
  const health = failureStatus(failureRatio(service.now) ?? 0);
  const status = worstStatus([health, ...(service.proxies.nack > 0 ? (["failing"] as const) : [])]);
  if (service.proxies.nack > 0) return { status, word: "refused its configuration" };
  return { status, word: service.state === "zero" ? "no traffic now" : status };
}

export const sorts = ["state", "name", "owner", "step", "traffic", "errors", "p99", "mtls", "findings"] as const;
export type Sort = (typeof sorts)[number];

const rank: Record<Status, number> = { failing: 0, attention: 1, stale: 2, unmeasured: 3, ok: 4 };
const steps: Step[] = ["observe", "permissive", "strict", "enforced"];
const worth: Record<Sort, (row: ServiceRow) => number | string | null> = {
  state: (row) => rank[row.status],
  name: (row) => row.name,
  owner: (row) => row.owner,
  step: (row) => steps.indexOf(row.step),
  traffic: callsPerSecond,
  errors: (row) => row.errorRatio,
  p99: (row) => row.p99,
  mtls: (row) => row.mtlsRatio,
  findings: (row) => row.findings,
};

export function sortRows(rows: readonly ServiceRow[], by: Sort, isDown: boolean): ServiceRow[] {
  const of = worth[by];
  return [...rows].sort((a, b) => {
    const [left, right] = [of(a), of(b)];
    if (left === null || right === null) return left === right ? a.name.localeCompare(b.name) : left === null ? 1 : -1;
    const order =
      typeof left === "string" ? left.localeCompare(String(right)) : left - (typeof right === "number" ? right : 0);
    return (isDown ? -order : order) || a.name.localeCompare(b.name);
  });
}

export interface Filter {
  text: string;
  owner: string | null;
  status: string | null;
}

export function filterRows(rows: readonly ServiceRow[], { text, owner, status }: Filter): ServiceRow[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter(
    (row) =>
      (owner === null || (row.owner ?? "nobody") === owner) &&
      (status === null || row.status === status) &&
      (wanted === "" ||
        [row.name, row.namespace, row.owner ?? "", ...row.versions].some((each) =>
          each.toLowerCase().includes(wanted),
        )),
  );
}

export function servicesAnswer(rows: readonly ServiceRow[]): { status: Mark; text: string } {
  if (rows.length === 0) return { status: "note", text: "No service is drawn yet." };
  const names = (status: Status) => rows.filter((row) => row.status === status).map((row) => row.name);
  const failing = names("failing");
  if (failing.length > 0)
    return { status: "failing", text: `${listInWords(failing)} ${failing.length === 1 ? "is" : "are"} failing.` };
  const attention = names("attention");
  if (attention.length > 0)
    return {
      status: "attention",
      text: `${listInWords(attention)} ${attention.length === 1 ? "returns" : "return"} errors.`,
    };
  const size = plural(rows.length, "service");
  const orphans = rows.filter((row) => row.owner === null).length;
  if (orphans > 0)
    return { status: "attention", text: `${orphans} of ${size} ${orphans === 1 ? "has" : "have"} no owner.` };
  const stale = names("stale").length;
  if (stale > 0) return { status: "stale", text: `What was measured of ${stale} of ${size} is stale.` };
  const unmeasured = names("unmeasured").length;
  if (unmeasured > 0) return { status: "unmeasured", text: `${size}; ${unmeasured} not measured yet.` };
  return { status: "ok", text: `${size}, all of them answer, each has an owner.` };
}
