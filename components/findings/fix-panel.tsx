"use client";
// What a fix would change, and the button that does it. Rule: sentences and YAML come from the command that would run.
import { Button, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { FindingDto } from "@/components/api-client";
import type { Draft } from "@/components/draft";
import { useMe } from "@/components/shell";
import classes from "./findings.module.css";
import { previewFix } from "./fix-preview";

export function FixPanel({
  fix,
  draft,
  onDone,
}: {
  fix: NonNullable<FindingDto["fixes"]>[number];
  draft: Draft;
  onDone: () => void;
}) {
  const { can } = useMe();
  if (!draft.snapshot) return null;
  const preview = previewFix(draft.snapshot.document, fix.command);
  const apply = async () => {
    const violations = draft.edit(fix.command);
    if (violations.length > 0) {
      notifications.show({
        color: "orange",
        title: "The fix does not fit any more",
        message: violations.map((each) => each.message).join(" "),
      });
      return;
    }
    onDone();
    const refused = await draft.flush();
    if (refused) {
      notifications.show({ color: "orange", title: refused.title, message: refused.detail });
      return;
    }
    notifications.show({
      title: "Applied to the draft",
      message: "It takes effect with the next deployment. Undo is on the topology.",
    });
  };
  return (
    <Stack gap={8} mt={8}>
      {preview.problem ? (
        <Text size="sm" c="var(--mw-attention)">
          {preview.problem}
        </Text>
      ) : (
        <>
          {preview.sentences.map((sentence) => (
            <Text key={sentence} size="sm">
              {sentence}
            </Text>
          ))}
          <ol className={classes.diff} aria-label="What changes, as YAML">
            {preview.lines.map((line) => (
              <li key={line.id} data-sign={line.sign}>
                <span aria-hidden="true">{line.sign}</span>
                {line.text}
              </li>
            ))}
          </ol>
          <Group>
            <Button size="xs" disabled={!can("draft.write")} onClick={() => void apply()}>
              Apply to the draft
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}
