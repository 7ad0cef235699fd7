"use client";
// The charts of one scope: small multiples that share time and hover. Rule: saturation is always shown, also as "no data".
import { useMemo } from "react";
import type { SignalsDto } from "@/components/api-client";
import { changeOf, HeatMap, TimeChart, withGaps } from "@/components/charts";
import {
  bytesPerSecond,
  failedInWords,
  formatByteRate,
  formatClock,
  formatMs,
  formatPercent,
  formatRate,
  Panel,
} from "@/components/ui";
import { rangeToMs } from "@/lib/api/schema/common";
import classes from "./signals.module.css";
import { atStart } from "./words";

const noTraffic = "No proxy has reported in this range. It is not zero: it was not measured.";
const noSaturation = "No proxy has reported this in the range.";

export function Charts({ signals, title }: { signals: SignalsDto; title: string }) {
  const { now, state, marks, saturation } = signals;
  const points = useMemo(
    () =>
      withGaps(signals.points, {
        p50: (point) => point.p50,
        p95: (point) => point.p95,
        p99: (point) => point.p99,
        rate: (point) => point.requestsPerSecond,
        errors: (point) => point.errorRatio,
        mtls: (point) => point.mtlsRatio,
        // Measured, and without a connection: zero.
        connections: (point) => point.tcp?.connectionsPerSecond ?? (point.requestsPerSecond === null ? null : 0),
        failed: (point) => point.tcp?.failedRatio ?? null,
        received: (point) => point.tcp?.receivedBytesPerSecond ?? (point.requestsPerSecond === null ? null : 0),
        sent: (point) => point.tcp?.sentBytesPerSecond ?? (point.requestsPerSecond === null ? null : 0),
      }),
    [signals.points],
  );
  const times = useMemo(() => signals.points.map((point) => new Date(point.at).getTime()), [signals.points]);
  const use = useMemo(
    () =>
      withGaps(saturation.points, {
        pool: (point) => point.poolUse,
        pending: (point) => point.pendingUse,
        requests: (point) => point.requestsUse,
        loop: (point) => point.eventLoopDelayP99Ms,
        cpu: (point) => point.cpuMillicores,
        memory: (point) => point.privateMb,
      }),
    [saturation.points],
  );
  const to = Math.max(
    points.at(-1)?.at ?? 0,
    use.at(-1)?.at ?? 0,
    signals.lastScrapeAt ? new Date(signals.lastScrapeAt).getTime() : 0,
  );
  const from = to - rangeToMs(signals.range);
  const shown = apart(
    marks.filter((mark) => new Date(mark.at).getTime() >= from),
    (to - from) / 40,
  );
  const shared = { state, marks: shown, from, to, noData: noTraffic };
  const sat = { state: state === "zero" ? ("live" as const) : state, marks: shown, from, to, noData: noSaturation };
  const megabytes = (value: number) => `${value.toFixed(0)} MB`;
  const millicores = (value: number) => `${value.toFixed(0)} mCPU`;
  const { before } = signals;
  const against = (value: number | null, was: number | null, kind: "amount" | "ratio") => {
    const change = changeOf(value, was, kind);
    return change && change.direction !== "same" ? ` (${change.text})` : "";
  };
  return (
    <Panel
      title={`${atStart(title)}: golden signals`}
      hint="Gaps were not measured. In brackets: against the same length of time before."
    >
      <div className={classes.grid}>
        <TimeChart
          {...shared}
          title="Latency"
          value={`p99 ${formatMs(now.p99)}${against(now.p99, before.p99, "amount")}`}
          points={points}
          format={formatMs}
          floor={5}
          series={[
            { name: "p99", label: "p99", colour: 1 },
            { name: "p95", label: "p95", colour: 2, dash: "6 3" },
            { name: "p50", label: "p50", colour: 3, dash: "2 3" },
          ]}
        />
        <HeatMap
          title="Latency, every request"
          bounds={signals.heatmap.bounds}
          counts={signals.heatmap.counts}
          times={times}
          from={from}
          to={to}
          formatMs={formatMs}
          noData={noTraffic}
        />
        <TimeChart
          {...shared}
          title="Traffic"
          value={`${formatRate(now.requestsPerSecond)}${against(now.requestsPerSecond, before.requestsPerSecond, "amount")}`}
          points={points}
          format={formatRate}
          floor={1}
          series={[{ name: "rate", label: "requests per second", colour: 2 }]}
        />
        <TimeChart
          {...shared}
          title="Errors"
          value={`${formatPercent(now.errorRatio)}${against(now.errorRatio, before.errorRatio, "ratio")}`}
          points={points}
          format={formatPercent}
          floor={0.01}
          series={[{ name: "errors", label: "share of requests", colour: "failing" }]}
        />
        {signals.total.tcp ? (
          <>
            <TimeChart
              {...shared}
              title="TCP connections"
              value={formatRate(now.tcp?.connectionsPerSecond ?? 0)}
              points={points}
              format={formatRate}
              floor={1}
              series={[{ name: "connections", label: "connections per second", colour: 2 }]}
            />
            <TimeChart
              {...shared}
              title="TCP bytes"
              value={formatByteRate(bytesPerSecond(now.tcp) ?? 0)}
              points={points}
              format={formatByteRate}
              floor={1}
              series={[
                { name: "sent", label: "to callers", colour: 1 },
                { name: "received", label: "from callers", colour: 2, dash: "6 3" },
              ]}
            />
            <TimeChart
              {...shared}
              title="Failed connections"
              value={now.tcp ? failedInWords(now.tcp) : "none"}
              points={points}
              format={formatPercent}
              floor={0.01}
              series={[{ name: "failed", label: "share of connections", colour: "failing" }]}
            />
          </>
        ) : null}
        <TimeChart
          {...sat}
          title="Saturation: share of limits"
          value={formatPercent(saturation.poolUse)}
          points={use}
          format={formatPercent}
          floor={0.1}
          limit={{ value: 1, label: "limit" }}
          series={[
            { name: "pool", label: "connections", colour: 1 },
            { name: "requests", label: "in flight", colour: 2, dash: "6 3" },
            { name: "pending", label: "pending", colour: 3, dash: "2 3" },
          ]}
        />
        <TimeChart
          {...sat}
          title="Sidecar CPU"
          value={withBudget(saturation.cpuMillicores, saturation.cpuBudgetMillicores, millicores)}
          points={use}
          format={millicores}
          floor={10}
          series={[{ name: "cpu", label: "millicores", colour: 1 }]}
        />
        <TimeChart
          {...sat}
          title="Sidecar memory"
          value={withBudget(saturation.privateMb, saturation.memoryBudgetMb, megabytes)}
          points={use}
          format={megabytes}
          floor={10}
          series={[{ name: "memory", label: "private memory", colour: 2 }]}
        />
        <TimeChart
          {...sat}
          title="Event-loop delay p99"
          value={formatMs(saturation.eventLoopDelayP99Ms)}
          points={use}
          format={formatMs}
          floor={5}
          series={[{ name: "loop", label: "delay", colour: 3 }]}
        />
        <TimeChart
          {...shared}
          title="In mTLS"
          value={formatPercent(now.mtlsRatio)}
          points={points}
          format={formatPercent}
          floor={1}
          series={[{ name: "mtls", label: "share of requests", colour: 1 }]}
        />
      </div>
      {shown.length > 0 ? (
        <ol className={classes.marks} aria-label="Changes, marked on the charts by their number">
          {shown.map((mark) => (
            <li key={mark.id}>
              {formatClock(mark.at)} {mark.text}
            </li>
          ))}
        </ol>
      ) : null}
    </Panel>
  );
}

/** Marks that would stand on each other become one; the last word of the group is the one that counts. */
function apart(marks: SignalsDto["marks"], closeMs: number): SignalsDto["marks"] {
  const out: SignalsDto["marks"] = [];
  for (const mark of [...marks].sort((a, b) => a.at.localeCompare(b.at))) {
    const last = out.at(-1);
    if (last && new Date(mark.at).getTime() - new Date(last.at).getTime() < closeMs) out[out.length - 1] = mark;
    else out.push(mark);
  }
  return out;
}

function withBudget(value: number | null, budget: number | null, format: (value: number) => string): string {
  if (value === null) return "–";
  return budget === null ? format(value) : `${format(value)} of ${format(budget)}`;
}
