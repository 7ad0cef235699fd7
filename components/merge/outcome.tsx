"use client";
// What saving does to the draft: its sentences, the problems and findings that come in or go, and what each side changed.
// Rule: said before it is saved; what would be wrong stands first.
import { Text } from "@mantine/core";
import { Panel, plural, StatusBadge, severityStatus } from "@/components/ui";
import type { MergeAnswer } from "@/lib/api/schema";
import classes from "./merge.module.css";

const SHOWN = 40;

export function Outcome({ answer }: { answer: MergeAnswer }) {
  const { problems, findings, result, conflicts } = answer;
  return (
    <Panel
      title="What saving does to the draft"
      hint={conflicts.open > 0 ? "So far: where a conflict is open, theirs stands." : undefined}
    >
      {problems.length > 0 ? (
        <ul className={classes.rows}>
          {problems.slice(0, SHOWN).map((each) => (
            <li key={`${each.path} ${each.message}`}>
              <StatusBadge status="failing">problem</StatusBadge>
              <div>
                <Text size="sm" fw={500}>
                  {each.path} {each.message}
                </Text>
                <Text size="xs" c="dimmed">
                  {each.fix} It can be saved and mended in the draft; it cannot be submitted or deployed before.
                </Text>
              </div>
            </li>
          ))}
        </ul>
      ) : null}
      {findings.added.length > 0 || findings.gone.length > 0 ? (
        <ul className={classes.rows}>
          {findings.added.slice(0, SHOWN).map((each) => (
            <li key={each.id}>
              <StatusBadge status={severityStatus[each.severity]}>new finding</StatusBadge>
              <Text size="sm">
                {each.message}{" "}
                <Text span size="xs" c="dimmed">
                  {each.code}
                </Text>
              </Text>
            </li>
          ))}
          {findings.gone.slice(0, SHOWN).map((each) => (
            <li key={each.id}>
              <StatusBadge status="ok">mended</StatusBadge>
              <Text size="sm">{each.message}</Text>
            </li>
          ))}
        </ul>
      ) : (
        <Text size="sm" mb={8}>
          {problems.length > 0 ? "" : "It holds together, and no finding comes in."}
        </Text>
      )}
      <Sentences of={result} nothing="Nothing: the draft stays as it is." />
    </Panel>
  );
}

export function BothSides({ answer, name }: { answer: MergeAnswer; name: string }) {
  const { mine, theirs } = answer;
  return (
    <div className={classes.both}>
      <Panel title={`Mine: ${plural(mine.total, "change")}`} hint={`What ${name} does`}>
        <Sentences of={mine} nothing="It changes nothing." />
      </Panel>
      <Panel
        title={`Theirs: ${plural(theirs.total, "change")}`}
        hint={theirs.by.length > 0 ? `In the draft since, by ${theirs.by.join(", ")}` : "In the draft since"}
      >
        <Sentences of={theirs} nothing="The draft is as it was." />
      </Panel>
    </div>
  );
}

function Sentences({ of, nothing }: { of: MergeAnswer["mine"]; nothing: string }) {
  if (of.total === 0) return <Text size="sm">{nothing}</Text>;
  const shown = of.items.slice(0, SHOWN);
  return (
    <ul className={classes.sentences}>
      {shown.map(({ kind, key, sentence }) => (
        <li key={`${kind} ${key} ${sentence}`}>{sentence}</li>
      ))}
      {of.total > shown.length ? <li>and {of.total - shown.length} more.</li> : null}
    </ul>
  );
}
