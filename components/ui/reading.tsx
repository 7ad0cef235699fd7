"use client";
// What was asked of the server and did not come. Job: an error where nothing can be shown, a note where old data still is, the
// sentence over a screen meanwhile. Rule: each says what to do, and what was not read is never shown as empty.
import { Alert, Anchor, Button, Text } from "@mantine/core";
import { IconClockPause, IconLock, IconPlugConnectedX, IconRefresh } from "@tabler/icons-react";
import { Answer, TimeAgo } from "./layout";
import classes from "./layout.module.css";
import type { Status } from "./status-words";

/** The part of a query that tells how reading went. */
export interface Reading {
  error: Error | null;
  data: unknown;
  dataUpdatedAt: number;
  refetch(): unknown;
}

const FORBIDDEN = 403;
const UNREACHABLE = 0;

function statusOf(error: unknown): number | undefined {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" ? status : undefined;
}

/** Says what happened and what to do; keeps the layout. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const isForbidden = statusOf(error) === FORBIDDEN;
  return (
    <Alert
      color={isForbidden ? "gray" : "red"}
      variant="light"
      role="alert"
      icon={isForbidden ? <IconLock /> : <IconPlugConnectedX />}
      title={isForbidden ? "You may not see this" : "This could not be loaded"}
      className={classes.error}
    >
      <Text size="sm">
        {error instanceof Error ? error.message : "The server did not answer. Check that Meshwright is running."}
      </Text>
      {isForbidden ? (
        <Text size="sm" mt={4}>
          An administrator gives roles in Settings, People.
        </Text>
      ) : null}
      {onRetry && !isForbidden ? (
        <Button mt={12} size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
          Try again
        </Button>
      ) : null}
    </Alert>
  );
}

/** Above what was asked for: nothing while all is well, an error without data, a note when the data is old. */
export function ReadingState({ of }: { of: Reading }) {
  const { error, data, dataUpdatedAt, refetch } = of;
  if (!error) return null;
  if (data === undefined) return <ErrorState error={error} onRetry={() => void refetch()} />;
  // A lost connection is said once, by the line on top of the page.
  if (statusOf(error) === UNREACHABLE) return null;
  return (
    <div className={classes.staleNote} role="status">
      <IconClockPause size={16} aria-hidden />
      <span>
        Stale: read <TimeAgo at={new Date(dataUpdatedAt).toISOString()} />, and not since. {error.message}{" "}
        <Anchor component="button" size="sm" underline="always" onClick={() => void refetch()}>
          Try again
        </Anchor>
      </span>
    </div>
  );
}

/** The head of a screen that has nothing else to say yet. */
export function ReadingHead(props: { eyebrow: string; of: Pick<Reading, "error">; what: string }) {
  const { status, text } = readingAnswer(props.of, props.what);
  return <Answer eyebrow={props.eyebrow} status={status} answer={text} />;
}

/** The sentence over a screen while its data is not there. */
export function readingAnswer(of: Pick<Reading, "error">, what: string): { status: Status; text: string } {
  const name = what.includes(" ") ? `${what.slice(0, 1).toUpperCase()}${what.slice(1)}` : what;
  return of.error
    ? { status: "unmeasured", text: `${name} could not be read.` }
    : { status: "unmeasured", text: `Reading ${what}.` };
}
