"use client";
// The adoption of one service: where it stands, what the next step would break, one step on, one step back, or out with a reason.
// Rule: a step that would break something says who first and is still the owner's decision; without traffic it says that nobody knows.
import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { useState } from "react";
import { useDraft } from "@/components/draft";
import { useMe, useMesh } from "@/components/shell";
import { ErrorState, ErrorText, LoadingRows, type Status, StatusBadge } from "@/components/ui";
import { type Command, parseKey } from "@/lib/mesh";
import type { Adoption } from "@/lib/modes";
import { goToStep, optIn, optOut, STEP_WORDS, STEPS } from "@/lib/modes/steps";
import classes from "./modes.module.css";
import { useModes } from "./use-modes";

export function ServiceAdoption({ service }: { service: string }) {
  const modes = useModes();
  const adoption = modes.data?.items.find((each) => each.service === service);
  if (modes.error) return <ErrorState error={modes.error} onRetry={() => void modes.refetch()} />;
  if (modes.isPending && modes.fetchStatus !== "idle") return <LoadingRows rows={2} />;
  if (!adoption)
    return (
      <Text size="sm" c="dimmed">
        Its adoption is told once the service is saved and an environment exists.
      </Text>
    );
  return <AdoptionView adoption={adoption} />;
}

export function statusOf({ next, requests, ahead, optOut: out }: Adoption): { status: Status; word: string } {
  if (out) return { status: "attention", word: "out of the mesh" };
  if (!next) return { status: "ok", word: "enforced" };
  if (requests === 0) return { status: "unmeasured", word: "not measured" };
  return (ahead[0]?.blockers.length ?? 0) > 0
    ? { status: "attention", word: "something would break" }
    : { status: "ok", word: "next step is safe" };
}

export function AdoptionView({ adoption }: { adoption: Adoption }) {
  const { mesh } = useMesh();
  const { can } = useMe();
  const draft = useDraft(mesh);
  const [isLeaving, setLeaving] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const edit = async (command: Command) => {
    const violations = draft.edit(command);
    setProblem(violations.length > 0 ? violations.map((each) => `${each.message}. ${each.fix}`).join(" ") : null);
    if (violations.length > 0) return;
    setLeaving(false);
    const refused = await draft.flush();
    if (refused) setProblem(refused.detail);
  };
  const { status, word } = statusOf(adoption);
  const mayEdit = can("draft.write") && draft.snapshot !== null;
  return (
    <Stack gap={8}>
      <Group gap={8}>
        <StatusBadge status={status}>{word}</StatusBadge>
        {adoption.isOwn ? null : (
          <Text size="xs" c="dimmed">
            by the defaults of the mesh
          </Text>
        )}
      </Group>
      <Text size="sm">{adoption.sentence}</Text>
      {adoption.optOut ? null : <Steps adoption={adoption} />}
      {adoption.ahead
        .filter((each) => each.blockers.length > 0)
        .slice(0, 1)
        .map(({ step, blockers }) => (
          <div key={step}>
            <Text size="sm" fw={500}>
              What {step} would break
            </Text>
            <ul className={classes.blockers}>
              {blockers.slice(0, 8).map((each) => (
                <li key={each.sentence}>{each.sentence}</li>
              ))}
              {blockers.length > 8 ? <li>and {blockers.length - 8} more</li> : null}
            </ul>
          </div>
        ))}
      {mayEdit ? <Moves adoption={adoption} onEdit={edit} isLeaving={isLeaving} onLeaving={setLeaving} /> : null}
      <ErrorText>{problem}</ErrorText>
    </Stack>
  );
}

function Steps({ adoption }: { adoption: Adoption }) {
  return (
    <ol className={classes.steps} aria-label="Steps of adoption">
      {STEPS.map((step) => (
        <li
          key={step}
          data-now={step === adoption.current || undefined}
          aria-current={step === adoption.current ? "step" : undefined}
        >
          <b>{step}</b> <span>{STEP_WORDS[step]}</span>
        </li>
      ))}
    </ol>
  );
}

interface MovesProps {
  adoption: Adoption;
  isLeaving: boolean;
  onLeaving: (value: boolean) => void;
  onEdit: (command: Command) => Promise<void>;
}

function Moves({ adoption, isLeaving, onLeaving, onEdit }: MovesProps) {
  const { service, previous, next } = adoption;
  if (adoption.optOut)
    return (
      <Group>
        <Button size="xs" variant="default" onClick={() => void onEdit(optIn(service))}>
          Bring it in, observing only
        </Button>
      </Group>
    );
  if (isLeaving) return <Leave service={service} onEdit={onEdit} onCancel={() => onLeaving(false)} />;
  return (
    <Group gap={8}>
      {previous ? (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconArrowLeft size={14} />}
          onClick={() => void onEdit(goToStep(service, previous))}
        >
          Back to {previous}
        </Button>
      ) : null}
      {next ? (
        <Button
          size="xs"
          variant={(adoption.ahead[0]?.blockers.length ?? 0) > 0 || adoption.requests === 0 ? "default" : "filled"}
          rightSection={<IconArrowRight size={14} />}
          onClick={() => void onEdit(goToStep(service, next))}
        >
          On to {next} in the draft
        </Button>
      ) : null}
      <Button size="xs" variant="subtle" onClick={() => onLeaving(true)}>
        Take it out of the mesh
      </Button>
    </Group>
  );
}

function Leave({ service, onEdit, onCancel }: { service: string; onEdit: MovesProps["onEdit"]; onCancel: () => void }) {
  const [reason, setReason] = useState("");
  const [owner, setOwner] = useState("");
  const [expiresOn, setExpiresOn] = useState("");
  const name = parseKey(service)?.name ?? service;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const out = { reason: reason.trim(), owner: owner.trim(), ...(expiresOn ? { expiresOn } : {}) };
        void onEdit(optOut(service, out));
      }}
    >
      <Stack gap={8} maw={560}>
        <Text size="sm">
          Without a sidecar {name} has no identity, no encryption and no golden signals; policies on it have no effect.
        </Text>
        <TextInput
          size="xs"
          label="Reason"
          required
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group gap={12}>
          <TextInput
            size="xs"
            label="Who answers for it"
            required
            value={owner}
            onChange={(event) => setOwner(event.currentTarget.value)}
          />
          <TextInput
            size="xs"
            type="date"
            label="Last day"
            value={expiresOn}
            onChange={(event) => setExpiresOn(event.currentTarget.value)}
          />
        </Group>
        <Group gap={8}>
          <Button type="submit" size="xs" color="orange" disabled={reason.trim() === "" || owner.trim() === ""}>
            Take {name} out of the mesh
          </Button>
          <Button size="xs" variant="default" onClick={onCancel}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
