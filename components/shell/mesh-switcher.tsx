"use client";
// Which mesh. Job: name the current one, list the others, make a new one. Rule: switching keeps the screen.
import { Button, Group, Menu, Modal, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { IconCheck, IconPlus, IconSelector } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { usePathname, useRouter } from "next/navigation";
import { keys, type MeshSummary, send } from "@/components/api-client";
import { ErrorText } from "@/components/ui";
import { Brand } from "./brand";
import { useMe, useMeshes } from "./session";
import classes from "./shell.module.css";

export function MeshSwitcher({ mesh, folded }: { mesh: string; folded: boolean }) {
  const router = useRouter();
  const path = usePathname();
  const { can } = useMe();
  const [creating, creator] = useDisclosure(false);
  const meshes = useMeshes();
  const current = meshes.data?.items.find((each) => each.slug === mesh);
  const screen = path.split("/")[3] ?? "overview";
  return (
    <>
      <Menu position="bottom-start" width={240}>
        <Menu.Target>
          <UnstyledButton className={classes.switcher} aria-label={`Mesh ${current?.name ?? mesh}. Switch mesh`}>
            <Brand size={28} />
            {folded ? null : (
              <>
                <span className={classes.switcherName}>
                  <Text size="sm" fw={600} truncate>
                    {current?.name ?? mesh}
                  </Text>
                  <Text size="xs" c="dimmed" truncate>
                    Mesh
                  </Text>
                </span>
                <IconSelector size={16} aria-hidden />
              </>
            )}
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Meshes</Menu.Label>
          {meshes.data?.items.map((each) => (
            <Menu.Item
              key={each.slug}
              onClick={() => router.push(`/meshes/${each.slug}/${screen}`)}
              rightSection={each.slug === mesh ? <IconCheck size={14} /> : null}
            >
              {each.name}
              {each.isBeingDeleted ? " (being deleted)" : ""}
            </Menu.Item>
          ))}
          {can("mesh.create") ? (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<IconPlus size={14} />} onClick={creator.open}>
                New mesh
              </Menu.Item>
            </>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      <NewMesh opened={creating} onClose={creator.close} />
    </>
  );
}

export function NewMesh({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const router = useRouter();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: "" },
    validate: { name: (name) => (slugOf(name) === "" ? "Give it a name with at least one letter or digit" : null) },
  });
  const create = useMutation({
    mutationFn: (name: string) => send<MeshSummary>("POST", "/meshes", { name, slug: slugOf(name) }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: keys.meshes });
      onClose();
      form.reset();
      router.push(`/meshes/${made.slug}/overview`);
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title="New mesh">
      <form onSubmit={form.onSubmit(({ name }) => create.mutate(name.trim()))}>
        <Stack gap="md">
          <TextInput
            label="Name"
            placeholder="Shop"
            data-autofocus
            {...form.getInputProps("name")}
            description={form.values.name ? `Address: /meshes/${slugOf(form.values.name)}` : "It starts empty."}
          />
          <ErrorText>{create.error?.message}</ErrorText>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create mesh
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
}
