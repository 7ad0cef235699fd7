"use client";
// Takes a proxy's identity away. Rule: says what happens before it does, and asks for the reason that the audit log keeps.
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys, type ProxyDto, send } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import { ErrorText } from "@/components/ui";

const LEAST_REASON = 3;

export function Revoke({ proxy }: { proxy: ProxyDto }) {
  const { can } = useMe();
  const { mesh, environment } = useMesh();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const revoke = useMutation({
    mutationFn: () =>
      send("POST", `/meshes/${mesh}/environments/${environment?.name ?? ""}/revocations`, {
        proxyKey: proxy.proxyKey,
        reason,
      }),
    onSuccess: () => {
      setAsking(false);
      setReason("");
      return client.invalidateQueries({ queryKey: keys.mesh(mesh, "proxies") });
    },
  });
  const isJoined = proxy.origin === "joined";
  if (!can("identity.revoke") || !proxy.certificate) return null;
  if (!isAsking) {
    return (
      <Stack gap={4} align="flex-start">
        <Button variant="default" color="red" onClick={() => setAsking(true)}>
          Revoke the identity
        </Button>
        {revoke.isSuccess ? (
          <Text size="xs" c="dimmed" role="status">
            {isJoined
              ? "Revoked. The machine is out of the mesh."
              : "Revoked. The proxy starts again with a new key; its serial changes above."}
          </Text>
        ) : null}
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        revoke.mutate();
      }}
    >
      <Stack gap="xs">
        <Text size="sm">
          Its certificates are refused everywhere within a second and its connections are cut.{" "}
          {isJoined
            ? "The machine leaves the mesh and comes back only with a new join token; other instances go on."
            : "The instance then starts again with a new key; calls to it fail until it is ready, unless another instance answers."}
        </Text>
        <Textarea
          label="Why"
          description="Kept in the audit log."
          required
          maxLength={500}
          autosize
          minRows={2}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
        />
        <ErrorText>{revoke.error?.message}</ErrorText>
        <Group gap="xs">
          <Button type="submit" color="red" loading={revoke.isPending} disabled={reason.trim().length < LEAST_REASON}>
            Revoke
          </Button>
          <Button variant="subtle" onClick={() => setAsking(false)}>
            Keep it
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
