"use client";
// Station 7: would we pass, and can we prove it. Rule: live evidence belongs to what ran when it was measured, and says so;
// not measured is never green.
import { Anchor, Table, Text } from "@mantine/core";
import Link from "next/link";
import { Panel, type Status, StatusBadge, TableScroll, TimeAgo } from "@/components/ui";
import type { StationOf } from "@/lib/api/schema";

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

export function ChecklistStation({ mesh, content }: { mesh: string; content: StationOf<"checklist"> }) {
  const failing = content.controls.filter(
    ({ design, compiled }) => BAD.includes(design.state) || BAD.includes(compiled.state),
  );
  const worse = failing.filter(({ before }) => before === "pass");
  const proved = content.controls.filter(({ live }) => live.state === "pass").length;
  return (
    <>
      <Text size="sm">
        {failing.length === 0
          ? "The design passes every control that looks at it."
          : `${failing.length} of ${content.controls.length} controls do not pass by design.`}{" "}
        {worse.length > 0 ? `${worse.length} passed before this change. ` : ""}
        {proved === 0 ? "Nothing is proved live yet." : `${proved} are proved on the running mesh.`}{" "}
        <Anchor component={Link} href={`/meshes/${mesh}/checklist`} size="sm">
          Checklist
        </Anchor>
      </Text>
      <Panel
        title="Controls"
        hint={`Design and compiled are of ${content.to}; live is what was last measured in ${content.environment ?? "the environment"}`}
        flush
      >
        <TableScroll label="Controls">
          <Table miw={760}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Control</Table.Th>
                <Table.Th>Design</Table.Th>
                <Table.Th>Compiled</Table.Th>
                <Table.Th>Live</Table.Th>
                <Table.Th>What was found</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {content.controls.map((control) => (
                <Table.Tr key={control.id}>
                  <Table.Td>
                    <Text size="sm" fw={500}>
                      {control.title}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {control.id} · {control.severity}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <StatusBadge status={status[control.design.state]}>{word[control.design.state]}</StatusBadge>
                    {control.before && control.before !== control.design.state ? (
                      <Text size="xs" c="dimmed">
                        before: {word[control.before]}
                      </Text>
                    ) : null}
                  </Table.Td>
                  <Table.Td>
                    <StatusBadge status={status[control.compiled.state]}>{word[control.compiled.state]}</StatusBadge>
                  </Table.Td>
                  <Table.Td>
                    <StatusBadge status={status[control.live.state]}>{word[control.live.state]}</StatusBadge>
                    {control.live.at ? (
                      <Text size="xs" c="dimmed">
                        <TimeAgo at={control.live.at} />
                      </Text>
                    ) : null}
                  </Table.Td>
                  <Table.Td maw={380}>
                    <Text size="xs">{summaryOf(control)}</Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </TableScroll>
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
