"use client";
// The adoption of the whole mesh. Job: one line per service, opened to its steps. Rule: the sentence comes first, figures are those of a day.
import { Button, Text } from "@mantine/core";
import { IconStairs } from "@tabler/icons-react";
import { useMesh, useUrlParameters } from "@/components/shell";
import {
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  LoadingRows,
  Panel,
  plural,
  StatusBadge,
} from "@/components/ui";
import { parseKey } from "@/lib/mesh";
import type { Adoption } from "@/lib/modes";
import { AdoptionView, statusOf } from "./service-adoption";
import { useModes } from "./use-modes";

export function AdoptionTable() {
  const { environment } = useMesh();
  const modes = useModes();
  const { search, set } = useUrlParameters();
  const opened = search.get("service");
  if (!environment)
    return (
      <Panel>
        <EmptyState icon={<IconStairs size={32} stroke={1.5} />} title="No environment yet">
          Steps are judged by the calls that are seen in an environment.
        </EmptyState>
      </Panel>
    );
  if (modes.error) return <ErrorState error={modes.error} onRetry={() => void modes.refetch()} />;
  const items = modes.data?.items;
  return (
    <Panel
      title={items ? summaryOf(items) : "Reading"}
      hint={`By the calls of the last 24 hours in ${environment.name}.`}
      flush
    >
      {!items ? (
        <LoadingRows />
      ) : items.length === 0 ? (
        <EmptyState title="No services yet">Draw or import services first.</EmptyState>
      ) : (
        <DataTable
          label="Adoption by service"
          columns={columnsOf(opened, (service) => set({ service: opened === service ? null : service }))}
          rows={items}
          keyOf={({ service }) => service}
          detail={(each) => (each.service === opened ? <AdoptionView adoption={each} /> : null)}
        />
      )}
    </Panel>
  );
}

function summaryOf(items: readonly Adoption[]): string {
  const out = items.filter((each) => each.optOut).length;
  const done = items.filter((each) => !each.optOut && !each.next).length;
  const stuck = items.filter((each) => !each.optOut && (each.ahead[0]?.blockers.length ?? 0) > 0).length;
  return [
    `${done} of ${plural(items.length, "service")} enforced`,
    ...(stuck > 0 ? [`${stuck} would break something at the next step`] : []),
    ...(out > 0 ? [`${out} out of the mesh`] : []),
  ].join(", ");
}

function columnsOf(opened: string | null, onToggle: (service: string) => void): Column<Adoption>[] {
  return [
    {
      title: "Service",
      cell: ({ service }) => (
        <Button size="compact-sm" variant="subtle" aria-expanded={service === opened} onClick={() => onToggle(service)}>
          {parseKey(service)?.name ?? service}
        </Button>
      ),
    },
    { title: "Step", cell: ({ optOut, current }) => (optOut ? "none" : current) },
    { title: "Next", cell: ({ optOut, next }) => (optOut ? "observe" : (next ?? "nothing left")) },
    {
      title: "Calls seen",
      isNumber: true,
      cell: ({ requests }) =>
        requests > 0 ? (
          requests.toLocaleString()
        ) : (
          <Text span size="sm" c="dimmed">
            none
          </Text>
        ),
    },
    {
      title: "State",
      folded: "aside",
      cell: (each) => <StatusBadge status={statusOf(each).status}>{statusOf(each).word}</StatusBadge>,
    },
  ];
}
