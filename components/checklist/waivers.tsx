"use client";
// Waivers of one control: those in force and those that ended, and the form for a new one.
// Rule: nothing typed is lost when the server refuses; every problem stands at its field.
import { Button, Select, Text, Textarea, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import { ApiError } from "@/components/api-client";
import { useUrlParameters } from "@/components/shell";
import { ErrorState, StatusBadge, TimeAgo, useConfirm } from "@/components/ui";
import type { ControlDto } from "@/lib/api/schema/checks";
import { MAX_WAIVER_DAYS } from "@/lib/compliance/types";
import classes from "./checklist.module.css";
import type { useCheckActions } from "./use-checks";
import { subjectWord } from "./words";

interface WaiversProps {
  control: ControlDto;
  canWaive: boolean;
  actions: ReturnType<typeof useCheckActions>;
}

export function Waivers({ control, canWaive, actions }: WaiversProps) {
  const { search, set } = useUrlParameters();
  const confirm = useConfirm();
  const failing = [
    ...new Set(
      Object.values(control.layers).flatMap(({ subjects }) =>
        subjects.filter(({ state }) => state === "fail").map(({ subject }) => subject),
      ),
    ),
  ];
  const isOpen = search.get("waive") === control.id;
  if (control.waivers.length === 0 && failing.length === 0) return null;
  return (
    <section className={classes.waivers}>
      <Text component="h3" size="sm" fw={600}>
        Waivers
      </Text>
      {control.waivers.map(({ waiver, isLive }) => (
        <div key={waiver.id} className={classes.waiver}>
          <div className={classes.head}>
            <StatusBadge status={isLive ? "attention" : "note"}>
              {isLive ? "in force" : waiver.withdrawnAt ? "withdrawn" : "ended"}
            </StatusBadge>
            <Text size="xs" c="dimmed">
              {waiver.subject ? subjectWord(waiver.subject) : "every subject"}, until{" "}
              {new Date(waiver.expiresAt).toLocaleDateString()}, granted by {waiver.grantedBy}{" "}
              <TimeAgo at={waiver.grantedAt} />
            </Text>
          </div>
          <Text size="sm">{waiver.reason}</Text>
          <Text size="xs" c="dimmed">
            In its place: {waiver.compensatingControl} Owner: {waiver.owner}.
          </Text>
          {isLive && canWaive ? (
            <Button
              size="compact-xs"
              variant="default"
              mt={4}
              onClick={() =>
                confirm.ask({
                  title: `Withdraw the waiver of ${control.id}`,
                  consequence: `${control.id} counts as measured again for ${waiver.subject ? subjectWord(waiver.subject) : "every subject"}: gates that ask for it close at once. There is no way back, only a new waiver with its reason.`,
                  action: "Withdraw it",
                  act: () => actions.withdraw.mutateAsync(waiver.id),
                })
              }
            >
              Withdraw
            </Button>
          ) : null}
        </div>
      ))}
      {confirm.dialog}
      {failing.length > 0 && !isOpen ? (
        canWaive ? (
          <Button size="xs" variant="default" onClick={() => set({ waive: control.id })}>
            Waive
          </Button>
        ) : (
          <Text size="xs" c="dimmed">
            Reviewers and administrators may waive it.
          </Text>
        )
      ) : null}
      {isOpen && canWaive && failing.length > 0 ? (
        <WaiverForm control={control} failing={failing} waive={actions.waive} onDone={() => set({ waive: null })} />
      ) : null}
    </section>
  );
}

interface WaiverFormProps {
  control: ControlDto;
  failing: readonly string[];
  waive: WaiversProps["actions"]["waive"];
  onDone(): void;
}

function WaiverForm({ control, failing, waive, onDone }: WaiverFormProps) {
  const heading = useId();
  const isCritical = control.severity === "critical";
  const maxDays = MAX_WAIVER_DAYS[control.severity];
  const [subject, setSubject] = useState<string | null>(isCritical ? (failing[0] ?? null) : null);
  const [reason, setReason] = useState("");
  const [owner, setOwner] = useState("");
  const [compensatingControl, setCompensating] = useState("");
  const [day, setDay] = useState(() => dayIn(Math.min(14, maxDays)));
  const violations = waive.error instanceof ApiError ? waive.error.violations : [];
  const problemOf = (name: string) => violations.find(({ path }) => path === `body.${name}`)?.message;
  const known = ["subject", "reason", "owner", "compensatingControl", "expiresAt"];
  const other = waive.error && !violations.some(({ path }) => known.includes(path.replace("body.", "")));
  return (
    <form
      className={classes.form}
      aria-labelledby={heading}
      onSubmit={(event) => {
        event.preventDefault();
        const expiresAt = new Date(`${day}T23:59:00`);
        if (Number.isNaN(expiresAt.getTime())) return;
        waive.mutate(
          { control: control.id, subject, reason, owner, compensatingControl, expiresAt: expiresAt.toISOString() },
          { onSuccess: onDone },
        );
      }}
    >
      <Text id={heading} size="sm" fw={600}>
        Let {control.id} pass for a time
      </Text>
      <Text size="xs" c="dimmed">
        The measurement stays as it is; only the gate opens, at most {maxDays} days for a {control.severity} control.
      </Text>
      <Select
        size="xs"
        label="For"
        data={[
          ...(isCritical ? [] : [{ value: "", label: "every subject" }]),
          ...failing.map((key) => ({ value: key, label: subjectWord(key) })),
        ]}
        value={subject ?? ""}
        onChange={(value) => setSubject(value === "" ? null : value)}
        allowDeselect={false}
        error={problemOf("subject")}
      />
      <Textarea
        size="xs"
        label="Reason"
        required
        minRows={2}
        autosize
        value={reason}
        maxLength={2000}
        onChange={(event) => setReason(event.currentTarget.value)}
        error={problemOf("reason")}
      />
      <Textarea
        size="xs"
        label="What protects in its place"
        required
        minRows={2}
        autosize
        value={compensatingControl}
        maxLength={2000}
        onChange={(event) => setCompensating(event.currentTarget.value)}
        error={problemOf("compensatingControl")}
      />
      <TextInput
        size="xs"
        label="Owner"
        required
        value={owner}
        maxLength={200}
        onChange={(event) => setOwner(event.currentTarget.value)}
        error={problemOf("owner")}
      />
      <TextInput
        size="xs"
        type="date"
        label="Until"
        required
        min={dayIn(1)}
        max={dayIn(maxDays)}
        value={day}
        onChange={(event) => setDay(event.currentTarget.value)}
        error={problemOf("expiresAt")}
      />
      {other ? <ErrorState error={waive.error} /> : null}
      <div className={classes.head}>
        <Button size="xs" type="submit" loading={waive.isPending}>
          Waive until {day}
        </Button>
        <Button size="xs" variant="default" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** A day as date fields write it, so many days from now. */
function dayIn(days: number): string {
  const date = new Date(Date.now() + days * 86_400_000);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
