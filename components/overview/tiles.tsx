"use client";
// The four golden signals as tiles: now, the change against the same time before, the shape of the range.
import { Skeleton, Text } from "@mantine/core";
import Link from "next/link";
import type { SignalsDto } from "@/components/api-client";
import { type Change, changeOf, Sparkline } from "@/components/charts";
import {
  absent,
  bytesPerSecond,
  callsPerSecond,
  failureRatio,
  formatByteRate,
  formatDuration,
  formatMs,
  formatPercent,
  formatTraffic,
  type Status,
  StatusIcon,
} from "@/components/ui";
import { rangeToMs } from "@/lib/api/schema/common";
import { factsOf, overRange, signalStates } from "./answer";
import classes from "./overview.module.css";

export function Tiles({
  signals,
  href,
  isReading,
}: {
  signals: SignalsDto | undefined;
  href: string;
  isReading: boolean;
}) {
  if (isReading) {
    return (
      <div className={classes.tiles} aria-busy="true">
        {["latency", "traffic", "errors", "saturation"].map((name) => (
          <Skeleton key={name} height={154} />
        ))}
      </div>
    );
  }
  const now = signals?.now;
  const length = signals ? formatDuration(rangeToMs(signals.range)) : "time";
  const before = signals?.before;
  const points = signals?.points ?? [];
  const facts = factsOf(signals);
  const use = facts?.worst ?? null;
  const states = signalStates(facts);
  const tiles: Omit<TileProps, "before">[] = [
    {
      name: "Latency p99",
      value: formatMs(now?.p99),
      change: changeOf(now?.p99 ?? null, before?.p99 ?? null, "amount"),
      worse: "up",
      status: states.latency,
      values: points.map((each) => each.p99),
      series: 1,
      note: `p50 ${formatMs(now?.p50)}, p95 ${formatMs(now?.p95)}`,
    },
    {
      name: "Traffic",
      value: now ? formatTraffic(now) : absent,
      change: changeOf(now?.requestsPerSecond ?? null, before?.requestsPerSecond ?? null, "amount"),
      worse: null,
      status: states.traffic,
      values: points.map(callsPerSecond),
      series: 2,
      note: now?.tcp ? `TCP: ${formatByteRate(bytesPerSecond(now.tcp))}` : "requests, each counted once",
    },
    {
      name: "Errors",
      value: formatPercent(facts?.errorRatio),
      change: changeOf(facts?.errorRatio ?? null, before ? failureRatio(before) : null, "ratio"),
      worse: "up",
      status: states.errors,
      values: points.map(failureRatio),
      series: "failing",
      note: now?.tcp ? "5xx, no answer, failed connections" : "5xx and no answer",
    },
    {
      name: "Saturation",
      value: use ? formatPercent(use.use) : "–",
      worse: "up",
      status: states.saturation,
      values: use && signals ? overRange(use.what, signals.saturation.points, signals.saturation) : [],
      max: 1,
      series: 3,
      note: use ? `nearest limit: ${use.what}` : "nothing near a limit was measured",
    },
  ];
  return (
    <div className={classes.tiles}>
      {tiles.map((tile) => (
        <Link key={tile.name} href={href} className={classes.tile} prefetch={false}>
          <Tile {...tile} before={length} />
        </Link>
      ))}
    </div>
  );
}

interface TileProps {
  name: string;
  value: string;
  /** Null: there is no earlier figure; absent: it is not compared. */
  change?: Change | null;
  worse: "up" | null;
  status: Status;
  values: readonly (number | null)[];
  /** What the top of the line stands for; absent: its highest value. */
  max?: number | undefined;
  series: 1 | 2 | 3 | "failing";
  note: string;
  /** As "15 min". */
  before: string;
}

function Tile(props: TileProps) {
  const isWorse = props.change && props.worse === props.change.direction;
  return (
    <>
      <span className={classes.tileHead}>
        <Text size="sm" fw={500}>
          {props.name}
        </Text>
        <StatusIcon status={props.status} label={props.status === "unmeasured" ? "not measured" : props.status} />
      </span>
      <span className={classes.tileValue}>{props.value}</span>
      <span className={classes.tileChange} data-worse={isWorse || undefined}>
        {props.change === undefined
          ? null
          : props.change
            ? `${props.change.text} vs the ${props.before} before`
            : props.status === "unmeasured"
              ? "no data"
              : "no earlier figure"}
      </span>
      <Sparkline values={props.values} series={props.series} max={props.max} />
      <Text size="xs" c="dimmed">
        {props.note}
      </Text>
    </>
  );
}
