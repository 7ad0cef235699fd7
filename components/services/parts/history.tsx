"use client";
// What happened to a service: what its proxies and certificates went through, and every deployment, which touches all.
import { Text } from "@mantine/core";
import { useEvents } from "@/components/api-client";
import { EmptyState, LoadingRows, Panel, TimeAgo } from "@/components/ui";
import { concerns } from "../model/history";
import classes from "../services.module.css";

/** As many events are read as one page of the API holds; older ones are in the audit log. */
const read = 200;
const shown = 12;

export function History({ mesh, namespace, name }: { mesh: string; namespace: string; name: string }) {
  const events = useEvents(mesh, read);
  const items = (events.data?.items ?? []).filter((event) => concerns(event, namespace, name)).slice(0, shown);
  return (
    <Panel title="History" flush>
      {events.isPending ? (
        <LoadingRows rows={3} />
      ) : items.length === 0 ? (
        <EmptyState title="Nothing recorded">
          Deployments, certificates and refused configurations appear here.
        </EmptyState>
      ) : (
        <ul className={classes.history}>
          {items.map((event) => (
            <li key={event.id}>
              <Text size="sm">{event.sentence}</Text>
              <span className={classes.when}>
                {event.actorName} · <TimeAgo at={event.at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
