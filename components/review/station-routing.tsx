"use client";
import { useState } from "react";
import { EmptyState, Panel, plural, StatusBadge } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";
import { Lead } from "./lead";
import classes from "./review.module.css";
import { RoundTests } from "./round-tests";

type Consequence = StationOf<"routing">["consequences"][number];

export function RoutingStation({ content }: { content: StationOf<"routing"> }) {
  const { consequences, observed } = content;
  const attention = consequences.filter(({ severity }) => severity === "attention").length;
  return (
    <>
      <Lead>
        {consequences.length === 0
          ? "Every call that was asked is answered as before."
          : `${plural(consequences.length, "consequence")}, ${attention} that ${attention === 1 ? "needs" : "need"} attention.`}{" "}
        Asked: drawn calls, what routes and policies speak about
        {observed > 0 ? `, and ${plural(observed, "kind")} of request seen in the last day` : ""}.
      </Lead>
      <Panel title="What callers would notice" flush>
        {consequences.length === 0 ? (
          <EmptyState title="No consequence">The change does not reach any call that was asked.</EmptyState>
        ) : (
          <ul className={classes.sentences}>
            {consequences.map((each) => (
              <Row key={`${each.kind} ${each.sentence}`} consequence={each} />
            ))}
          </ul>
        )}
      </Panel>
      <Panel title="Policy tests" hint="Asked when this round was submitted" flush>
        <RoundTests tests={content.tests} />
      </Panel>
    </>
  );
}

function Row({ consequence }: { consequence: Consequence }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <li>
      <details className={classes.sentence} open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          {consequence.severity === "attention" ? (
            <>
              <StatusBadge status="attention">{consequence.kind.replace("-", " ")}</StatusBadge>{" "}
            </>
          ) : null}
          {consequence.sentence}
        </summary>
        <dl className={classes.facts}>
          <dt>Asked</dt>
          <dd>{consequence.request}</dd>
          <dt>Before</dt>
          <dd>{consequence.before}</dd>
          <dt>After</dt>
          <dd>{consequence.after}</dd>
        </dl>
      </details>
    </li>
  );
}
