"use client";
// "What is this mesh, in writing?" Job: the design document of what the context bar looks at, to read here and to take along.
// Rule: the screen shows the very blocks that Markdown and PDF are made of.
import { Button, Code, Image, List, Text, Title } from "@mantine/core";
import { IconFileText, IconFileTypePdf } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { get, keys } from "@/components/api-client";
import { useMesh, useView } from "@/components/shell";
import { Answer, DataTable, EmptyState, LoadingRows, Page, Panel, ReadingState, shortDigest } from "@/components/ui";
import type { Block, DesignDocument } from "@/lib/document";
import classes from "./document.module.css";

export function DocumentScreen() {
  const { mesh, atOf } = useMesh();
  const { view } = useView();
  const at = atOf(view.at);
  const query = useQuery({
    queryKey: keys.mesh(mesh, "draft", "document", at),
    queryFn: ({ signal }) => get<DesignDocument>(`/meshes/${mesh}/document?at=${at}&format=json`, signal),
    enabled: at !== null,
  });
  const file = (format: "pdf" | "md") => `/api/v1/meshes/${mesh}/document?at=${at}&format=${format}`;
  if (at === null) {
    return (
      <Page>
        <Answer eyebrow="Document" answer="Nothing runs yet, so there is no document of what runs." />
        <Panel>
          <EmptyState title="Look at the draft or a revision">Choose one in the bar on top.</EmptyState>
        </Panel>
      </Page>
    );
  }
  return (
    <Page>
      <Answer
        eyebrow="Document"
        answer={query.data ? query.data.title : "The technical design document"}
        detail={
          query.data
            ? `${query.data.subtitle}. Digest ${shortDigest(query.data.digest)}, the same on each page.`
            : "Purpose, architecture, policies, identity, controls, risks, decisions and rollout plan of one revision."
        }
        actions={
          <>
            <Button component="a" href={file("pdf")} download leftSection={<IconFileTypePdf size={16} />}>
              PDF
            </Button>
            <Button component="a" href={file("md")} download variant="default" leftSection={<IconFileText size={16} />}>
              Markdown
            </Button>
          </>
        }
      />
      <ReadingState of={query} />
      {query.isLoading ? (
        <Panel title="Writing the document">
          <LoadingRows rows={10} />
        </Panel>
      ) : query.data ? (
        <Panel>
          <article className={classes.paper}>
            {numbered(query.data.blocks).map(({ id, block }) => (
              <BlockView key={id} block={block} />
            ))}
          </article>
        </Panel>
      ) : null}
    </Page>
  );
}

/** The document is made anew as a whole: its blocks have no identity but their place. */
function numbered(blocks: readonly Block[]): { id: string; block: Block }[] {
  return blocks.map((block, place) => ({ id: `${place} ${block.kind}`, block }));
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      return (
        <Title
          order={block.level === 1 ? 2 : block.level === 2 ? 3 : 4}
          className={classes.heading}
          data-level={block.level}
        >
          {block.text}
        </Title>
      );
    case "paragraph":
      return <Text className={classes.text}>{block.text}</Text>;
    case "list":
      return (
        <List size="sm" className={classes.text}>
          {block.items.map((item) => (
            <List.Item key={item}>{item}</List.Item>
          ))}
        </List>
      );
    case "facts":
      return (
        <dl className={classes.facts}>
          {block.rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      );
    case "table":
      return <TableView block={block} />;
    case "code":
      return (
        <Code block className={classes.code} tabIndex={0} aria-label="YAML">
          {block.text}
        </Code>
      );
    case "diagram":
      return <Diagram block={block} />;
  }
}

function TableView({ block: { head, rows } }: { block: Extract<Block, { kind: "table" }> }) {
  return (
    <DataTable
      label={head.join(", ")}
      columns={head.map((title, place) => ({ title, cell: (row: readonly string[]) => row[place] }))}
      rows={rows}
      keyOf={(row) => row.join(" ")}
      minWidth={520}
    />
  );
}

/** As an image: nothing that stands in a name can become markup of this page. It is drawn for paper, so it stays on white. */
function Diagram({ block }: { block: Extract<Block, { kind: "diagram" }> }) {
  const source = useMemo(() => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(block.svg)}`, [block.svg]);
  return (
    <figure className={classes.figure}>
      <Image w="auto" maw="100%" src={source} alt={`${block.title}: ${block.mermaid}`} />
      <figcaption>{block.title}</figcaption>
    </figure>
  );
}
