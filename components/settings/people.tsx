"use client";
// People with their roles, and open invites.
import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
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
  request,
  send,
  type User,
} from "@/components/api-client";
import { useMe } from "@/components/shell";
import {
  absent,
  CodeLine,
  type Column,
  DataTable,
  ErrorState,
  ErrorText,
  LoadingRows,
  Panel,
  StatusBadge,
  TimeAgo,
  useConfirm,
} from "@/components/ui";
import { everywhere, MeshSelect, RoleHelp, roleData, roleOf } from "./roles";

export function People() {
  const client = useQueryClient();
  const { me } = useMe();
  const confirm = useConfirm();
  const [inviting, dialog] = useDisclosure(false);
  const users = useQuery({
    queryKey: keys.users,
    queryFn: ({ signal }) => get<PageOf<User>>("/users?limit=200", signal),
  });
  const change = useMutation({
    // The roles beside the changed one are those of now, not those of when the list was read.
    mutationFn: async ({ id, patchOf }: { id: string; patchOf(user: User): UserPatch }) => {
      const { data, etag } = await request<User>(`/users/${id}`);
      return request<User>(`/users/${id}`, { method: "PATCH", body: patchOf(data), ifMatch: etag });
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.users }),
  });
  const setDisabled = (user: User, isDisabled: boolean) => {
    const wanted = { id: user.id, patchOf: () => ({ isDisabled }) };
    if (!isDisabled) return change.mutate(wanted);
    confirm.ask({
      title: `Disable ${user.name}`,
      consequence: `${user.email} is signed out everywhere at once, cannot sign in, and the API tokens of this person are refused. Reviews and the audit log keep what was done. Enabling brings it all back, but signed in again.`,
      action: `Disable ${user.name}`,
      keep: "Cancel",
      act: () => change.mutateAsync(wanted),
    });
  };
  const setRole = (user: User, role: Role) => {
    const wanted = {
      id: user.id,
      patchOf: (now: User) => {
        const [first, ...others] = givenRoles(now);
        return { roles: [{ mesh: null, namespace: null, ...first, role }, ...others].map(bare) };
      },
    };
    if (user.id !== me?.id) return change.mutate(wanted);
    confirm.ask({
      title: `Change your own role to ${role}`,
      consequence: "You then manage no people any more: only another administrator can give it back to you.",
      action: `Become ${role}`,
      keep: "Cancel",
      act: () => change.mutateAsync(wanted),
    });
  };
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
          <DataTable
            label="People"
            columns={columnsOf({ onRole: setRole, onDisabled: setDisabled })}
            rows={users.data?.items ?? []}
            keyOf={({ id }) => id}
            minWidth={720}
          />
        )}
        <ErrorText p="md">{change.error?.message}</ErrorText>
      </Panel>
      <Invites />
      <RoleHelp />
      <InviteDialog opened={inviting} onClose={dialog.close} />
      {confirm.dialog}
    </Stack>
  );
}

type Binding = User["roles"][number];
interface UserPatch {
  isDisabled?: boolean;
  roles?: Pick<Binding, "role" | "mesh" | "namespace">[];
}

/** Those that are given here; the others come with the sign-in of an identity provider. */
const givenRoles = ({ roles }: User): Binding[] => roles.filter(({ origin }) => origin === "manual");
const bare = ({ role, mesh, namespace }: Pick<Binding, "role" | "mesh" | "namespace">) => ({ role, mesh, namespace });
const placeOf = ({ mesh, namespace }: Binding) => [mesh ?? "every mesh", ...(namespace ? [namespace] : [])].join("/");

function columnsOf(on: {
  onRole(user: User, role: Role): void;
  onDisabled(user: User, isDisabled: boolean): void;
}): Column<User>[] {
  return [
    {
      title: "Person",
      cell: ({ name, email }) => (
        <>
          <Text size="sm" fw={500}>
            {name}
          </Text>
          <Text size="xs" c="dimmed">
            {email}
          </Text>
        </>
      ),
    },
    {
      title: "Role",
      folded: "aside",
      cell: (user) => (
        <Select
          size="xs"
          w={150}
          maw="100%"
          aria-label={`Role of ${user.name}`}
          data={roleData}
          allowDeselect={false}
          value={givenRoles(user)[0]?.role ?? null}
          placeholder="none"
          onChange={(value) => on.onRole(user, roleOf(value))}
        />
      ),
    },
    {
      title: "On",
      cell: (user) => {
        const [first] = givenRoles(user);
        const others = user.roles.filter((each) => each !== first);
        return (
          <>
            {first ? placeOf(first) : absent}
            {others.map((each) => (
              <Text key={`${each.role} ${placeOf(each)}`} size="xs" c="dimmed">
                also {each.role} on {placeOf(each)}
                {each.origin === "oidc" ? ", by the identity provider" : ""}
              </Text>
            ))}
          </>
        );
      },
    },
    { title: "Last sign-in", cell: ({ lastSignInAt }) => (lastSignInAt ? <TimeAgo at={lastSignInAt} /> : "never") },
    {
      title: "Actions",
      isTitleHidden: true,
      isNumber: true,
      cell: (user) => (
        <>
          {user.isDisabled ? <StatusBadge status="attention">disabled</StatusBadge> : null}
          <Button
            size="compact-xs"
            variant="subtle"
            {...(user.isDisabled ? {} : { color: "red" })}
            ml={8}
            aria-label={`${user.isDisabled ? "Enable" : "Disable"} ${user.name}`}
            onClick={() => on.onDisabled(user, !user.isDisabled)}
          >
            {user.isDisabled ? "Enable" : "Disable"}
          </Button>
        </>
      ),
    },
  ];
}

function Invites() {
  const client = useQueryClient();
  const confirm = useConfirm();
  const invites = useQuery({
    queryKey: keys.invites,
    queryFn: ({ signal }) => get<PageOf<Invite>>("/invites?limit=100", signal),
  });
  const open = (invites.data?.items ?? []).filter((invite) => invite.state === "open");
  const askToTakeBack = ({ id, email, role, mesh }: Invite) =>
    confirm.ask({
      title: `Take back the invite of ${email}`,
      consequence: `The link that was sent does not let ${email} in any more (${role} on ${mesh ?? "every mesh"}). There is no way back, only a new invite with a new link.`,
      action: "Take it back",
      act: () => send("DELETE", `/invites/${id}`).finally(() => client.invalidateQueries({ queryKey: keys.invites })),
    });
  const columns: Column<Invite>[] = [
    { title: "E-mail", cell: ({ email }) => email },
    { title: "Role", cell: ({ role }) => role },
    { title: "On", cell: ({ mesh }) => mesh ?? "every mesh" },
    { title: "Ends", cell: ({ expiresAt }) => <TimeAgo at={expiresAt} /> },
    {
      title: "Actions",
      isTitleHidden: true,
      isNumber: true,
      cell: (invite) => (
        <Button
          size="compact-xs"
          variant="subtle"
          color="red"
          aria-label={`Take back the invite of ${invite.email}`}
          onClick={() => askToTakeBack(invite)}
        >
          Take back
        </Button>
      ),
    },
  ];
  return (
    <>
      {open.length === 0 ? null : (
        <Panel title="Open invites" flush>
          <DataTable label="Open invites" columns={columns} rows={open} keyOf={({ id }) => id} minWidth={560} />
        </Panel>
      )}
      {confirm.dialog}
    </>
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
