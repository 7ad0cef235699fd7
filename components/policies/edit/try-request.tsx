"use client";
// "What would happen to this request?" Job: one request, answered by the draft and by what it is compared with.
// Rule: the simulator answers, which runs the proxy's own code; an answer is shown with the proxy that decided.
import { Button, Select, Text, Textarea, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import { useDesignWorker } from "@/components/design-worker";
import type { Draft } from "@/components/draft";
import { Choose, StatusIcon } from "@/components/ui";
import type { MeshIndex } from "@/lib/mesh";
import type { PolicyObject } from "@/lib/mesh/policies";
import type { Answer } from "@/lib/simulate";
import { callersIn, optionOf, optionsOf } from "../forms/reference-fields";
import { AnswerLine } from "./answer-line";
import classes from "./edit.module.css";
import { entryOf, firstRequest, isConnection, listenersAt, portOf, questionOf, type RequestFields } from "./question";
import type { Design } from "./use-design";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

export function TryRequest(props: { stored: PolicyObject; index: MeshIndex; design: Design; draft: Draft }) {
  const { index, stored, draft } = props;
  const worker = useDesignWorker();
  const first = useMemo(() => firstRequest(stored, index), [stored, index]);
  const [changed, setChanged] = useState<Partial<RequestFields>>({});
  const [answers, setAnswers] = useState<{ draft: Answer; base: Answer | null } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const fields = { ...first, ...changed };
  const own = stored.metadata.namespace;
  const listeners = listenersAt(stored, fields.from, index);
  const change = (next: Partial<RequestFields>) => {
    setChanged({ ...changed, ...next });
    setAnswers(null);
  };
  const ask = async () => {
    const question = questionOf(fields, index);
    setProblem(typeof question === "string" ? question : null);
    const document = draft.snapshot?.document;
    if (typeof question === "string" || !document) return;
    setIsAsking(true);
    try {
      worker.setDesign("draft", document);
      const now = await worker.ask("draft", question);
      const base = props.design.consequences.value ? await worker.ask("base", question) : null;
      setAnswers(now ? { draft: now, base } : null);
      setProblem(now ? null : "The draft changed meanwhile. Ask again.");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The simulator did not answer. Ask again.");
    } finally {
      setIsAsking(false);
    }
  };
  return (
    <section className={classes.block} aria-label="Try a request">
      <Text component="h3" className={classes.blockTitle}>
        Try a request
      </Text>
      <form
        className={classes.tryForm}
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <div className={classes.tryRow}>
          <Choose
            size="xs"
            label="From"
            allowDeselect={false}
            chosen={fields.from ? optionOf(index, fields.from, own) : null}
            options={() => callersIn(index, own)}
            onChange={(value) => change({ from: value ?? "", ...entryOf(stored, value ?? "", index) })}
          />
          {listeners ? (
            <Select
              size="xs"
              label="At listener"
              allowDeselect={false}
              placeholder="none carries connections"
              value={fields.listener ?? null}
              data={listeners.map(({ name, port, protocol }) => ({
                value: name,
                label: `${name} (${protocol} ${port})`,
              }))}
              onChange={(value) => value && change(entryOf(stored, fields.from, index, value))}
            />
          ) : (
            <Choose
              size="xs"
              label="To"
              allowDeselect={false}
              chosen={fields.to ? optionOf(index, fields.to, own) : null}
              options={() => optionsOf(index, ["Service", "ExternalService"], own)}
              onChange={(value) => change({ to: value ?? "", port: portOf(stored, value ?? "", index) })}
            />
          )}
        </div>
        {listeners ? (
          <AtListener
            listener={listeners.find(({ name }) => name === fields.listener)}
            serverName={fields.serverName}
            onChange={(serverName) => change({ serverName })}
          />
        ) : isConnection(fields, index) ? (
          <Text size="xs" c="dimmed">
            A connection to TCP port {fields.port}, which an app opens by CONNECT.
          </Text>
        ) : (
          <>
            <div className={classes.tryRow} data-kind="request">
              <Select
                size="xs"
                label="Method"
                allowDeselect={false}
                value={fields.method}
                data={METHODS}
                onChange={(value) => change({ method: value ?? "GET" })}
              />
              <TextInput
                size="xs"
                label="Path"
                value={fields.path}
                onChange={(event) => change({ path: event.currentTarget.value })}
              />
            </div>
            <Textarea
              size="xs"
              label="Headers"
              autosize
              minRows={1}
              maxRows={5}
              placeholder="x-user-type: beta-tester"
              value={fields.headers}
              onChange={(event) => change({ headers: event.currentTarget.value })}
            />
          </>
        )}
        <Button type="submit" size="xs" variant="default" loading={isAsking}>
          Ask the draft
        </Button>
      </form>
      <div aria-live="polite">
        {problem ? (
          <Text size="sm" c="var(--mw-attention)" mt={8}>
            {problem}
          </Text>
        ) : null}
        {answers ? (
          <div className={classes.answer}>
            <div className={classes.answerHead}>
              <StatusIcon
                status={answers.draft.outcome === "forwarded" ? "ok" : "attention"}
                label={answers.draft.outcome}
              />
              <Text size="sm" fw={500}>
                {answers.draft.sentence}
              </Text>
            </div>
            {answers.draft.destinations.length > 1 ? (
              <ul className={classes.reasons}>
                {answers.draft.destinations.map((each) => (
                  <li key={`${each.service} ${each.subset ?? ""}`}>
                    {Math.round(each.probability * 1000) / 10} % {each.subset ?? each.service.split("/").at(-1)}
                  </li>
                ))}
              </ul>
            ) : null}
            <AnswerLine answer={answers.draft} />
            {answers.base ? <AnswerLine word={`Before (${props.design.base})`} answer={answers.base} /> : null}
          </div>
        ) : null}
      </div>
    </section>
  );
}

type Listener = NonNullable<ReturnType<typeof listenersAt>>[number];

/** A client outside knows the listener's port, and with TLS the name that it asks for; who answers is the route's to say. */
function AtListener(props: {
  listener: Listener | undefined;
  serverName: string | undefined;
  onChange(serverName: string): void;
}) {
  const { listener, serverName = "" } = props;
  if (!listener)
    return (
      <Text size="xs" c="dimmed">
        This gateway has no listener of protocol tcp or tls, so no connection comes in.
      </Text>
    );
  if (listener.protocol !== "tls")
    return (
      <Text size="xs" c="dimmed">
        A connection from outside to port {listener.port}. It is not TLS, so it names no server.
      </Text>
    );
  return (
    <TextInput
      size="xs"
      label="Server name"
      description={`What a client outside asks for by TLS at port ${listener.port}.`}
      spellCheck={false}
      value={serverName}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}
