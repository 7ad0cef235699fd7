"use client";
// API tokens: scoped, expiring, revocable; the secret is shown once.
import { Button, Group, Modal, NumberInput, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type ApiToken, get, keys, type PageOf, type Role, send, type TokenMadeDto } from "@/components/api-client";
import {
  CodeLine,
  EmptyState,
  ErrorState,
  ErrorText,
  LoadingRows,
  Panel,
  StatusBadge,
  TableScroll,
  TimeAgo,
} from "@/components/ui";
import { everywhere, MeshSelect, roleData } from "./roles";

export function Tokens() {
  const [making, dialog] = useDisclosure(false);
  const tokens = useQuery({
    queryKey: keys.tokens,
    queryFn: ({ signal }) => get<PageOf<ApiToken>>("/tokens?limit=100", signal),
  });
  const [asked, setAsked] = useState<ApiToken | null>(null);
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
          <TableScroll label="API tokens">
            <Table miw={680}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th>On</Table.Th>
                  <Table.Th>Last used</Table.Th>
                  <Table.Th>Ends</Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((token) => (
                  <Table.Tr key={token.id}>
                    <Table.Td fw={500}>{token.name}</Table.Td>
                    <Table.Td>{token.role}</Table.Td>
                    <Table.Td>{token.mesh ?? "every mesh"}</Table.Td>
                    <Table.Td>
                      <TimeAgo at={token.lastUsedAt} />
                    </Table.Td>
                    <Table.Td>
                      {token.revokedAt ? (
                        <StatusBadge status="attention">revoked</StatusBadge>
                      ) : (
                        <TimeAgo at={token.expiresAt} />
                      )}
                    </Table.Td>
                    <Table.Td ta="right">
                      {token.revokedAt ? null : (
                        <Button
                          size="compact-xs"
                          variant="subtle"
                          color="red"
                          aria-label={`Revoke ${token.name}`}
                          onClick={() => setAsked(token)}
                        >
                          Revoke
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </TableScroll>
        )}
      </Panel>
      <NewToken opened={making} onClose={dialog.close} />
      {asked ? <RevokeToken key={asked.id} token={asked} onClose={() => setAsked(null)} /> : null}
    </>
  );
}

/** There is no way back, so the name is asked about first. */
function RevokeToken({ token, onClose }: { token: ApiToken; onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => send("DELETE", `/tokens/${token.id}`),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: keys.tokens }),
  });
  return (
    <Modal opened onClose={onClose} title={`Revoke ${token.name}`}>
      <Stack>
        <Text size="sm">
          What uses this token is refused from now on: {token.role} on {token.mesh ?? "every mesh"}, last used{" "}
          {token.lastUsedAt ? <TimeAgo at={token.lastUsedAt} /> : "never"}. There is no way back, only a new token.
        </Text>
        <ErrorText>{revoke.error?.message}</ErrorText>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke {token.name}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
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
