"use client";
// Station 6: what the analysis says of the change: new, staying and fixed findings, and risks that somebody accepted.
import { Text } from "@mantine/core";
import { objectName } from "@/components/comments";
import { EmptyState, Panel, plural, StatusBadge, severityStatus, severityWord } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";
import { Lead } from "./lead";
import classes from "./review.module.css";

type Item = StationOf<"findings">["items"][number];

export function FindingsStation({ content }: { content: StationOf<"findings"> }) {
  const of = (standing: Item["standing"]) => content.items.filter((item) => item.standing === standing);
  const [fresh, stays, fixed] = [of("new"), of("stays"), of("fixed")];
  const accepted = content.items.filter(
    (item) => item.standing !== "fixed" && item.accepted && !item.accepted.isExpired,
  );
  return (
    <>
      <Lead>
        The change brings {plural(fresh.length, "finding")} and fixes {fixed.length}; {stays.length}{" "}
        {stays.length === 1 ? "was" : "were"} there before. {plural(accepted.length, "risk")}{" "}
        {accepted.length === 1 ? "is" : "are"} accepted.
      </Lead>
      <Group title="New with this change" items={fresh} empty="The change brings no new finding." />
      <Group title="There before, and stays" items={stays} empty="Nothing was there before that stays." />
      <Group title="Fixed by this change" items={fixed} empty="The change fixes no finding." />
    </>
  );
}

function Group({ title, items, empty }: { title: string; items: readonly Item[]; empty: string }) {
  return (
    <Panel title={title} hint={items.length > 0 ? String(items.length) : undefined} flush>
      {items.length === 0 ? (
        <EmptyState title={empty} />
      ) : (
        <ul className={classes.sentences}>
          {items.map((item) => (
            <li key={item.id}>
              <StatusBadge status={item.standing === "fixed" ? "ok" : severityStatus[item.severity]}>
                {severityWord[item.severity]}
              </StatusBadge>
              <div className={classes.sentence}>
                {item.message}
                <Text size="xs" c="dimmed">
                  {item.cause} · {item.refs.map(objectName).join(", ")} · {item.code}
                </Text>
                {item.accepted ? (
                  <Text size="xs" c={item.accepted.isExpired ? "var(--mw-attention)" : "dimmed"}>
                    {item.accepted.isExpired ? "Was accepted until" : "Accepted until"}{" "}
                    {item.accepted.expiresAt.slice(0, 10)} by {item.accepted.owner}: {item.accepted.reason}
                  </Text>
                ) : null}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
