"use client";
// What a new mesh shows instead of figures: from two processes of one's own to one protected, measured call.
import { Anchor, Button, Group, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck, IconFileImport, IconRocket, IconTopologyStar3 } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import {
  type DeploymentDto,
  keys,
  type ProxyDto,
  type RevisionDto,
  send,
  type TopologyDto,
  useBinding,
} from "@/components/api-client";
import type { Draft, DraftSnapshot } from "@/components/draft";
import { useMe, useMesh } from "@/components/shell";
import { Answer, CodeLine, ErrorText, formatMs, Panel, StatusBadge } from "@/components/ui";
import classes from "./overview.module.css";
import { bindPair, drawPair, type Process, type StartProgress, startProgress } from "./start-steps";

export function StartList(props: {
  draft: Draft;
  snapshot: DraftSnapshot;
  proxies: readonly ProxyDto[];
  topology: TopologyDto | undefined;
  open: DeploymentDto | undefined;
  failed: DeploymentDto | undefined;
  onFinish: () => void;
}) {
  const { mesh, environment } = useMesh();
  const { binding, change } = useBinding(mesh, environment?.name);
  const progress = startProgress({
    document: props.snapshot.document,
    binding,
    proxies: props.proxies,
    isDeploying: props.open !== undefined,
    dependencies: props.topology?.dependencies ?? [],
  });
  const namespace =
    props.snapshot.document.objects.find((object) => object.kind === "Namespace")?.metadata.name ?? "default";
  const [problem, setProblem] = useState<string | null>(null);

  async function drawAndBind(caller: Process, callee: Process) {
    setProblem(null);
    const drawing = drawPair(props.snapshot.document, caller, callee, namespace);
    const violations = drawing.commands.length > 0 ? props.draft.edit(drawing) : [];
    if (violations.length > 0) {
      setProblem(violations.map((each) => `${each.message}. ${each.fix}`).join(" "));
      return;
    }
    const refused = await props.draft.flush();
    if (refused) {
      setProblem(refused.detail);
      return;
    }
    await change
      .mutateAsync((there) => bindPair(there, [caller, callee], namespace))
      .catch((error: Error) =>
        setProblem(`The two are drawn, but not yet connected to their processes: ${error.message}`),
      );
  }

  const isDrawn = progress.pair !== null && progress.isBound;
  return (
    <>
      <Answer
        eyebrow="Overview"
        status={progress.call ? "ok" : "unmeasured"}
        answer={
          progress.call
            ? "Your first call went through the mesh, encrypted and measured."
            : "This mesh is empty. One protected call is four steps away."
        }
        detail="Or start from what you have."
        actions={
          <>
            {progress.call ? <Button onClick={props.onFinish}>Go on to the overview</Button> : null}
            <Button
              variant="default"
              leftSection={<IconFileImport size={16} />}
              component={Link}
              href={`/meshes/${mesh}/import`}
            >
              Import what you have
            </Button>
            <Button
              variant="default"
              leftSection={<IconTopologyStar3 size={16} />}
              component={Link}
              href={`/meshes/${mesh}/topology`}
            >
              Draw it
            </Button>
          </>
        }
      />
      <Panel
        title="Connect two processes of your own"
        hint="A proxy is started beside each of them; calls between the two then are encrypted, allowed only as drawn, and measured."
        flush
      >
        <ol className={classes.steps}>
          <Step number={1} title="Start two processes on this machine" state={isDrawn ? "done" : "now"}>
            <Text size="sm">
              Anything that speaks HTTP. If you have none at hand, start these two, each in a terminal:
            </Text>
            <CodeLine>
              {"node -e \"require('http').createServer((q,s)=>s.end('hello\\n')).listen(9002,'127.0.0.1')\""}
            </CodeLine>
            <CodeLine>
              {"node -e \"require('http').createServer((q,s)=>s.end('caller\\n')).listen(9001,'127.0.0.1')\""}
            </CodeLine>
          </Step>
          <Step number={2} title="Say who calls whom" state={isDrawn ? "done" : "now"}>
            {isDrawn && progress.pair ? (
              <Text size="sm">
                {progress.pair.caller} calls {progress.pair.callee}.{" "}
                <Anchor component={Link} underline="always" href={`/meshes/${mesh}/topology`}>
                  See it drawn
                </Anchor>
              </Text>
            ) : (
              <PairForm onDraw={drawAndBind} busy={change.isPending} canBind={environment !== undefined} />
            )}
            <ErrorText>{problem}</ErrorText>
          </Step>
          <Step number={3} title="Deploy" state={progress.isRunning ? "done" : isDrawn ? "now" : "later"}>
            <DeployStep
              isRunning={progress.isRunning}
              canStart={isDrawn}
              open={props.open}
              failed={props.failed}
              draft={props.draft}
            />
          </Step>
          <Step number={4} title="Make the call" state={progress.call ? "done" : progress.isRunning ? "now" : "later"}>
            <CallStep progress={progress} mesh={mesh} />
          </Step>
        </ol>
      </Panel>
    </>
  );
}

function Step(props: { number: number; title: string; state: "done" | "now" | "later"; children: ReactNode }) {
  return (
    <li className={classes.step} data-state={props.state} aria-current={props.state === "now" ? "step" : undefined}>
      <span className={classes.stepMark}>
        {props.state === "done" ? <IconCheck size={16} aria-label="done" /> : props.number}
      </span>
      <Stack gap={8} className={classes.stepBody}>
        <Text fw={600}>{props.title}</Text>
        {props.children}
      </Stack>
    </li>
  );
}

function PairForm(props: { busy: boolean; canBind: boolean; onDraw(caller: Process, callee: Process): Promise<void> }) {
  const { can } = useMe();
  const [caller, setCaller] = useState<Process>({ name: "caller", port: 9001 });
  const [callee, setCallee] = useState<Process>({ name: "hello", port: 9002 });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void props.onDraw(caller, callee);
      }}
    >
      <Stack gap="sm">
        <div className={classes.ends}>
          <ProcessFields label="Caller" value={caller} onChange={setCaller} />
          <ProcessFields label="Callee" value={callee} onChange={setCallee} />
        </div>
        <Group>
          <Button type="submit" loading={props.busy} disabled={!can("draft.write") || !props.canBind}>
            Draw and connect them
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ProcessFields(props: { label: string; value: Process; onChange(value: Process): void }) {
  const { value, onChange } = props;
  return (
    <Group gap={8} wrap="nowrap" align="flex-end">
      <TextInput
        label={props.label}
        flex={1}
        miw={0}
        required
        pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
        value={value.name}
        onChange={(event) => onChange({ ...value, name: event.currentTarget.value })}
      />
      <NumberInput
        label="Port"
        aria-label={`${props.label} port`}
        w={96}
        required
        min={1}
        max={65535}
        hideControls
        value={value.port}
        onChange={(port) => onChange({ ...value, port: Number(port) })}
      />
    </Group>
  );
}

function DeployStep(props: {
  isRunning: boolean;
  canStart: boolean;
  open: DeploymentDto | undefined;
  failed: DeploymentDto | undefined;
  draft: Draft;
}) {
  const { mesh, environment } = useMesh();
  const { can } = useMe();
  const client = useQueryClient();
  const deploy = useMutation({
    mutationFn: async () => {
      await props.draft.flush();
      const revision = await send<RevisionDto>("POST", `/meshes/${mesh}/revisions`, { message: "First deployment" });
      return send<DeploymentDto>("POST", `/meshes/${mesh}/environments/${environment?.name}/deployments`, {
        revision: revision.number,
      });
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.mesh(mesh) }),
  });
  const proxies = props.open?.waves.flatMap((wave) => wave.proxies) ?? [];
  const ready = proxies.filter((proxy) => ["ready", "ack", "done"].includes(proxy.state)).length;
  if (props.isRunning) return <Text size="sm">Both proxies run, with a certificate of their own.</Text>;
  return (
    <Stack gap={8} align="flex-start">
      <Text size="sm">Freezes the design as a revision and starts a proxy beside each process.</Text>
      {props.open ? (
        <Text size="sm" role="status">
          Rolling out r{props.open.revision}: {props.open.state}
          {proxies.length > 0 ? `, ${ready} of ${proxies.length} proxies ready` : ""}…
        </Text>
      ) : (
        <Button
          leftSection={<IconRocket size={16} />}
          disabled={!props.canStart || !can("deployment.create")}
          loading={deploy.isPending}
          onClick={() => deploy.mutate()}
        >
          Deploy to {environment?.name ?? "the environment"}
        </Button>
      )}
      {(deploy.error ?? props.failed) ? (
        <ErrorText>{deploy.error?.message ?? props.failed?.reason ?? "The last deployment did not finish."}</ErrorText>
      ) : null}
    </Stack>
  );
}

function CallStep({ progress, mesh }: { progress: StartProgress; mesh: string }) {
  const { pair, callerPort, call } = progress;
  if (!pair || callerPort === null)
    return <Text size="sm">The command appears here, with the port of the caller's proxy.</Text>;
  return (
    <Stack gap={8}>
      <Text size="sm">
        {pair.caller} sends its calls to its own proxy; the Host header says whom it means. Here is the same from a
        terminal:
      </Text>
      <CodeLine>{`curl -i -H 'Host: ${pair.callee}' http://127.0.0.1:${callerPort}/`}</CodeLine>
      {call ? (
        <Group gap={8}>
          <StatusBadge status={call.mtlsRatio === null ? "unmeasured" : call.mtlsRatio >= 0.99999 ? "ok" : "attention"}>
            {call.mtlsRatio === null
              ? "encryption not measured"
              : call.mtlsRatio >= 0.99999
                ? "all in mTLS"
                : "not all in mTLS"}
          </StatusBadge>
          <Text size="sm">
            Measured: p99 {formatMs(call.p99)}.{" "}
            <Anchor component={Link} underline="always" href={`/meshes/${mesh}/topology`}>
              See it on the topology
            </Anchor>
          </Text>
        </Group>
      ) : (
        <Text size="sm" c="dimmed" role="status">
          Waiting for the first call. It shows here within seconds.
        </Text>
      )}
    </Stack>
  );
}
