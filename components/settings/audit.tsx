"use client";
// "What was done here, and is the record whole?" Job: the event log of the mesh with its chain verified. Rule: "verified" names
// the event and the time it was verified to; a broken chain names the first event that does not fit.
import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type EventDto, get, keys, type PageOf } from "@/components/api-client";
import { useMesh, useUrlParameters } from "@/components/shell";
import {
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  LoadingRows,
  Mono,
  Panel,
  StatusBadge,
  TimeAgo,
} from "@/components/ui";
import type { ChainDto } from "@/lib/api/schema";

const kinds = [
  { value: "review", label: "Reviews" },
  { value: "deployment", label: "Deployments" },
  { value: "revision", label: "Revisions" },
  { value: "approval", label: "Approval rules" },
  { value: "binding", label: "Bindings" },
  { value: "certificate", label: "Certificates" },
  { value: "proxy", label: "Proxies" },
];

const columns: readonly Column<EventDto>[] = [
  { title: "What", folded: "line", cell: ({ sentence }) => sentence },
  { title: "When", isWhole: true, cell: ({ at }) => <TimeAgo at={at} /> },
  { title: "Event", cell: ({ id }) => id },
  { title: "Hash", cell: ({ hash }) => <Mono title={hash}>{hash.slice(0, 12)}</Mono> },
];

export function Audit() {
  const { mesh } = useMesh();
  const { search, set } = useUrlParameters();
  const kind = kinds.find(({ value }) => value === search.get("kind"))?.value ?? null;
  const chain = useQuery({
    queryKey: keys.mesh(mesh, "chain"),
    queryFn: ({ signal }) => get<ChainDto>(`/meshes/${mesh}/events/chain`, signal),
    staleTime: 30_000,
  });
  const log = useInfiniteQuery({
    queryKey: keys.mesh(mesh, "events", "audit", kind),
    queryFn: ({ signal, pageParam }) => {
      const query = new URLSearchParams({
        limit: "50",
        ...(kind ? { kind } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      });
      return get<PageOf<EventDto>>(`/meshes/${mesh}/events?${query}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
  const rows = log.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Stack>
      <Panel
        title="The chain"
        hint="Each event carries the hash of the one before; a changed, removed or inserted one breaks every later link"
        aside={
          <Button size="compact-xs" variant="default" loading={chain.isFetching} onClick={() => void chain.refetch()}>
            Verify again
          </Button>
        }
      >
        {chain.error ? (
          <ErrorState error={chain.error} onRetry={() => void chain.refetch()} />
        ) : chain.data ? (
          <Chain chain={chain.data} />
        ) : (
          <LoadingRows rows={2} height={20} />
        )}
      </Panel>
      <Panel
        title="What was done"
        flush
        aside={
          <Select
            aria-label="Kind of event"
            size="xs"
            clearable
            placeholder="Everything"
            data={kinds}
            value={kind}
            onChange={(value) => set({ kind: value })}
          />
        }
      >
        {log.error ? (
          <ErrorState error={log.error} onRetry={() => void log.refetch()} />
        ) : log.isLoading ? (
          <LoadingRows />
        ) : rows.length === 0 ? (
          <EmptyState title="Nothing of this kind yet">It appears here as soon as somebody does it.</EmptyState>
        ) : (
          <DataTable label="Events" columns={columns} rows={rows} keyOf={({ id }) => String(id)} minWidth={640} />
        )}
        {log.hasNextPage ? (
          <Group p="md">
            <Button
              size="compact-sm"
              variant="default"
              loading={log.isFetchingNextPage}
              onClick={() => void log.fetchNextPage()}
            >
              Older events
            </Button>
          </Group>
        ) : null}
      </Panel>
    </Stack>
  );
}

function Chain({ chain }: { chain: ChainDto }) {
  if (chain.broken) {
    return (
      <Stack gap={6}>
        <Group gap={8}>
          <StatusBadge status="failing">Broken at event {chain.broken.event}</StatusBadge>
        </Group>
        <Text size="sm">
          Event {chain.broken.event} does not hold: {chain.broken.why}. The {chain.events} before it do
          {chain.verifiedTo ? `, up to event ${chain.verifiedTo}` : ""}. Compare with a backup of the database.
        </Text>
      </Stack>
    );
  }
  return (
    <Stack gap={6}>
      <Group gap={8}>
        <StatusBadge status={chain.events === 0 ? "unmeasured" : "ok"}>
          {chain.events === 0 ? "No event yet" : `Chain verified to event ${chain.verifiedTo}`}
        </StatusBadge>
        <Text size="sm" c="dimmed">
          <TimeAgo at={chain.at} />, {chain.events} events of all meshes
        </Text>
      </Group>
      {chain.head ? (
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          Head: <Mono>{chain.head}</Mono>. Keep it elsewhere, and a log whose end was cut off shows too.
        </Text>
      ) : null}
    </Stack>
  );
}
