"use client";
// What runs behind a workload in the environment: the echo app, a process of one's own, or nothing. Rule: this is the
// environment's binding, not the design; it is saved at once and takes effect with the next deployment.
import { Anchor, Button, Group, NumberInput, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import Link from "next/link";
import { useEffect, useState } from "react";
import { type AppSpecDto, type BindingDto, useBinding } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import { ErrorText, plural } from "@/components/ui";

type AppKind = AppSpecDto["kind"];
const kindData: { value: AppKind; label: string }[] = [
  { value: "echo", label: "The echo app (built in)" },
  { value: "address", label: "My process at an address" },
  { value: "none", label: "Nothing yet" },
];

export function AppBinding({ namespace, workload }: { namespace: string; workload: string }) {
  const { mesh, environment } = useMesh();
  const { can } = useMe();
  const { binding, change, isMine, instances } = useOwnBinding(namespace, workload);
  const current: AppSpecDto = instances[0]?.app ?? { kind: "none" };
  const [draft, setDraft] = useState<AppSpecDto>(current);
  const text = JSON.stringify(current);
  useEffect(() => setDraft(JSON.parse(text) as AppSpecDto), [text]);
  const editable = can("binding.write") && binding !== undefined;

  const commit = (app: AppSpecDto) => {
    setDraft(app);
    if (!binding || (app.kind === "address" && (!app.host || !app.port))) return;
    change.mutate((there) => {
      const others = there.instances.filter((each) => !isMine(each));
      const known = there.instances.filter(isMine);
      const mine =
        known.length > 0
          ? known.map((each) => ({ ...each, app }))
          : [{ id: `${namespace}/${workload}/0`, workload: { namespace, name: workload }, app }];
      return { ...there, instances: app.kind === "none" && known.length === 0 ? others : [...others, ...mine] };
    });
  };
  const data =
    current.kind === "demo" ? [{ value: "demo" as const, label: `Demo app ${current.name}` }, ...kindData] : kindData;
  return (
    <Stack gap={8}>
      <Select
        label={`Runs in ${environment?.name ?? "the environment"}`}
        size="xs"
        data={data}
        value={draft.kind}
        disabled={!editable}
        allowDeselect={false}
        onChange={(value) => {
          if (value === "echo" || value === "none") commit({ kind: value });
          else if (value === "address") setDraft({ kind: "address", host: "127.0.0.1", port: 0 });
          else if (value === "demo") commit(current);
        }}
      />
      {draft.kind === "address" ? (
        <Address key={text} value={draft} disabled={!editable} busy={change.isPending} onSave={commit} />
      ) : null}
      {current.kind === "none" && can("proxy.join") ? (
        <Anchor component={Link} size="xs" href={`/meshes/${mesh}/proxies?join=${namespace}/${workload}`}>
          It runs on another machine: let that join
        </Anchor>
      ) : null}
      {instances.length > 1 ? (
        <Text size="xs" c="dimmed">
          {plural(instances.length, "instance")}
        </Text>
      ) : null}
      <Outcome of={change} />
    </Stack>
  );
}

/** Of a workload that only calls: there is no app to reach, only whether a sidecar stands beside each replica. */
export function CallerBinding(props: { namespace: string; workload: string; replicas: number }) {
  const { namespace, workload, replicas } = props;
  const { environment } = useMesh();
  const { can } = useMe();
  const { binding, change, isMine, instances } = useOwnBinding(namespace, workload);
  const bound = instances.length;
  const bind = (count: number) =>
    change.mutate((there) => ({
      ...there,
      instances: [
        ...there.instances.filter((each) => !isMine(each)),
        ...Array.from({ length: count }, (_, number) => ({
          id: `${namespace}/${workload}/${number}`,
          workload: { namespace, name: workload },
          app: { kind: "none" as const },
        })),
      ],
    }));
  const isEditable = can("binding.write") && binding !== undefined && !change.isPending;
  return (
    <Stack gap={8}>
      <Switch
        size="xs"
        label={`A sidecar for each replica in ${environment?.name ?? "the environment"}`}
        description="It calls through it, at the outbound port that Proxies & identity tells."
        checked={bound > 0}
        disabled={!isEditable}
        onChange={(event) => bind(event.currentTarget.checked ? replicas : 0)}
      />
      {bound > 0 && bound !== replicas ? (
        <Group gap={8}>
          <Text size="xs">
            {plural(bound, "sidecar")} for {plural(replicas, "replica")}.
          </Text>
          <Button size="compact-xs" variant="default" disabled={!isEditable} onClick={() => bind(replicas)}>
            One for each
          </Button>
        </Group>
      ) : null}
      <Outcome of={change} />
    </Stack>
  );
}

/** What is bound to one workload in the environment. */
function useOwnBinding(namespace: string, workload: string) {
  const { mesh, environment } = useMesh();
  const { binding, change } = useBinding(mesh, environment?.name);
  const isMine = (each: BindingDto["instances"][number]) =>
    each.workload.namespace === namespace && each.workload.name === workload;
  return { binding, change, isMine, instances: (binding?.instances ?? []).filter(isMine) };
}

export function Outcome({ of }: { of: ReturnType<typeof useBinding>["change"] }) {
  if (of.error) return <ErrorText size="xs">{of.error.message}</ErrorText>;
  if (!of.isSuccess) return null;
  return (
    <Text size="xs" c="dimmed" role="status">
      Saved. It takes effect with the next deployment.
    </Text>
  );
}

function Address(props: {
  value: { kind: "address"; host: string; port: number };
  disabled: boolean;
  busy: boolean;
  onSave(app: AppSpecDto): void;
}) {
  const [host, setHost] = useState(props.value.host);
  const [port, setPort] = useState<string | number>(props.value.port || "");
  const isChanged = host !== props.value.host || Number(port) !== props.value.port;
  return (
    <Group gap={8} align="flex-end" wrap="nowrap">
      <TextInput
        size="xs"
        label="Host"
        value={host}
        disabled={props.disabled}
        onChange={(event) => setHost(event.currentTarget.value.trim())}
        flex={1}
        miw={0}
      />
      <NumberInput
        size="xs"
        label="Port"
        value={port}
        min={1}
        max={65535}
        hideControls
        disabled={props.disabled}
        onChange={setPort}
        w={76}
      />
      <Button
        size="xs"
        variant="default"
        loading={props.busy}
        disabled={props.disabled || !isChanged || !host || !port}
        onClick={() => props.onSave({ kind: "address", host, port: Number(port) })}
      >
        Save
      </Button>
    </Group>
  );
}

export function ExternalBinding({ namespace, name, port }: { namespace: string; name: string; port: number }) {
  const { mesh, environment, isLoading } = useMesh();
  const { binding, change } = useBinding(mesh, environment?.name);
  const { can } = useMe();
  const endpoint = binding?.externals.find((each) => each.namespace === namespace && each.name === name)?.endpoints[0];
  if (!binding)
    return (
      <Text size="sm" c="dimmed">
        {environment || isLoading ? "Reading how the environment runs it." : "No environment yet."}
      </Text>
    );
  return (
    <Stack gap={4}>
      <Address
        key={JSON.stringify(endpoint)}
        value={{ kind: "address", host: endpoint?.host ?? "", port: endpoint?.port ?? port }}
        disabled={!can("binding.write")}
        busy={change.isPending}
        onSave={(app) => {
          if (app.kind !== "address") return;
          const { host, port: at } = app;
          change.mutate((there) => ({
            ...there,
            externals: [
              ...there.externals.filter((each) => !(each.namespace === namespace && each.name === name)),
              {
                ...there.externals.find((each) => each.namespace === namespace && each.name === name),
                ...{ namespace, name, endpoints: [{ host, port: at }] },
              },
            ],
          }));
        }}
      />
      <Text size="xs" c="dimmed">
        Where this environment reaches it. It takes effect with the next deployment.
      </Text>
    </Stack>
  );
}
