"use client";
// One box. Rule: memoised on its own data; what it shows depends on the level of detail, never on live subscriptions.
import { IconMessage } from "@tabler/icons-react";
import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { createContext, memo, useContext } from "react";
import { StatusIcon } from "@/components/ui";
import classes from "./canvas.module.css";
import { FAR_TITLE_WIDTH, farTitleSize } from "./geometry";
import type { CanvasNode, Detail } from "./types";

export type BoxNodeType = Node<{ node: CanvasNode; editable: boolean }, "box">;

export const DetailContext = createContext<Detail>("near");

const changeSign = { added: "+", removed: "−", changed: "~" } as const;

export const BoxNode = memo(function BoxNode({ data, selected }: NodeProps<BoxNodeType>) {
  const detail = useContext(DetailContext);
  const { node, editable } = data;
  return (
    <div
      className={classes.node}
      data-shape={node.shape}
      data-tone={node.tone}
      data-detail={detail}
      data-selected={selected || undefined}
      data-dimmed={node.dimmed || undefined}
      data-change={node.change ?? undefined}
      style={node.tint ? { background: `color-mix(in srgb, ${node.tint} 18%, var(--mw-surface))` } : undefined}
    >
      <span className={classes.stripe} style={{ background: node.stripe }} />
      {detail === "far" ? (
        <span className={classes.farTitle} style={{ fontSize: farTitleSize(node.title), maxWidth: FAR_TITLE_WIDTH }}>
          {node.title}
        </span>
      ) : (
        <NearContent node={node} detail={detail} />
      )}
      {node.change ? <span className={classes.change}>{changeSign[node.change]}</span> : null}
      <Handle
        type="target"
        position={Position.Left}
        className={classes.targetHandle}
        isConnectable={editable}
        isConnectableStart={false}
      />
      <Handle type="source" position={Position.Right} className={classes.sourceHandle} isConnectable={editable} />
    </div>
  );
});

const commentStyle = { background: "var(--mw-accent-soft)", color: "var(--mw-accent)" };

function CommentCount({ count }: { count: number }) {
  const label = `${count} open ${count === 1 ? "comment" : "comments"}`;
  return (
    <span className={classes.nodeBadge} style={commentStyle} title={label} role="img" aria-label={label}>
      <IconMessage size={10} aria-hidden /> {count}
    </span>
  );
}

function NearContent({ node, detail }: { node: CanvasNode; detail: Detail }) {
  const Icon = node.icon;
  return (
    <>
      <div className={classes.nodeHead}>
        <span className={classes.ring} data-tone={node.tone}>
          <Icon size={16} stroke={1.75} />
        </span>
        <span className={classes.nodeTitle} title={node.title}>
          {node.title}
        </span>
        {node.badge ? (
          <span className={classes.nodeBadge} data-tone={node.badge.tone} title={node.badge.label}>
            {node.badge.count}
          </span>
        ) : null}
        {node.comments ? <CommentCount count={node.comments} /> : null}
        <StatusIcon status={node.tone} size={16} label={node.toneWord} />
      </div>
      {detail === "near" || node.chips.length > 1 ? (
        <>
          {detail === "near" ? <div className={classes.nodeFacts}>{node.facts}</div> : null}
          <div className={classes.chips}>
            {node.chips.slice(0, 3).map((chip) => (
              <span key={chip.text} className={classes.chip}>
                {chip.text}
                {chip.share === null ? null : <b>{Math.round(chip.share * 100)} %</b>}
              </span>
            ))}
            {node.chips.length > 3 ? <span className={classes.chip}>+{node.chips.length - 3}</span> : null}
            {node.chips.length === 0 ? <span className={classes.nodeSubtitle}>{node.subtitle}</span> : null}
          </div>
        </>
      ) : (
        <div className={classes.nodeSubtitle}>{node.subtitle}</div>
      )}
    </>
  );
}
