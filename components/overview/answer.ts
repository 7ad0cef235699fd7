// The overview's sentence and posture, from what was measured. Rule: the worst first, in numbers; what nobody measured
// is said as such and never counts as all right.
import { formatPercent, listInWords, plural } from "@/components/ui/format";
import type { Status } from "@/components/ui/status-words";

export interface OverviewFacts {
  signals: { state: "live" | "zero" | "stale" | "no-data"; errorRatio: number | null; mtlsRatio: number | null } | null;
  services: readonly { name: string; state: string; errorRatio: number | null }[];
  proxies: readonly {
    proxyKey: string;
    state: string;
    ready: boolean;
    desired: string;
    inSync: boolean;
    certificateNotAfter: string | null;
  }[];
  openDeployment: { revision: number; state: string } | null;
  isRunning: boolean;
  /** Not answered yet: neither measured nor unmeasured. */
  isReading: boolean;
}

export interface Sentence {
  status: Status;
  text: string;
}

export function overviewAnswer(facts: OverviewFacts, nowMs: number): Sentence {
  const failing = facts.services
    .filter((each) => (each.errorRatio ?? 0) >= 0.05 && each.state !== "no-data" && each.state !== "stale")
    .map((each) => each.name);
  const refused = facts.proxies.filter((proxy) => proxy.state === "nack");
  const gone = facts.proxies.filter((proxy) => proxy.state === "disconnected" && proxy.desired === "running");
  const expiring = expiringSoon(facts.proxies, nowMs);
  if (failing.length > 0)
    return {
      status: "failing",
      text: `${listInWords(failing)} ${failing.length === 1 ? "answers" : "answer"} with errors.`,
    };
  if (refused.length > 0)
    return { status: "failing", text: `${plural(refused.length, "proxy", "proxies")} refused the configuration.` };
  if (gone.length > 0)
    return { status: "failing", text: `${plural(gone.length, "proxy", "proxies")} cannot be reached.` };
  if (facts.isReading) return { status: "unmeasured", text: "Reading what the mesh does." };
  if (!facts.isRunning) return { status: "unmeasured", text: "Nothing is deployed yet." };
  if (!facts.signals || facts.signals.state === "no-data")
    return { status: "unmeasured", text: "The mesh runs; nothing is measured yet." };
  if (facts.signals.state === "stale")
    return { status: "stale", text: "The last measurements are old: proxies run on, nobody reads them." };
  if ((facts.signals.errorRatio ?? 0) >= 0.01)
    return { status: "attention", text: `${formatPercent(facts.signals.errorRatio)} of all calls fail.` };
  if (facts.signals.mtlsRatio !== null && facts.signals.mtlsRatio < 0.99999)
    return { status: "attention", text: `${formatPercent(1 - facts.signals.mtlsRatio)} of the traffic is plain text.` };
  if (expiring > 0)
    return {
      status: "attention",
      text: `${plural(expiring, "certificate")} ${expiring === 1 ? "ends" : "end"} within the hour.`,
    };
  if (facts.openDeployment)
    return { status: "ok", text: `The mesh is all right; r${facts.openDeployment.revision} is being rolled out.` };
  if (facts.signals.state === "zero") return { status: "ok", text: "The mesh is all right; no requests right now." };
  return {
    status: "ok",
    text: "The mesh is all right: traffic flows, encrypted between services, without errors to speak of.",
  };
}

export function expiringSoon(proxies: OverviewFacts["proxies"], nowMs: number, withinMs = 3_600_000): number {
  return proxies.filter(
    (proxy) => proxy.certificateNotAfter !== null && new Date(proxy.certificateNotAfter).getTime() - nowMs < withinMs,
  ).length;
}

export function postureOf(
  facts: OverviewFacts,
  nowMs: number,
): { label: string; status: Status; value: string; hint: string }[] {
  const running = facts.proxies.filter((proxy) => proxy.desired === "running");
  const inSync = running.filter((proxy) => proxy.inSync).length;
  const refused = running.filter((proxy) => proxy.state === "nack").length;
  const expiring = expiringSoon(running, nowMs);
  const withCertificate = running.filter((proxy) => proxy.certificateNotAfter !== null).length;
  const ratio = facts.signals && facts.signals.state !== "no-data" ? facts.signals.mtlsRatio : null;
  return [
    {
      label: "Traffic in mTLS",
      status:
        ratio === null
          ? "unmeasured"
          : facts.signals?.state === "stale"
            ? "stale"
            : ratio >= 0.99999
              ? "ok"
              : "attention",
      value: formatPercent(ratio),
      hint:
        ratio === null
          ? "no request was measured"
          : ratio >= 0.99999
            ? "every measured request between services"
            : "the topology shows where it is missing",
    },
    {
      label: "Proxies in sync",
      status:
        running.length === 0 ? "unmeasured" : refused > 0 ? "failing" : inSync === running.length ? "ok" : "attention",
      value: running.length === 0 ? "–" : `${inSync} of ${running.length}`,
      hint: refused > 0 ? `${plural(refused, "proxy", "proxies")} refused it` : "run what was deployed",
    },
    {
      label: "Certificates",
      status: withCertificate === 0 ? "unmeasured" : expiring > 0 ? "attention" : "ok",
      value: withCertificate === 0 ? "–" : expiring > 0 ? `${expiring} ending` : `${withCertificate} valid`,
      hint: expiring > 0 ? "within the hour, not renewed" : "renewed at half their life",
    },
  ];
}

export interface WorstUse {
  use: number;
  what: string;
}

/** The resource that is nearest to its limit. */
export function worstUse(saturation: {
  poolUse: number | null;
  pendingUse: number | null;
  requestsUse: number | null;
  cpuMillicores: number | null;
  cpuBudgetMillicores: number | null;
  privateMb: number | null;
  memoryBudgetMb: number | null;
}): WorstUse | null {
  const share = (part: number | null, whole: number | null) => (part === null || !whole ? null : part / whole);
  const uses: [string, number | null][] = [
    ["connection pool", saturation.poolUse],
    ["pending requests", saturation.pendingUse],
    ["requests in flight", saturation.requestsUse],
    ["sidecar CPU", share(saturation.cpuMillicores, saturation.cpuBudgetMillicores)],
    ["sidecar memory", share(saturation.privateMb, saturation.memoryBudgetMb)],
  ];
  let worst: WorstUse | null = null;
  for (const [what, use] of uses) if (use !== null && (worst === null || use > worst.use)) worst = { what, use };
  return worst;
}
