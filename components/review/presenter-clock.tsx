"use client";
// The presenter's clock: how long the board has been at it, of twenty minutes. Rule: it runs only when somebody started it,
// lives in this tab, and survives walking between stations and a reload.
import { ActionIcon, Text, Tooltip } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import { useNow } from "@/components/ui";
import { numberOf, type StationId } from "@/lib/review";
import classes from "./review.module.css";
import { clockText } from "./words";

const PLANNED_MS = 20 * 60_000;

interface Kept {
  /** When it was last started; null while it stands. */
  since: number | null;
  /** Counted before that. */
  ms: number;
}

export interface Clock {
  isRunning: boolean;
  ms: number;
  /** Where the board should be by now, 1 to 9. */
  plannedStation: number;
  station: number;
  toggle(): void;
}

export function useClock(review: number, station: StationId): Clock {
  const name = `meshwright-review-clock-${review}`;
  const [kept, setKept] = useState<Kept>({ since: null, ms: 0 });
  const now = useNow(1_000);
  useEffect(() => setKept(read(name)), [name]);
  const toggle = useCallback(() => {
    setKept((current) => {
      const at = Date.now();
      const next =
        current.since === null ? { since: at, ms: current.ms } : { since: null, ms: current.ms + at - current.since };
      window.sessionStorage.setItem(name, JSON.stringify(next));
      return next;
    });
  }, [name]);
  const ms = kept.ms + (kept.since === null ? 0 : Math.max(0, now - kept.since));
  return {
    isRunning: kept.since !== null,
    ms,
    plannedStation: Math.min(9, 1 + Math.floor((ms / PLANNED_MS) * 9)),
    station: numberOf(station),
    toggle,
  };
}

function read(name: string): Kept {
  try {
    const value: unknown = JSON.parse(window.sessionStorage.getItem(name) ?? "null");
    if (typeof value === "object" && value !== null && "ms" in value && typeof value.ms === "number") {
      return value as Kept;
    }
  } catch {
    // Somebody else's text under our name: begin anew.
  }
  return { since: null, ms: 0 };
}

export function PresenterClock({ clock }: { clock: Clock }) {
  const left = PLANNED_MS - clock.ms;
  const isLate = clock.isRunning && clock.plannedStation > clock.station;
  return (
    <span className={classes.clock} data-late={left < 0 || isLate || undefined}>
      <Text size="xs" component="span" className={classes.digits}>
        {clockText(clock.ms)} / 20:00
      </Text>
      {clock.isRunning && isLate ? (
        <Text size="xs" component="span">
          planned: {clock.plannedStation}
        </Text>
      ) : null}
      <Tooltip label={clock.isRunning ? "Stop the clock (c)" : "Start the clock (c)"}>
        <ActionIcon
          size="sm"
          variant="subtle"
          onClick={clock.toggle}
          aria-label={clock.isRunning ? "Stop the presenter's clock" : "Start the presenter's clock"}
        >
          {clock.isRunning ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
        </ActionIcon>
      </Tooltip>
    </span>
  );
}
