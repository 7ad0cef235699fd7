"use client";
// What happened last in this mesh, newest first.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { type EventDto, useEvents } from "@/components/api-client";
import { EmptyState, LoadingRows, Panel, StatusIcon, TimeAgo } from "@/components/ui";
import { eventGroups } from "./event-groups";
import classes from "./overview.module.css";

/** A deployment of a large mesh issues many certificates; they are read, and shown as one line. */
const READ = 100;
const SHOWN = 8;

export function RecentChanges({ mesh }: { mesh: string }) {
  const events = useEvents(mesh, READ);
  const groups = eventGroups(events.data?.items ?? [], SHOWN);
  return (
    <Panel
      title="Recent changes"
      aside={
        <Anchor size="sm" component={Link} href={`/meshes/${mesh}/settings?tab=audit`}>
          Audit log
        </Anchor>
      }
      flush
    >
      {events.isPending ? (
        <LoadingRows rows={4} />
      ) : groups.length === 0 ? (
        <EmptyState title="No change yet">Deployments, certificates and refused configurations appear here.</EmptyState>
      ) : (
        <ul className={classes.rows}>
          {groups.map(({ event, sentence }) => (
            <li key={event.id}>
              <StatusIcon status={eventStatus(event)} label={eventStatus(event)} />
              <div className={classes.rowText}>
                <Text size="sm">{sentence}</Text>
              </div>
              <Text size="xs" c="dimmed" ta="right">
                {event.actorName} · <TimeAgo at={event.at} />
              </Text>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function eventStatus(event: EventDto): "ok" | "failing" | "attention" | "note" {
  if (/nack|fail|refus|denied/.test(event.kind)) return "failing";
  if (/restor|revok|disconnect/.test(event.kind)) return "attention";
  if (/done|finish|ready/.test(event.kind)) return "ok";
  return "note";
}
