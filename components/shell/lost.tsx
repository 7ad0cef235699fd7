"use client";
// Pages for an address that is nothing and for a screen that broke. Rule: both offer a way on.
import { Button, Center, Group } from "@mantine/core";
import { IconMapOff, IconMoodSad } from "@tabler/icons-react";
import Link from "next/link";
import { EmptyState } from "@/components/ui";

export function NotFoundScreen() {
  return (
    <Center mih="80dvh">
      <EmptyState
        icon={<IconMapOff size={32} stroke={1.5} />}
        title="There is nothing at this address"
        action={
          <Button component={Link} href="/">
            Go to the meshes
          </Button>
        }
      >
        It may have been renamed or deleted, or it belongs to a mesh that you cannot see.
      </EmptyState>
    </Center>
  );
}

export function CrashScreen({ error, onRetry }: { error: Error & { digest?: string }; onRetry: () => void }) {
  return (
    <Center mih="80dvh">
      <EmptyState
        icon={<IconMoodSad size={32} stroke={1.5} />}
        title="This screen stopped working"
        action={
          <Group gap="xs">
            <Button onClick={onRetry}>Try again</Button>
            <Button component={Link} href="/" variant="default">
              Go to the meshes
            </Button>
          </Group>
        }
      >
        Your draft is saved on the server.{" "}
        {error.digest ? `Quote ${error.digest} when you report this.` : error.message}
      </EmptyState>
    </Center>
  );
}
