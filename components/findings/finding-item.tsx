"use client";
// One finding: what, why, where, and what can be done. Rule: one thing is open at a time, a fix or the form that accepts the risk.
import { Anchor, Button, Group, Text } from "@mantine/core";
import { IconShieldQuestion, IconWand } from "@tabler/icons-react";
import Link from "next/link";
import { useState } from "react";
import type { FindingDto } from "@/components/api-client";
import type { Draft } from "@/components/draft";
import { useMe } from "@/components/shell";
import { StatusBadge, severityStatus, severityWord, useConfirm } from "@/components/ui";
import { parseKey } from "@/lib/mesh";
import { AcceptRisk } from "./accept-risk";
import classes from "./findings.module.css";
import { FixPanel } from "./fix-panel";
import { objectLink } from "./groups";
import { useRiskActions } from "./use-findings-now";

const MAX_LINKS = 6;

export function FindingItem({ finding, draft, mesh }: { finding: FindingDto; draft: Draft; mesh: string }) {
  const [opened, setOpened] = useState<number | "accept" | null>(null);
  const { can } = useMe();
  const fix = typeof opened === "number" ? finding.fixes?.[opened] : undefined;
  const toggle = (what: number | "accept") => setOpened(opened === what ? null : what);
  return (
    <li className={classes.finding} id={finding.id}>
      <Group gap={8}>
        <StatusBadge status={severityStatus[finding.severity]}>{severityWord[finding.severity]}</StatusBadge>
        <Text size="xs" c="dimmed" ff="monospace" title={finding.title}>
          {finding.code}
        </Text>
        {finding.refs.slice(0, MAX_LINKS).map((key) => (
          <Anchor key={key} size="xs" component={Link} href={objectLink(mesh, key)} title={key}>
            {parseKey(key)?.name ?? key}
          </Anchor>
        ))}
        {finding.refs.length > MAX_LINKS ? (
          <Text size="xs" c="dimmed">
            and {finding.refs.length - MAX_LINKS} more
          </Text>
        ) : null}
      </Group>
      <Text fw={500} mt={4}>
        {finding.message}
      </Text>
      <Text size="sm" c="dimmed">
        {finding.cause}
        {finding.path ? <span className={classes.path}> {finding.path}</span> : null}
      </Text>
      {finding.accepted ? (
        <Accepted mesh={mesh} risk={finding.accepted} canEnd={can("risk.accept")} />
      ) : (
        <Group gap={8} mt={8}>
          {finding.fixes?.map((each, index) => (
            <Button
              key={each.title}
              size="xs"
              variant={opened === index ? "light" : "default"}
              leftSection={<IconWand size={14} />}
              aria-expanded={opened === index}
              className={classes.action}
              onClick={() => toggle(index)}
            >
              {each.title}
            </Button>
          ))}
          {can("risk.accept") ? (
            <Button
              size="xs"
              variant={opened === "accept" ? "light" : "subtle"}
              leftSection={<IconShieldQuestion size={14} />}
              aria-expanded={opened === "accept"}
              onClick={() => toggle("accept")}
            >
              Accept the risk
            </Button>
          ) : null}
        </Group>
      )}
      {fix && draft.snapshot ? <FixPanel fix={fix} draft={draft} onDone={() => setOpened(null)} /> : null}
      {opened === "accept" ? <AcceptRisk mesh={mesh} finding={finding} onDone={() => setOpened(null)} /> : null}
    </li>
  );
}

function Accepted({
  mesh,
  risk,
  canEnd,
}: {
  mesh: string;
  risk: NonNullable<FindingDto["accepted"]>;
  canEnd: boolean;
}) {
  const { end } = useRiskActions(mesh);
  const confirm = useConfirm();
  return (
    <div className={classes.accepted}>
      <Text size="sm">{risk.reason}</Text>
      <Text size="xs" c="dimmed">
        Accepted by {risk.acceptedBy} until {risk.expiresAt.slice(0, 10)}. {risk.owner} answers for it.
      </Text>
      {canEnd ? (
        <Button
          size="compact-xs"
          variant="default"
          mt={4}
          onClick={() =>
            confirm.ask({
              title: "End the accepted risk",
              consequence: `The finding counts again at once. What ${risk.acceptedBy} wrote (“${risk.reason}”) stays in the audit log; to accept it again it is written anew.`,
              action: "End it now",
              act: () => end.mutateAsync(risk.findingId),
            })
          }
        >
          End it now
        </Button>
      ) : null}
      {confirm.dialog}
    </div>
  );
}
