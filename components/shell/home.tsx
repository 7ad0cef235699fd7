"use client";
// `/` goes to the mesh that was open last, else to the first; without any it offers to make one.
import { Button, Center, Loader, Stack, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { EmptyState, ErrorState } from "@/components/ui";
import { Brand } from "./brand";
import { NewMesh } from "./mesh-switcher";
import { useMeshes } from "./session";

export const lastMeshKey = "meshwright-last-mesh";

export function Home() {
  const router = useRouter();
  const [last] = useLocalStorage({ key: lastMeshKey, defaultValue: "", getInitialValueInEffect: false });
  const [creating, setCreating] = useState(false);
  const meshes = useMeshes();
  const target = meshes.data?.items.find((mesh) => mesh.slug === last) ?? meshes.data?.items[0];
  useEffect(() => {
    if (target) router.replace(`/meshes/${target.slug}/overview`);
  }, [target, router]);
  return (
    <Center mih="100dvh" p="lg">
      {meshes.error ? (
        <ErrorState error={meshes.error} onRetry={() => void meshes.refetch()} />
      ) : meshes.data && !target ? (
        <>
          <EmptyState
            icon={<Brand size={40} />}
            title="No mesh yet"
            action={<Button onClick={() => setCreating(true)}>Create a mesh</Button>}
          >
            A mesh is one design with its environments. Create one, then draw it or import what you have.
          </EmptyState>
          <NewMesh opened={creating} onClose={() => setCreating(false)} />
        </>
      ) : (
        <Stack align="center" gap="sm">
          <Loader size="sm" />
          <Text size="sm" c="dimmed">
            Opening your meshes
          </Text>
        </Stack>
      )}
    </Center>
  );
}
