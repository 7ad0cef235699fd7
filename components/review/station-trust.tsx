"use client";
// Station 3: where trust ends, what crosses, and what protects it before and after.
import { Text } from "@mantine/core";
import { objectName } from "@/components/comments";
import { type Column, DataTable, EmptyState, Panel, plural, type Status, StatusBadge } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";
import { Lead } from "./lead";

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
  return leaves && mtls !== "mutual" && mtls !== "refused" ? "no TLS by the mesh" : mtlsWord[mtls];
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
      <Lead>
        {content.inside.total === 0
          ? "No call stays inside the mesh."
          : content.inside.mutual === content.inside.total
            ? `All ${content.inside.total} drawn calls inside the mesh use mutual TLS.`
            : `${content.inside.mutual} of ${content.inside.total} drawn calls inside the mesh use mutual TLS.`}{" "}
        {weaker.length > 0
          ? `${plural(weaker.length, "call")} would lose it.`
          : content.changed.length > 0
            ? `The protection of ${plural(content.changed.length, "call")} changes.`
            : "No drawn call changes its protection."}
      </Lead>
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

const columns: readonly Column<Crossing>[] = [
  {
    title: "Call",
    cell: ({ caller, callee }) => (
      <Text size="sm" fw={500}>
        {objectName(caller)} → {objectName(callee)}
      </Text>
    ),
  },
  { title: "From", cell: ({ from }) => from },
  { title: "To", cell: ({ to }) => to },
  { title: "Before", cell: ({ before, leaves }) => (before === null ? "new" : protectionOf(before, leaves)) },
  {
    title: "After",
    cell: ({ after, leaves }) =>
      after === null ? (
        "gone"
      ) : (
        <StatusBadge status={mtlsStatus(after, leaves)}>{protectionOf(after, leaves)}</StatusBadge>
      ),
  },
];

function Crossings({ rows }: { rows: readonly Crossing[] }) {
  return (
    <DataTable
      label="Calls that cross a boundary"
      columns={columns}
      rows={rows}
      keyOf={({ caller, callee }) => `${caller} ${callee}`}
      minWidth={620}
    />
  );
}
