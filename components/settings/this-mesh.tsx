"use client";
// The end of a mesh. Job: say in numbers what goes, take the typed name, and show the draining until the mesh is gone.
// Rule: nothing is deleted by a click alone; who may not, reads who may; whoever looks sees that it is being deleted.
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { ApiError, get, keys, type MeshSummary, request } from "@/components/api-client";
import { useMe, useMesh } from "@/components/shell";
import { ErrorState, ErrorText, LoadingRows, Mono, Panel, plural, StatusBadge } from "@/components/ui";

const LOOK_EVERY_MS = 2_000;

export function ThisMesh() {
  const { mesh: slug, environments } = useMesh();
  const { can } = useMe();
  const router = useRouter();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: keys.mesh(slug, "summary"),
    queryFn: ({ signal }) => get<MeshSummary>(`/meshes/${slug}`, signal),
    refetchInterval: ({ state }) => (state.data?.isBeingDeleted ? LOOK_EVERY_MS : false),
    retry: false,
  });
  const mesh = query.data;
  const isGone = query.error instanceof ApiError && query.error.status === 404;
  useEffect(() => {
    if (!isGone) return;
    notifications.show({ message: `The mesh ${slug} is deleted.` });
    void client.invalidateQueries({ queryKey: keys.meshes }).then(() => router.replace("/"));
  }, [isGone, slug, client, router]);
  if (isGone) return <Text size="sm">The mesh is gone. Opening what is left.</Text>;
  if (query.error && !mesh) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!mesh) return <LoadingRows rows={3} />;
  return (
    <Panel title="Delete this mesh" hint={can("mesh.delete") ? undefined : "Needs the role administrator"}>
      {mesh.isBeingDeleted ? (
        <Stack gap={8} role="status">
          <Group gap={8}>
            <StatusBadge status="attention">being deleted</StatusBadge>
            <Text size="sm">
              {mesh.proxies > 0
                ? `${plural(mesh.proxies, "proxy", "proxies")} ${mesh.proxies === 1 ? "is" : "are"} drained and ${mesh.proxies === 1 ? "loses its" : "lose their"} identities.`
                : "Its proxies are gone; the rest follows."}
            </Text>
          </Group>
          <Text size="sm" c="dimmed">
            Nothing of it can be changed any more. This page may be left; it goes on by itself.
          </Text>
        </Stack>
      ) : (
        <Stack gap="sm">
          <Text size="sm">{whatGoes(mesh, environments.length)} The audit log keeps what was done in it.</Text>
          {can("mesh.delete") ? (
            <DeleteButton mesh={mesh} onAsked={() => void query.refetch()} />
          ) : (
            <Text size="sm" c="dimmed">
              An administrator of this mesh can delete it.
            </Text>
          )}
        </Stack>
      )}
    </Panel>
  );
}

function whatGoes({ services, latestRevision, proxies }: MeshSummary, environments: number): string {
  const parts = [
    `the draft with ${plural(services, "service")}`,
    ...(latestRevision ? [plural(latestRevision, "revision")] : []),
    plural(environments, "environment"),
    "its reviews, policy tests, checks and signals",
  ];
  const running =
    proxies > 0
      ? ` ${plural(proxies, "proxy", "proxies")} ${proxies === 1 ? "runs" : "run"}: they are drained and end first, and calls through them end with them.`
      : " No proxy of it runs.";
  return `This deletes ${parts.join(", ")}.${running}`;
}

function DeleteButton({ mesh, onAsked }: { mesh: MeshSummary; onAsked(): void }) {
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: () => request(`/meshes/${mesh.slug}`, { method: "DELETE", ifMatch: `"v${mesh.version}"` }),
    onSuccess: () => setOpen(false),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: keys.meshes });
      onAsked();
    },
  });
  const close = () => {
    setOpen(false);
    setTyped("");
    remove.reset();
  };
  return (
    <>
      <Group>
        <Button color="red" variant="outline" onClick={() => setOpen(true)}>
          Delete the mesh
        </Button>
      </Group>
      <Modal opened={isOpen} onClose={close} title={`Delete ${mesh.name}`}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (typed === mesh.slug) remove.mutate();
          }}
        >
          <Stack gap="sm">
            <Text size="sm">
              {mesh.proxies > 0
                ? `${plural(mesh.proxies, "proxy", "proxies")} will be drained, then the mesh is gone.`
                : "The mesh is gone at once."}{" "}
              There is no way back.
            </Text>
            <TextInput
              label={
                <>
                  Type <Mono>{mesh.slug}</Mono> to confirm
                </>
              }
              data-autofocus
              autoComplete="off"
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <ErrorText>{remove.error?.message}</ErrorText>
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                Keep it
              </Button>
              <Button type="submit" color="red" disabled={typed !== mesh.slug} loading={remove.isPending}>
                Delete {mesh.slug}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
