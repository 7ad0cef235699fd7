"use client";
// Station 3: where trust ends, what crosses, and what protects it before and after.
import { Table, Text } from "@mantine/core";
import { objectName } from "@/components/comments";
import { EmptyState, Panel, plural, type Status, StatusBadge, TableScroll } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";

type Crossing = StationOf<"trust">["crossings"][number];
type Mtls = Crossing["after"];

const mtlsWord: Record<Exclude<Mtls, null>, string> = {
  mutual: "mutual TLS",
  plaintext: "plain text",
  refused: "refused",
  none: "no call gets there",
};

/** Where a call leaves the mesh, no sidecar answers: what protects it is between the app and the other side. */
function protectionOf(mtls: Exclude<Mtls, null>, leaves: boolean): string {
  return leaves && mtls !== "mutual" && mtls !== "refused" ? "outside the mesh's own TLS" : mtlsWord[mtls];
}

function mtlsStatus(mtls: Mtls, leaves: boolean): Status {
  if (mtls === "mutual") return "ok";
  if (leaves && (mtls === "plaintext" || mtls === "none")) return "attention";
  if (mtls === "plaintext") return "failing";
  return "unmeasured";
}

export function TrustStation({ content }: { content: StationOf<"trust"> }) {
  const weaker = content.changed.filter(({ before, after }) => before === "mutual" && after !== "mutual");
  return (
    <>
      <Text size="sm">
        {content.inside.total === 0
          ? "No call stays inside the mesh."
          : content.inside.mutual === content.inside.total
            ? `All ${content.inside.total} drawn calls inside the mesh use mutual TLS.`
            : `${content.inside.mutual} of ${content.inside.total} drawn calls inside the mesh use mutual TLS.`}{" "}
        {weaker.length > 0
          ? `${plural(weaker.length, "call")} would lose it.`
          : content.changed.length > 0
            ? `The protection of ${plural(content.changed.length, "call")} changes.`
            : "The change makes no difference to it."}
      </Text>
      <Panel
        title="Calls that cross a boundary"
        hint={
          content.isDrawn
            ? plural(content.boundaries.length, "drawn boundary", "drawn boundaries")
            : "No trust boundary is drawn: each namespace counts as one, and the outside always is another"
        }
        flush
      >
        {content.crossings.length === 0 ? (
          <EmptyState title="Nothing crosses">No drawn call leaves the boundary that it begins in.</EmptyState>
        ) : (
          <Crossings rows={content.crossings} />
        )}
      </Panel>
      {content.changed.length > 0 ? (
        <Panel title="Calls whose protection changes" flush>
          <Crossings rows={content.changed} />
        </Panel>
      ) : null}
      {content.boundaries.length > 0 ? (
        <Panel title="Boundaries">
          {content.boundaries.map((boundary) => (
            <Text size="sm" key={boundary.key}>
              <b>{boundary.name}</b>: {boundary.services.map(objectName).join(", ") || "nobody yet"}.{" "}
              {boundary.description}
            </Text>
          ))}
        </Panel>
      ) : null}
    </>
  );
}

function Crossings({ rows }: { rows: readonly Crossing[] }) {
  return (
    <TableScroll label="Calls that cross a boundary">
      <Table miw={620}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Call</Table.Th>
            <Table.Th>From</Table.Th>
            <Table.Th>To</Table.Th>
            <Table.Th>Before</Table.Th>
            <Table.Th>After</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={`${row.caller} ${row.callee}`}>
              <Table.Td fw={500}>
                {objectName(row.caller)} → {objectName(row.callee)}
              </Table.Td>
              <Table.Td>{row.from}</Table.Td>
              <Table.Td>{row.to}</Table.Td>
              <Table.Td>{row.before === null ? "new" : protectionOf(row.before, row.leaves)}</Table.Td>
              <Table.Td>
                {row.after === null ? (
                  "gone"
                ) : (
                  <StatusBadge status={mtlsStatus(row.after, row.leaves)}>
                    {protectionOf(row.after, row.leaves)}
                  </StatusBadge>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}
