"use client";
// One's own name, password and sessions.
import { Button, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keys, type Me, request } from "@/components/api-client";
import { useMe } from "@/components/shell";
import { ErrorText, LoadingRows, Panel, useConfirm } from "@/components/ui";

export function Account() {
  const { me } = useMe();
  if (!me) return <LoadingRows rows={3} />;
  return (
    <Stack>
      <Name key={me.name} name={me.name} email={me.email} />
      <Password />
      <Sessions />
    </Stack>
  );
}

function usePatchMe(done: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (patch: object) => {
      const { etag } = await request<Me>("/me");
      return request<Me>("/me", { method: "PATCH", body: patch, ifMatch: etag });
    },
    onSuccess: () => {
      notifications.show({ message: done });
      void client.invalidateQueries({ queryKey: keys.me });
    },
  });
}

function Name({ name, email }: { name: string; email: string }) {
  const patch = usePatchMe("Your name was changed.");
  const form = useForm({
    initialValues: { name },
    validate: { name: (value) => (value.trim() ? null : "Type a name") },
  });
  return (
    <Panel title="Name" hint={email}>
      <form onSubmit={form.onSubmit((values) => patch.mutate(values))}>
        <Group align="flex-end">
          <TextInput label="Shown to others as" w={280} maw="100%" {...form.getInputProps("name")} />
          <Button type="submit" variant="default" loading={patch.isPending} disabled={!form.isDirty()}>
            Save
          </Button>
        </Group>
        <ErrorText>{patch.error?.message}</ErrorText>
      </form>
    </Panel>
  );
}

function Password() {
  const patch = usePatchMe("Your password was changed.");
  const form = useForm({
    initialValues: { current: "", next: "" },
    validate: { next: (value) => (value.length >= 12 ? null : "At least 12 characters") },
  });
  return (
    <Panel title="Password" hint="At least 12 characters; a sentence is fine.">
      <form
        onSubmit={form.onSubmit((values) =>
          patch.mutate(
            { password: { next: values.next, ...(values.current ? { current: values.current } : {}) } },
            { onSuccess: () => form.reset() },
          ),
        )}
      >
        <Stack gap="sm" maw={360}>
          <PasswordInput
            label="Current"
            description="Leave empty if you never set one"
            autoComplete="current-password"
            {...form.getInputProps("current")}
          />
          <PasswordInput label="New" autoComplete="new-password" {...form.getInputProps("next")} />
          <ErrorText>{patch.error?.message}</ErrorText>
          <Group>
            <Button type="submit" variant="default" loading={patch.isPending}>
              Set password
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

function Sessions() {
  const patch = usePatchMe("You are signed out everywhere.");
  const confirm = useConfirm();
  const ask = () =>
    confirm.ask({
      title: "Sign out everywhere",
      consequence: "Every browser in which you are signed in is signed out, this one too. API tokens go on working.",
      action: "Sign out everywhere",
      keep: "Stay signed in",
      act: () => patch.mutateAsync({ signOutEverywhere: true }).then(() => window.location.assign("/sign-in")),
    });
  return (
    <Panel title="Sessions" hint="A device was lost, or a browser was left open? Sign it out from here.">
      <Button variant="default" onClick={ask}>
        Sign out everywhere
      </Button>
      {confirm.dialog}
    </Panel>
  );
}
