"use client";
// API tokens: scoped, expiring, revocable; the secret is shown once.
import { Button, Group, Modal, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ApiToken, get, keys, type PageOf, type Role, send, type TokenMadeDto } from "@/components/api-client";
import {
  CodeLine,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  ErrorText,
  LoadingRows,
  Panel,
  StatusBadge,
  TimeAgo,
  useConfirm,
} from "@/components/ui";
import { everywhere, MeshSelect, roleData } from "./roles";

export function Tokens() {
  const [making, dialog] = useDisclosure(false);
  const tokens = useQuery({
    queryKey: keys.tokens,
    queryFn: ({ signal }) => get<PageOf<ApiToken>>("/tokens?limit=100", signal),
  });
  const client = useQueryClient();
  const confirm = useConfirm();
  const askToRevoke = (token: ApiToken) =>
    confirm.ask({
      title: `Revoke ${token.name}`,
      consequence: (
        <>
          What uses this token is refused from now on: {token.role} on {token.mesh ?? "every mesh"}, last used{" "}
          {token.lastUsedAt ? <TimeAgo at={token.lastUsedAt} /> : "never"}. There is no way back, only a new token.
        </>
      ),
      action: `Revoke ${token.name}`,
      act: () =>
        send("DELETE", `/tokens/${token.id}`).finally(() => client.invalidateQueries({ queryKey: keys.tokens })),
    });
  if (tokens.error) return <ErrorState error={tokens.error} onRetry={() => void tokens.refetch()} />;
  const items = tokens.data?.items ?? [];
  return (
    <>
      <Panel
        title="API tokens"
        hint="For the CLI and for pipelines: Authorization: Bearer …"
        aside={
          <Button size="xs" leftSection={<IconKey size={14} />} onClick={dialog.open}>
            New token
          </Button>
        }
        flush
      >
        {tokens.isLoading ? (
          <LoadingRows />
        ) : items.length === 0 ? (
          <EmptyState title="No token yet">
            Make one for each machine, with the smallest role that does, so that one can be revoked without the others.
          </EmptyState>
        ) : (
          <DataTable
            label="API tokens"
            columns={columnsOf(askToRevoke)}
            rows={items}
            keyOf={({ id }) => id}
            minWidth={680}
          />
        )}
      </Panel>
      <NewToken opened={making} onClose={dialog.close} />
      {confirm.dialog}
    </>
  );
}

function columnsOf(onRevoke: (token: ApiToken) => void): Column<ApiToken>[] {
  return [
    {
      title: "Name",
      cell: ({ name }) => (
        <Text size="sm" fw={500} span>
          {name}
        </Text>
      ),
    },
    { title: "Role", cell: ({ role }) => role },
    { title: "On", cell: ({ mesh }) => mesh ?? "every mesh" },
    { title: "Last used", cell: ({ lastUsedAt }) => (lastUsedAt ? <TimeAgo at={lastUsedAt} /> : "never") },
    {
      title: "Ends",
      cell: ({ revokedAt, expiresAt }) =>
        revokedAt ? <StatusBadge status="attention">revoked</StatusBadge> : <TimeAgo at={expiresAt} />,
    },
    {
      title: "Actions",
      isTitleHidden: true,
      isNumber: true,
      cell: (token) =>
        token.revokedAt ? null : (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={`Revoke ${token.name}`}
            onClick={() => onRevoke(token)}
          >
            Revoke
          </Button>
        ),
    },
  ];
}

function NewToken({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: "", role: "viewer" as Role, mesh: everywhere, expiresInDays: 90 },
    validate: { name: (name) => (name.trim() ? null : "Say what it is for") },
  });
  const make = useMutation({
    mutationFn: (values: typeof form.values) =>
      send<TokenMadeDto>("POST", "/tokens", { ...values, mesh: values.mesh === everywhere ? null : values.mesh }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tokens }),
  });
  const close = () => {
    make.reset();
    form.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="New API token">
      {make.data ? (
        <Stack>
          <Text size="sm">Copy it now: it is not shown again.</Text>
          <CodeLine label="Copy the token">{make.data.secret}</CodeLine>
          <Group justify="flex-end">
            <Button onClick={close}>Done</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={form.onSubmit((values) => make.mutate(values))}>
          <Stack>
            <TextInput label="What for" placeholder="ci pipeline" data-autofocus {...form.getInputProps("name")} />
            <Select label="Role" data={roleData} allowDeselect={false} {...form.getInputProps("role")} />
            <MeshSelect {...form.getInputProps("mesh")} />
            <NumberInput label="Ends after, days" min={1} max={366} {...form.getInputProps("expiresInDays")} />
            <ErrorText>{make.error?.message}</ErrorText>
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={make.isPending}>
                Make the token
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
