"use client";
// People with their roles, and open invites.
import { Button, Group, Modal, Select, Stack, Table, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconUserPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  get,
  type Invite,
  type InviteMadeDto,
  keys,
  type PageOf,
  type Role,
  send,
  type User,
} from "@/components/api-client";
import {
  CodeLine,
  ErrorState,
  ErrorText,
  LoadingRows,
  Panel,
  StatusBadge,
  TableScroll,
  TimeAgo,
} from "@/components/ui";
import { everywhere, MeshSelect, RoleHelp, roleData, roleOf } from "./roles";

export function People() {
  const client = useQueryClient();
  const [inviting, dialog] = useDisclosure(false);
  const users = useQuery({
    queryKey: keys.users,
    queryFn: ({ signal }) => get<PageOf<User>>("/users?limit=200", signal),
  });
  const change = useMutation({
    mutationFn: ({
      id,
      ...patch
    }: {
      id: string;
      isDisabled?: boolean;
      roles?: { role: Role; mesh: string | null }[];
    }) => send("PATCH", `/users/${id}`, patch),
    onSettled: () => client.invalidateQueries({ queryKey: keys.users }),
  });
  if (users.error) return <ErrorState error={users.error} onRetry={() => void users.refetch()} />;
  return (
    <Stack>
      <Panel
        title="People"
        aside={
          <Button size="xs" leftSection={<IconUserPlus size={14} />} onClick={dialog.open}>
            Invite
          </Button>
        }
        flush
      >
        {users.isLoading ? (
          <LoadingRows />
        ) : (
          <TableScroll label="People">
            <Table miw={720}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Person</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th>On</Table.Th>
                  <Table.Th>Last sign-in</Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {users.data?.items.map((user) => (
                  <Table.Tr key={user.id}>
                    <Table.Td>
                      <Text size="sm" fw={500}>
                        {user.name}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {user.email}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Select
                        size="xs"
                        w={150}
                        aria-label={`Role of ${user.name}`}
                        data={roleData}
                        allowDeselect={false}
                        value={user.roles[0]?.role ?? null}
                        placeholder="none"
                        onChange={(value) =>
                          change.mutate({
                            id: user.id,
                            roles: [{ role: roleOf(value), mesh: user.roles[0]?.mesh ?? null }],
                          })
                        }
                      />
                    </Table.Td>
                    <Table.Td>{user.roles.map((each) => each.mesh ?? "every mesh").join(", ") || "–"}</Table.Td>
                    <Table.Td>
                      <TimeAgo at={user.lastSignInAt} />
                    </Table.Td>
                    <Table.Td ta="right">
                      {user.isDisabled ? <StatusBadge status="attention">disabled</StatusBadge> : null}
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        color={user.isDisabled ? undefined : "red"}
                        ml={8}
                        onClick={() => change.mutate({ id: user.id, isDisabled: !user.isDisabled })}
                      >
                        {user.isDisabled ? "Enable" : "Disable"}
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </TableScroll>
        )}
        <ErrorText p="md">{change.error?.message}</ErrorText>
      </Panel>
      <Invites />
      <RoleHelp />
      <InviteDialog opened={inviting} onClose={dialog.close} />
    </Stack>
  );
}

function Invites() {
  const client = useQueryClient();
  const invites = useQuery({
    queryKey: keys.invites,
    queryFn: ({ signal }) => get<PageOf<Invite>>("/invites?limit=100", signal),
  });
  const revoke = useMutation({
    mutationFn: (id: string) => send("DELETE", `/invites/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: keys.invites }),
  });
  const open = (invites.data?.items ?? []).filter((invite) => invite.state === "open");
  if (open.length === 0) return null;
  return (
    <Panel title="Open invites" flush>
      <TableScroll label="Open invites">
        <Table miw={560}>
          <Table.Tbody>
            {open.map((invite) => (
              <Table.Tr key={invite.id}>
                <Table.Td>{invite.email}</Table.Td>
                <Table.Td>{invite.role}</Table.Td>
                <Table.Td>{invite.mesh ?? "every mesh"}</Table.Td>
                <Table.Td>
                  ends <TimeAgo at={invite.expiresAt} />
                </Table.Td>
                <Table.Td ta="right">
                  <Button size="compact-xs" variant="subtle" color="red" onClick={() => revoke.mutate(invite.id)}>
                    Take back
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableScroll>
    </Panel>
  );
}

function InviteDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { email: "", role: "viewer" as Role, mesh: everywhere },
    validate: { email: (email) => (/^\S+@\S+$/.test(email) ? null : "Write the address as name@example.org") },
  });
  const invite = useMutation({
    mutationFn: (values: typeof form.values) =>
      send<InviteMadeDto>("POST", "/invites", {
        email: values.email,
        role: values.role,
        mesh: values.mesh === everywhere ? null : values.mesh,
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.invites }),
  });
  const close = () => {
    invite.reset();
    form.reset();
    onClose();
  };
  return (
    <Modal opened={opened} onClose={close} title="Invite a person">
      {invite.data ? (
        <Stack>
          <Text size="sm">Send this link to {invite.data.email}. It works once and is not shown again.</Text>
          <CodeLine label="Copy the link">{invite.data.url}</CodeLine>
          <Group justify="flex-end">
            <Button onClick={close}>Done</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={form.onSubmit((values) => invite.mutate(values))}>
          <Stack>
            <TextInput label="Email" type="email" data-autofocus {...form.getInputProps("email")} />
            <Select label="Role" data={roleData} allowDeselect={false} {...form.getInputProps("role")} />
            <MeshSelect {...form.getInputProps("mesh")} />
            <ErrorText>{invite.error?.message}</ErrorText>
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={invite.isPending}>
                Make the link
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
