"use client";
// The landing of an invite: name and password, then in. Rule: the token is sent by POST only.
import { Alert, Button, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { send } from "@/components/api-client";
import { Brand } from "@/components/shell";
import classes from "./sign-in.module.css";

export function AcceptInvite() {
  const token = useSearchParams().get("token") ?? "";
  const form = useForm({
    initialValues: { name: "", password: "" },
    validate: {
      name: (name) => (name.trim() ? null : "Type your name"),
      password: (password) => (password.length >= 12 ? null : "At least 12 characters; a sentence is fine"),
    },
  });
  const accept = useMutation({
    mutationFn: (values: typeof form.values) => send("POST", "/invites/accept", { token, ...values }),
    onSuccess: () => window.location.assign("/sign-in"),
  });
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <form onSubmit={form.onSubmit((values) => accept.mutate(values))}>
          <Stack gap="md">
            <Brand size={40} />
            <div>
              <Title order={1}>Join Meshwright</Title>
              <Text size="sm" c="dimmed" mt={4}>
                Choose a name and a password; then sign in with your email address.
              </Text>
            </div>
            {token === "" ? (
              <Alert color="orange" variant="light" icon={<IconAlertTriangle size={18} />}>
                This address lacks its token. Open the link from the invite as it is.
              </Alert>
            ) : null}
            {accept.error ? (
              <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} role="alert">
                {accept.error.message}
              </Alert>
            ) : null}
            <TextInput label="Name" autoComplete="name" {...form.getInputProps("name")} />
            <PasswordInput label="Password" autoComplete="new-password" {...form.getInputProps("password")} />
            <Button type="submit" loading={accept.isPending} disabled={token === ""}>
              Join
            </Button>
          </Stack>
        </form>
      </div>
    </main>
  );
}
