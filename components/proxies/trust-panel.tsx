"use client";
// "Whom does every certificate go back to?" Job: the trusted roots, and their rotation as visible steps.
import { Button, Group, Text } from "@mantine/core";
import { IconCheck, IconCircle, IconLoader2, IconRefresh } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { get, keys, send } from "@/components/api-client";
import { useMe } from "@/components/shell";
import { LoadingRows, Mono, Panel, ReadingState, StatusBadge, TimeAgo, useConfirm } from "@/components/ui";
import type { RootRotationDto, TrustDto } from "@/lib/api/schema/trust";
import classes from "./proxies.module.css";
import { isOpenRotation, mayCancel, ROTATION_STEPS, rootStateWord, stepStatus, trustAnswer } from "./trust-words";

function useTrust() {
  return useQuery({
    queryKey: keys.trust,
    queryFn: ({ signal }) => get<TrustDto>("/trust", signal),
    refetchInterval: (query) => (isOpenRotation(query.state.data?.rotation ?? null) ? 500 : 30_000),
  });
}

export function TrustPanel() {
  const { can } = useMe();
  const trust = useTrust();
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: keys.trust });
  const confirm = useConfirm();
  const askToRotate = () =>
    confirm.ask({
      title: "Rotate the root of trust",
      consequence:
        "Every proxy of every mesh gets a certificate of a new root, in four steps; calls go on meanwhile. It can be cancelled until the new root signs; then the old one is never trusted again.",
      action: "Rotate the root",
      keep: "Cancel",
      isHarmless: true,
      act: () => send<RootRotationDto>("POST", "/trust/rotations").finally(onSettled),
    });
  const askToCancel = ({ id }: RootRotationDto) =>
    confirm.ask({
      title: "Cancel the rotation of the root",
      consequence: "The new root is thrown away before it signed anything, and the old one stays the only one.",
      action: "Cancel the rotation",
      keep: "Let it go on",
      act: () => send<RootRotationDto>("POST", `/trust/rotations/${id}/cancel`).finally(onSettled),
    });
  const rotation = trust.data?.rotation ?? null;
  const open = isOpenRotation(rotation) ? rotation : null;
  const mayRotate = can("trust.rotate");
  return (
    <Panel
      title="Root of trust"
      aside={
        mayRotate && trust.data ? (
          <Group gap="xs">
            {open && mayCancel(open) ? (
              <Button size="xs" variant="default" onClick={() => askToCancel(open)}>
                Cancel the rotation
              </Button>
            ) : null}
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={14} />}
              disabled={open !== null}
              onClick={askToRotate}
            >
              Rotate the root
            </Button>
          </Group>
        ) : null
      }
    >
      <ReadingState of={trust} />
      {trust.isLoading ? <LoadingRows rows={2} /> : null}
      {trust.data ? (
        <>
          <Text size="sm" role="status">
            {trustAnswer(trust.data)}
          </Text>
          <ul className={classes.roots}>
            {trust.data.roots.map((root) => (
              <li key={root.id}>
                <Text size="sm" fw={500}>
                  {root.subject}
                </Text>
                <StatusBadge status={rootStateWord[root.state].status}>{rootStateWord[root.state].word}</StatusBadge>
                <Text size="xs" c="dimmed">
                  ends <TimeAgo at={root.notAfter} />
                </Text>
                <Mono title={root.fingerprint}>{root.fingerprint.slice(0, 23)}…</Mono>
              </li>
            ))}
          </ul>
          {rotation && rotation.state !== "cancelled" ? <Steps rotation={rotation} /> : null}
          {rotation && !open ? (
            <Text size="xs" c="dimmed" mt="xs">
              {rotation.state === "cancelled" ? "The last rotation was cancelled" : "The last rotation was done"}{" "}
              <TimeAgo at={rotation.finishedAt} />, asked for by {rotation.requestedBy}.
            </Text>
          ) : null}
          {!mayRotate && !open ? (
            <Text size="xs" c="dimmed" mt="xs">
              Rotating the root needs the role administrator on the whole installation.
            </Text>
          ) : null}
        </>
      ) : null}
      {confirm.dialog}
    </Panel>
  );
}

const stepIcon = {
  done: <IconCheck size={16} aria-label="done" />,
  now: <IconLoader2 size={16} aria-label="under way" />,
  later: <IconCircle size={16} aria-label="to come" />,
};

function Steps({ rotation }: { rotation: RootRotationDto }) {
  return (
    <ol className={classes.steps} aria-label="Steps of the rotation">
      {ROTATION_STEPS.map((step) => {
        const how = stepStatus(rotation, step.state);
        const { done, total, waitingFor } = rotation.progress;
        return (
          <li key={step.state} data-how={how}>
            {stepIcon[how]}
            <div>
              <Text size="sm" fw={500}>
                {step.title}
                {how === "now" && total > 0 ? ` · ${done} of ${total} proxies` : ""}
              </Text>
              <Text size="xs" c="dimmed">
                {step.text}
              </Text>
              {how === "now" && waitingFor.length > 0 ? (
                <ul className={classes.waiting}>
                  {waitingFor.map(({ proxyKey, why }) => (
                    <li key={proxyKey}>
                      <Mono>{proxyKey}</Mono> {why}
                    </li>
                  ))}
                </ul>
              ) : null}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
