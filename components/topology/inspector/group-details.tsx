"use client";
// A closed group: who is in it, the worst first, and the way in.
import { Button, Stack, Text } from "@mantine/core";
import { StatusIcon } from "@/components/ui";
import { groupName } from "../model/groups";
import { healthOf } from "../model/live";
import { nameOf } from "../model/to-canvas";
import classes from "../topology.module.css";
import type { InspectorProps } from "./props";

const most = 20;
const rank = { failing: 0, attention: 1, stale: 2, unmeasured: 3, ok: 4 };

export function GroupDetails({ id, topology, onSelect, onFold }: InspectorProps & { id: string }) {
  const members = [...topology.groups]
    .flatMap(([key, group]) => {
      if (group !== id) return [];
      const live = topology.live.services.get(key);
      return [{ key, status: live ? healthOf(live.now, live.state) : ("unmeasured" as const) }];
    })
    .sort((a, b) => rank[a.status] - rank[b.status] || a.key.localeCompare(b.key));
  return (
    <div>
      <div className={classes.inspectorHead}>
        <Text size="xs" c="dimmed">
          Group of {members.length}
        </Text>
        <Text component="h2" fw={600} size="lg" className={classes.breakable}>
          {groupName(id)}
        </Text>
        <Button mt={8} size="xs" onClick={() => onFold(id)}>
          Open the group
        </Button>
      </div>
      <div className={classes.section}>
        <Stack gap={2}>
          {members.slice(0, most).map(({ key, status }) => (
            <Button
              key={key}
              variant="subtle"
              size="compact-sm"
              justify="flex-start"
              leftSection={<StatusIcon status={status} size={14} label={status} />}
              onClick={() => onSelect([key])}
            >
              {nameOf(key)}
            </Button>
          ))}
          {members.length > most ? (
            <Text size="xs" c="dimmed">
              and {members.length - most} more
            </Text>
          ) : null}
        </Stack>
      </div>
    </div>
  );
}
