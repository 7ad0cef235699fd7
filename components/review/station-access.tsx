"use client";
// Station 4: who may call whom, before and after. Rule: what changes comes first as sentences; the matrix is for those who want it all.
import { Button } from "@mantine/core";
import { useState } from "react";
import { objectName } from "@/components/comments";
import { EmptyState, Panel, plural, TableScroll } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";
import { Lead } from "./lead";
import classes from "./review.module.css";

type Cell = StationOf<"access">["cells"][number];
/** A larger matrix is read as a list of changes; it can still be opened. */
const MATRIX_UP_TO = 30;
const word = { allowed: "yes", partly: "some", denied: "no" } as const;

export function AccessStation({ content }: { content: StationOf<"access"> }) {
  const { gained, lost, callers, callees } = content;
  const isLarge = callers.length > MATRIX_UP_TO || callees.length > MATRIX_UP_TO;
  const [isOpen, setOpen] = useState(!isLarge);
  const changes = [
    ...lost.map((cell) => ({ cell, kind: "lost" })),
    ...gained.map((cell) => ({ cell, kind: "gained" })),
  ];
  return (
    <>
      <Lead>
        {changes.length === 0
          ? "Nobody gains access and nobody loses it."
          : `${plural(lost.length, "pair")} ${lost.length === 1 ? "loses" : "lose"} access, ${gained.length} ${gained.length === 1 ? "gains" : "gain"} it.`}
      </Lead>
      <Panel title="What changes" flush>
        {changes.length === 0 ? (
          <EmptyState title="The same callers as before">The matrix below shows who they are.</EmptyState>
        ) : (
          <ul className={classes.sentences}>
            {changes.map(({ cell, kind }) => (
              <li key={`${cell.caller} ${cell.callee}`}>
                <span className={classes.mark} data-mark={kind === "lost" ? "removed" : "changed"}>
                  {kind === "lost" ? "loses" : "gains"}
                </span>
                <span className={classes.sentence}>
                  {objectName(cell.caller)} → {objectName(cell.callee)}: {inWords(cell.before)} before,{" "}
                  {inWords(cell.after)} after
                  {cell.why.length > 0 ? `, by ${cell.why.map(objectName).join(", ")}` : ""}.
                </span>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      <Panel
        title="Who may call whom"
        hint={
          content.complete
            ? "Rows call columns. An empty cell is denied before and after."
            : "A large mesh: only pairs that something was drawn or written for were asked."
        }
        flush
      >
        {isOpen ? (
          <Matrix content={content} />
        ) : (
          <EmptyState
            title={`${callers.length} callers and ${callees.length} callees`}
            action={
              <Button size="xs" variant="default" onClick={() => setOpen(true)}>
                Show the matrix
              </Button>
            }
          >
            {plural(content.cells.length, "pair")} may call.
          </EmptyState>
        )}
      </Panel>
    </>
  );
}

function inWords(access: Cell["before"]): string {
  if (access === null) return "not there";
  if (access === "partly") return "some requests allowed";
  return access;
}

/** Written out: browsers drop the role of an element that is laid out otherwise. */
const as = (role: string) => ({ role });

/** On a phone each caller folds into lines, with whom it may call. */
function Matrix({ content }: { content: StationOf<"access"> }) {
  const cells = new Map(content.cells.map((cell) => [`${cell.caller} ${cell.callee}`, cell]));
  const lost = new Set(content.lost.map((cell) => `${cell.caller} ${cell.callee}`));
  const gained = new Set(content.gained.map((cell) => `${cell.caller} ${cell.callee}`));
  return (
    <TableScroll label="Matrix of callers and callees">
      <table {...as("table")} className={classes.matrix} aria-label="Who may call whom, before and after">
        <thead {...as("rowgroup")}>
          <tr {...as("row")}>
            <th {...as("columnheader")} scope="col">
              caller
            </th>
            {content.callees.map((callee) => (
              <th {...as("columnheader")} scope="col" key={callee} title={callee}>
                {objectName(callee)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...as("rowgroup")}>
          {content.callers.map((caller) => (
            <tr {...as("row")} key={caller}>
              <th {...as("rowheader")} scope="row" title={caller}>
                {objectName(caller)}
              </th>
              {content.callees.map((callee) => {
                const id = `${caller} ${callee}`;
                const cell = cells.get(id);
                const change = lost.has(id) ? "lost" : gained.has(id) ? "gained" : undefined;
                return (
                  <td
                    key={callee}
                    {...as("cell")}
                    className={classes.cell}
                    data-callee={objectName(callee)}
                    data-change={change}
                    data-access={cell?.after ?? "denied"}
                    title={cell ? `${objectName(caller)} → ${objectName(callee)}: ${cell.why.join(", ")}` : undefined}
                  >
                    {cell ? textOf(cell, change) : ""}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function textOf(cell: Cell, change: string | undefined): string {
  const after = cell.after === null ? "gone" : word[cell.after];
  if (!change) return after;
  return `${cell.before === null ? "–" : word[cell.before]} → ${after}`;
}
