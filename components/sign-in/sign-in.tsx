"use client";
// The way in. Job: one-time link, email and password, OIDC when it is configured. Rule: the link's token is used by a
// POST from this page only, so that a link preview does not burn it; what was typed stays after an error.
import { Alert, Button, Divider, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconAlertTriangle, IconLogin2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { getProviders, signIn } from "next-auth/react";
import { useState } from "react";
import { Brand } from "@/components/shell";
import classes from "./sign-in.module.css";
import { problemInWords, safeCallback } from "./words";

export function SignIn() {
  const search = useSearchParams();
  const token = search.get("token");
  const callbackUrl = safeCallback(search.get("callbackUrl"));
  const providers = useQuery({ queryKey: ["providers"], queryFn: () => getProviders(), staleTime: 60_000 });
  const [problem, setProblem] = useState<string | null>(() => problemInWords(search.get("error")));
  const [busy, setBusy] = useState<string | null>(null);

  async function enter(provider: string, fields: Record<string, string>) {
    setBusy(provider);
    setProblem(null);
    const result = await signIn(provider, { ...fields, redirect: false, callbackUrl }).catch(() => undefined);
    if (result?.ok && !result.error) {
      window.location.assign(callbackUrl);
      return;
    }
    setBusy(null);
    setProblem(
      problemInWords(
        result ? (provider === "sign-in-link" ? "link" : (result.error ?? "CredentialsSignin")) : "unreachable",
      ),
    );
  }

  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <Stack gap="lg">
          <Brand size={40} />
          <div>
            <Title order={1}>Sign in to Meshwright</Title>
            <Text size="sm" c="dimmed" mt={4}>
              Design a service mesh, put it live and watch it.
            </Text>
          </div>
          {problem ? (
            <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} role="alert">
              {problem}
            </Alert>
          ) : null}
          {token ? (
            <Stack gap="sm">
              <Button
                size="md"
                leftSection={<IconLogin2 size={18} />}
                loading={busy === "sign-in-link"}
                onClick={() => void enter("sign-in-link", { token })}
              >
                Continue with this link
              </Button>
              <Text size="xs" c="dimmed">
                The link works once. It signs in the person it was made for, on this browser.
              </Text>
              <Divider label="or" />
            </Stack>
          ) : null}
          <PasswordForm
            busy={busy === "password"}
            quiet={token !== null}
            onEnter={(fields) => void enter("password", fields)}
          />
          {providers.data?.oidc ? (
            <Button variant="default" loading={busy === "oidc"} onClick={() => void signIn("oidc", { callbackUrl })}>
              Continue with {providers.data.oidc.name}
            </Button>
          ) : null}
          <Text size="xs" c="dimmed">
            No password yet? The terminal that runs <code>npm start</code> prints one-time links;{" "}
            <code>npm start -- --sign-in-link</code> makes a new one.
          </Text>
        </Stack>
      </div>
    </main>
  );
}

function PasswordForm(props: {
  busy: boolean;
  quiet: boolean;
  onEnter: (fields: { email: string; password: string }) => void;
}) {
  const form = useForm({
    initialValues: { email: "", password: "" },
    validate: {
      email: (email) => (/^\S+@\S+$/.test(email) ? null : "Write the address as name@example.org"),
      password: (password) => (password === "" ? "Type your password" : null),
    },
  });
  return (
    <form onSubmit={form.onSubmit(props.onEnter)}>
      <Stack gap="sm">
        <TextInput label="Email" type="email" autoComplete="username" {...form.getInputProps("email")} />
        <PasswordInput label="Password" autoComplete="current-password" {...form.getInputProps("password")} />
        <Button type="submit" variant={props.quiet ? "default" : "filled"} loading={props.busy}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
