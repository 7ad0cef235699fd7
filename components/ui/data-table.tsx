"use client";
// The table of every screen. Job: rows under titled columns; on a phone each row folds into lines, without scrolling sideways.
// Rule: folded or not it is one table with the same rows, columns and titles to a screen reader. Browsers drop the role of an element
// that is laid out otherwise, so the roles are written out, and the titles stay there unseen.
import { Table, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { type CSSProperties, Fragment, type ReactNode } from "react";
import classes from "./data-table.module.css";
import { TableScroll } from "./layout";

export interface Column<T> {
  title: string;
  cell(row: T): ReactNode;
  /** Buttons need no title to the eye. */
  isTitleHidden?: boolean;
  isNumber?: boolean;
  /** On one line, also where the column is narrow. */
  isWhole?: boolean;
  /** CSS width, for a table whose columns stand fixed. */
  width?: string;
  /**
   * Where the cell stands in a folded row: what the row is about, beside that, on a line of its own, or among the facts, each with its
   * title. The first column is what the row is about, the others are facts.
   */
  folded?: "head" | "aside" | "line" | "fact";
  sort?: { direction: "ascending" | "descending" | "none"; onSort(): void };
}

interface DataTableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
  /** In pixels: where the panel is narrower and the rows do not fold, the table scrolls within it. */
  minWidth?: number;
  hasFixedColumns?: boolean;
  highlightOnHover?: boolean;
  isSelected?(row: T): boolean;
  /** Opened below the row, over its whole width. */
  detail?(row: T): ReactNode;
}

export function DataTable<T>(props: DataTableProps<T>) {
  const { label, columns, rows, keyOf, minWidth = 0, hasFixedColumns = false, highlightOnHover = false } = props;
  return (
    <TableScroll label={label}>
      <Table
        role="table"
        className={classes.table}
        style={{ "--table-min-width": `${minWidth}px` } as CSSProperties}
        layout={hasFixedColumns ? "fixed" : "auto"}
        highlightOnHover={highlightOnHover}
      >
        <Table.Thead role="rowgroup">
          <Table.Tr role="row">
            {columns.map((column) => (
              <Head key={column.title} column={column} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {rows.map((row) => {
            const detail = props.detail?.(row);
            return (
              <Fragment key={keyOf(row)}>
                <Table.Tr role="row" data-selected={props.isSelected?.(row) || undefined}>
                  {columns.map((column, place) => (
                    <Cell key={column.title} column={column} isFirst={place === 0}>
                      {column.cell(row)}
                    </Cell>
                  ))}
                </Table.Tr>
                {detail ? (
                  <Table.Tr role="row">
                    <Table.Td role="cell" colSpan={columns.length} data-folded="line">
                      {detail}
                    </Table.Td>
                  </Table.Tr>
                ) : null}
              </Fragment>
            );
          })}
        </Table.Tbody>
      </Table>
    </TableScroll>
  );
}

function Head<T>({ column: { title, isTitleHidden, isNumber, width, sort } }: { column: Column<T> }) {
  const Icon = sort?.direction === "descending" ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th
      role="columnheader"
      scope="col"
      data-number={isNumber || undefined}
      style={width === undefined ? {} : { width }}
      {...(sort ? { "aria-sort": sort.direction } : {})}
    >
      {sort ? (
        <UnstyledButton
          className={classes.sort}
          data-active={sort.direction !== "none" || undefined}
          data-number={isNumber || undefined}
          onClick={sort.onSort}
        >
          {title}
          <Icon size={12} className={classes.sortIcon} aria-hidden />
        </UnstyledButton>
      ) : null}
      <span className={sort ? classes.foldedTitle : isTitleHidden ? classes.unseen : undefined}>{title}</span>
    </Table.Th>
  );
}

function Cell<T>(props: { column: Column<T>; isFirst: boolean; children: ReactNode }) {
  const { title, isTitleHidden, isNumber, isWhole, folded = props.isFirst ? "head" : "fact" } = props.column;
  return (
    <Table.Td
      role={props.isFirst ? "rowheader" : "cell"}
      data-folded={folded}
      data-number={isNumber || undefined}
      data-whole={isWhole || undefined}
      data-title={isTitleHidden ? undefined : title}
    >
      {props.children}
    </Table.Td>
  );
}
