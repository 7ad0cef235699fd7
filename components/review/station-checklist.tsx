"use client";
// Station 7: would we pass, and can we prove it. Rule: live evidence belongs to what ran when it was measured, and says so;
// not measured is never green.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { type Column, DataTable, Panel, type Status, StatusBadge, TimeAgo } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";
import { Lead } from "./lead";

type Control = StationOf<"checklist">["controls"][number];
type State = Control["design"]["state"];

const status: Record<State, Status> = {
  pass: "ok",
  fail: "failing",
  partly: "attention",
  waived: "attention",
  stale: "stale",
  "not-measured": "unmeasured",
  "does-not-apply": "unmeasured",
};
const word: Record<State, string> = {
  pass: "passes",
  fail: "fails",
  partly: "partly",
  waived: "waived",
  stale: "stale",
  "not-measured": "not measured",
  "does-not-apply": "does not apply",
};
const BAD: readonly State[] = ["fail", "partly"];

const columns: readonly Column<Control>[] = [
  {
    title: "Control",
    folded: "line",
    cell: ({ id, title, severity }) => (
      <>
        <Text size="sm" fw={500}>
          {title}
        </Text>
        <Text size="xs" c="dimmed">
          {id} · {severity}
        </Text>
      </>
    ),
  },
  {
    title: "Design",
    cell: ({ design, before }) => (
      <>
        <StatusBadge status={status[design.state]}>{word[design.state]}</StatusBadge>
        {before && before !== design.state ? (
          <Text size="xs" c="dimmed">
            before: {word[before]}
          </Text>
        ) : null}
      </>
    ),
  },
  {
    title: "Compiled",
    cell: ({ compiled }) => <StatusBadge status={status[compiled.state]}>{word[compiled.state]}</StatusBadge>,
  },
  {
    title: "Live",
    cell: ({ live }) => (
      <>
        <StatusBadge status={status[live.state]}>{word[live.state]}</StatusBadge>
        {live.at ? (
          <Text size="xs" c="dimmed">
            <TimeAgo at={live.at} />
          </Text>
        ) : null}
      </>
    ),
  },
  { title: "What was found", folded: "line", cell: (control) => <Text size="xs">{summaryOf(control)}</Text> },
];

export function ChecklistStation({ mesh, content }: { mesh: string; content: StationOf<"checklist"> }) {
  const failing = content.controls.filter(
    ({ design, compiled }) => BAD.includes(design.state) || BAD.includes(compiled.state),
  );
  const worse = failing.filter(({ before }) => before === "pass");
  const proved = content.controls.filter(({ live }) => live.state === "pass").length;
  return (
    <>
      <Lead>
        {failing.length === 0
          ? "The design passes every control that looks at it."
          : `${failing.length} of ${content.controls.length} controls do not pass by design.`}{" "}
        {worse.length > 0 ? `${worse.length} passed before this change. ` : ""}
        {proved === 0 ? "Nothing is proved live yet." : `${proved} are proved on the running mesh.`}{" "}
        <Anchor component={Link} href={`/meshes/${mesh}/checklist`} size="sm">
          Checklist
        </Anchor>
      </Lead>
      <Panel
        title="Controls"
        hint={`Design and compiled are of ${content.to}; live is what was last measured in ${content.environment ?? "the environment"}`}
        flush
      >
        <DataTable label="Controls" columns={columns} rows={content.controls} keyOf={({ id }) => id} minWidth={760} />
      </Panel>
    </>
  );
}

/** The worst of the three says why. */
function summaryOf({ design, compiled, live }: Control): string {
  const worst = [design, compiled, live].find(({ state }) => BAD.includes(state));
  const measured = live.state === "does-not-apply" || live.state === "not-measured" ? null : live;
  return (worst ?? measured ?? (design.state === "does-not-apply" ? compiled : design)).summary;
}
