"use client";
// The adoption of the whole mesh. Job: one line per service, opened to its steps. Rule: the sentence comes first, figures are those of a day.
import { Button, Table, Text } from "@mantine/core";
import { IconStairs } from "@tabler/icons-react";
import { useMesh, useUrlParameters } from "@/components/shell";
import { EmptyState, ErrorState, LoadingRows, Panel, plural, StatusBadge, TableScroll } from "@/components/ui";
import { parseKey } from "@/lib/mesh";
import type { Adoption } from "@/lib/modes";
import { AdoptionView, statusOf } from "./service-adoption";
import { useModes } from "./use-modes";

export function AdoptionTable() {
  const { environment } = useMesh();
  const modes = useModes();
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
        <TableScroll label="Adoption by service">
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Service</Table.Th>
                <Table.Th>Step</Table.Th>
                <Table.Th>Next</Table.Th>
                <Table.Th ta="right">Calls seen</Table.Th>
                <Table.Th>State</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((each) => (
                <Row key={each.service} adoption={each} />
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
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

function Row({ adoption }: { adoption: Adoption }) {
  const { search, set } = useUrlParameters();
  const name = parseKey(adoption.service)?.name ?? adoption.service;
  const isOpen = search.get("service") === adoption.service;
  const { status, word } = statusOf(adoption);
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <Button
            size="compact-sm"
            variant="subtle"
            aria-expanded={isOpen}
            onClick={() => set({ service: isOpen ? null : adoption.service })}
          >
            {name}
          </Button>
        </Table.Td>
        <Table.Td>{adoption.optOut ? "none" : adoption.current}</Table.Td>
        <Table.Td>{adoption.optOut ? "observe" : (adoption.next ?? "nothing left")}</Table.Td>
        <Table.Td ta="right">
          {adoption.requests > 0 ? (
            adoption.requests.toLocaleString()
          ) : (
            <Text span size="sm" c="dimmed">
              none
            </Text>
          )}
        </Table.Td>
        <Table.Td>
          <StatusBadge status={status}>{word}</StatusBadge>
        </Table.Td>
      </Table.Tr>
      {isOpen ? (
        <Table.Tr>
          <Table.Td colSpan={5}>
            <AdoptionView adoption={adoption} />
          </Table.Td>
        </Table.Tr>
      ) : null}
    </>
  );
}
