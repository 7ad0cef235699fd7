"use client";
// What is asked before something that a click does not bring back. Job: names the object, says what happens to whom, and waits for
// the answer of the server. Rule: the focus begins on the way out and comes back to where it was; a refusal stays in the question.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { ErrorText } from "./error-text";

export interface Question {
  title: string;
  /** What happens, in numbers where there are some, and whether there is a way back. */
  consequence: ReactNode;
  /** On the button that does it: the verb, and the object where it is short. */
  action: string;
  /** On the button that does not. */
  keep?: string;
  /** Takes nothing away: the button is not red. */
  isHarmless?: boolean;
  act(): unknown;
}

const ABOVE_DRAWERS = 300;

/** `ask(question)` opens it; `dialog` stands somewhere in the screen. */
export function useConfirm(): { ask(question: Question): void; dialog: ReactNode } {
  const [question, setQuestion] = useState<Question | null>(null);
  const [isOpen, setOpen] = useState(false);
  const content = useRef<HTMLDivElement>(null);
  const asker = useRef<Asker | null>(null);
  const ask = (next: Question) => {
    const button = document.activeElement;
    const around = button?.closest<HTMLElement>("[tabindex='0'], [role='dialog']") ?? null;
    asker.current = button && { button, around };
    setQuestion(next);
    setOpen(true);
  };
  // What was done is seen a moment later: then the button may go with what it was for, and the focus with it.
  const comeBack = () => {
    if (!asker.current || asker.current.button.isConnected) return;
    const { activeElement } = document;
    const isLost = !activeElement || activeElement === document.body || content.current?.contains(activeElement);
    const { around } = asker.current;
    asker.current = null;
    if (isLost) (around?.isConnected ? around : document.querySelector<HTMLElement>("main"))?.focus();
  };
  useEffect(() => {
    if (!isOpen) comeBack();
  });
  // The row that asked may go while the question still stands.
  const leave = useRef(comeBack);
  leave.current = comeBack;
  useEffect(() => () => leave.current(), []);
  return {
    ask,
    dialog: (
      <Modal
        opened={isOpen}
        onClose={() => setOpen(false)}
        onExitTransitionEnd={comeBack}
        title={question?.title}
        zIndex={ABOVE_DRAWERS}
      >
        <div ref={content}>
          {question ? <Answering key={question.title} question={question} onDone={() => setOpen(false)} /> : null}
        </div>
      </Modal>
    ),
  };
}

interface Asker {
  button: Element;
  around: HTMLElement | null;
}

/** Mantine closes a drawer below on the same Escape, unless the element that has the focus says so. */
const ownEscape = { "data-mantine-stop-propagation": "true" };

function Answering({ question, onDone }: { question: Question; onDone(): void }) {
  const [isPending, setPending] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const act = async () => {
    setPending(true);
    setRefusal(null);
    try {
      await question.act();
      onDone();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : "It was not done: the server did not answer.");
    } finally {
      setPending(false);
    }
  };
  return (
    <Stack
      onKeyDown={(event) => {
        if (event.key === "Escape") onDone();
      }}
    >
      <Text size="sm" component="div">
        {question.consequence}
      </Text>
      <ErrorText>{refusal}</ErrorText>
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone} data-autofocus {...ownEscape}>
          {question.keep ?? "Keep it"}
        </Button>
        <Button
          {...(question.isHarmless ? {} : { color: "red" })}
          loading={isPending}
          onClick={() => void act()}
          {...ownEscape}
        >
          {question.action}
        </Button>
      </Group>
    </Stack>
  );
}
