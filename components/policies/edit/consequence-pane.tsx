"use client";
// What the draft does against the state it is compared with. Job: sentences from the simulator, a request to try, findings.
// Rule: not computed, nothing changes and something changes look different; a sentence can be opened for both answers.
import { Button, Skeleton, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconArrowRight, IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { WorkerNote } from "@/components/design-worker";
import type { Draft } from "@/components/draft";
import { plural, StatusBadge, StatusIcon, severityStatus, severityWord } from "@/components/ui";
import type { MeshIndex } from "@/lib/mesh";
import type { PolicyObject } from "@/lib/mesh/policies";
import type { Consequence } from "@/lib/simulate";
import { AnswerLine } from "./answer-line";
import { toldOf } from "./consequences";
import classes from "./edit.module.css";
import type { Problem } from "./problems";
import { TryRequest } from "./try-request";
import type { Design } from "./use-design";

export function ConsequencePane(props: {
  stored: PolicyObject;
  index: MeshIndex;
  design: Design;
  draft: Draft;
  problems: readonly Problem[];
  onJump(from: number): void;
}) {
  const { stored, index, design } = props;
  const { value, isWorking, error } = design.consequences;
  const told = value ? toldOf(stored, value, index) : null;
  return (
    <div className={classes.consequence}>
      <WorkerNote />
      <section className={classes.block} aria-live="polite" aria-busy={isWorking}>
        <Text component="h3" className={classes.blockTitle}>
          Against {design.base ? design.baseWords : design.isFinding ? "what runs" : "nothing"}
        </Text>
        {design.base === null && !design.isFinding ? (
          <Text size="sm" c="dimmed">
            Not computed: there is no revision yet. Freeze one on Rollouts, or choose one above under “Compared with”.
          </Text>
        ) : error || design.error ? (
          <Text size="sm" c="var(--mw-attention)" className={classes.whole}>
            Not computed: {sentence((error ?? design.error)?.message)} The draft is saved all the same.
          </Text>
        ) : told === null ? (
          <Stack gap={8}>
            <Text size="sm" c="dimmed">
              Not computed yet: both designs are being compiled and asked.
            </Text>
            <Skeleton height={16} />
            <Skeleton height={16} width="80%" />
          </Stack>
        ) : (
          <>
            <Consequences told={told} isWorking={isWorking} />
            <Text size="xs" c="dimmed" mt={8}>
              From asking both with every drawn call
              {design.observed > 0 ? ` and ${plural(design.observed, "shape")} of calls seen in the last day` : ""}.
            </Text>
          </>
        )}
      </section>
      <TryRequest stored={stored} index={index} design={design} draft={props.draft} />
      <Findings
        problems={props.problems}
        draft={props.draft}
        onJump={props.onJump}
        isKnown={design.findings.value !== null}
      />
    </div>
  );
}

const sentence = (message: string | undefined) => (message && !/[.!?]$/.test(message) ? `${message}.` : message);

const FIRST = 8;

function Consequences({ told, isWorking }: { told: ReturnType<typeof toldOf>; isWorking: boolean }) {
  const [showsOthers, setShowsOthers] = useState(false);
  const [showsAll, setShowsAll] = useState(false);
  const own = showsAll ? told.own : told.own.slice(0, FIRST);
  return (
    <div data-working={isWorking || undefined} className={classes.told}>
      {told.own.length === 0 ? (
        <Text size="sm">No call that this policy is about changes.</Text>
      ) : (
        <ul className={classes.sentences} aria-label="Consequences">
          {own.map((each) => (
            <Sentence key={`${each.kind} ${each.sentence}`} consequence={each} />
          ))}
        </ul>
      )}
      {told.own.length > FIRST && !showsAll ? (
        <Button size="compact-xs" variant="subtle" onClick={() => setShowsAll(true)}>
          Show {told.own.length - FIRST} more
        </Button>
      ) : null}
      {told.others.length > 0 ? (
        <>
          <UnstyledButton
            className={classes.more}
            aria-expanded={showsOthers}
            onClick={() => setShowsOthers(!showsOthers)}
          >
            {showsOthers ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
            {plural(told.others.length, "consequence")} of other changes in the draft
          </UnstyledButton>
          {showsOthers ? (
            <ul className={classes.sentences} aria-label="Consequences of other changes">
              {told.others.slice(0, 50).map((each) => (
                <Sentence key={`${each.kind} ${each.sentence}`} consequence={each} />
              ))}
            </ul>
          ) : null}
        </>
      ) : null}
    </div>
  );
}

function Sentence({ consequence }: { consequence: Consequence }) {
  const [isOpen, setIsOpen] = useState(false);
  const { call } = consequence;
  return (
    <li className={classes.sentence}>
      <UnstyledButton className={classes.sentenceHead} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {consequence.severity === "attention" ? (
          <StatusIcon status="attention" size={16} label="needs attention" />
        ) : (
          <IconArrowRight size={16} className={classes.neutral} aria-hidden />
        )}
        <span>{consequence.sentence}</span>
      </UnstyledButton>
      {isOpen ? (
        <div className={classes.proof}>
          <Text size="xs" c="dimmed">
            {call.origin === "observed"
              ? `Seen ${plural(call.count ?? 0, "time")}`
              : call.origin === "drawn"
                ? "A drawn call"
                : "A call that a policy speaks about"}
            : {call.method} {call.path} to {call.host}
          </Text>
          <AnswerLine word="Before" answer={consequence.before} />
          <AnswerLine word="After" answer={consequence.after} />
        </div>
      ) : null}
    </li>
  );
}

function Findings(props: { problems: readonly Problem[]; draft: Draft; isKnown: boolean; onJump(from: number): void }) {
  const { problems, draft } = props;
  return (
    <section className={classes.block} aria-label="Findings of this policy">
      <Text component="h3" className={classes.blockTitle}>
        Findings of this policy
      </Text>
      {problems.length === 0 ? (
        <Text size="sm" c="dimmed">
          {props.isKnown ? "No analyzer has anything to say about it." : "Not computed yet."}
        </Text>
      ) : (
        <ul className={classes.sentences}>
          {problems.map((problem) => (
            <li key={`${problem.from} ${problem.message}`} className={classes.finding}>
              <StatusBadge status={severityStatus[problem.severity]}>{severityWord[problem.severity]}</StatusBadge>
              <Text size="sm">{problem.title}</Text>
              <Text size="xs" c="dimmed">
                {problem.finding?.cause ?? problem.fix}
              </Text>
              <div className={classes.findingActions}>
                <Button size="compact-xs" variant="default" onClick={() => props.onJump(problem.from)}>
                  Line {problem.line}
                </Button>
                {problem.finding?.fixes?.map((fix) => (
                  <Button key={fix.title} size="compact-xs" variant="light" onClick={() => draft.edit(fix.command)}>
                    {fix.title}
                  </Button>
                ))}
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
