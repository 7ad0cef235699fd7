"use client";
// The left rail, and the bottom bar on a phone. Rule: links carry the shared view (at, vs, range, env) along.
import { ActionIcon, Drawer, Stack, Tooltip, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import { MeshSwitcher } from "./mesh-switcher";
import { isOfEntry, type NavigationEntry, navigation } from "./navigation";
import { PersonMenu } from "./person-menu";
import classes from "./shell.module.css";
import { sharedSearch } from "./view";

export function useEntryLinks(mesh: string) {
  const path = usePathname();
  const search = sharedSearch(`?${useSearchParams().toString()}`);
  return {
    href: (entry: NavigationEntry) => `/meshes/${mesh}/${entry.path}${search}`,
    isCurrent: (entry: NavigationEntry) => isOfEntry(entry, path),
  };
}

export function Rail({ mesh, folded, onFold }: { mesh: string; folded: boolean; onFold: () => void }) {
  const { href, isCurrent } = useEntryLinks(mesh);
  return (
    <div className={classes.rail} data-folded={folded || undefined}>
      <MeshSwitcher mesh={mesh} folded={folded} />
      <nav className={classes.railNav} aria-label="Screens">
        {navigation.map((entry) => (
          <Tooltip
            key={entry.id}
            label={folded ? entry.label : entry.hint}
            position="right"
            openDelay={folded ? 100 : 800}
          >
            <Link
              href={href(entry)}
              className={classes.railLink}
              aria-current={isCurrent(entry) ? "page" : undefined}
              aria-label={entry.label}
              prefetch={false}
            >
              <entry.icon size={18} stroke={1.75} aria-hidden />
              <span className={classes.railLabel}>{entry.label}</span>
            </Link>
          </Tooltip>
        ))}
      </nav>
      <div className={classes.railFoot}>
        <PersonMenu folded={folded} />
        <ActionIcon onClick={onFold} aria-label={folded ? "Unfold the rail" : "Fold the rail"} size="md">
          {folded ? <IconLayoutSidebarLeftExpand size={18} /> : <IconLayoutSidebarLeftCollapse size={18} />}
        </ActionIcon>
      </div>
    </div>
  );
}

export function BottomBar({ mesh }: { mesh: string }) {
  const { href, isCurrent } = useEntryLinks(mesh);
  const [opened, drawer] = useDisclosure(false);
  const rest = navigation.filter((entry) => !entry.onPhone);
  return (
    <>
      <nav className={classes.bottomBar} aria-label="Screens">
        {navigation
          .filter((entry) => entry.onPhone)
          .map((entry) => (
            <Link
              key={entry.id}
              href={href(entry)}
              className={classes.bottomLink}
              aria-current={isCurrent(entry) ? "page" : undefined}
              prefetch={false}
            >
              <entry.icon size={20} stroke={1.75} aria-hidden />
              <span>{entry.short}</span>
            </Link>
          ))}
        <UnstyledButton
          className={classes.bottomLink}
          onClick={drawer.open}
          aria-haspopup="dialog"
          data-active={rest.some(isCurrent) || undefined}
        >
          <IconDots size={20} aria-hidden />
          <span>More</span>
        </UnstyledButton>
      </nav>
      <Drawer opened={opened} onClose={drawer.close} position="bottom" size={420} title="More screens">
        <Stack gap={4}>
          <MeshSwitcher mesh={mesh} folded={false} />
          {rest.map((entry) => (
            <Link
              key={entry.id}
              href={href(entry)}
              className={classes.railLink}
              onClick={drawer.close}
              aria-current={isCurrent(entry) ? "page" : undefined}
              prefetch={false}
            >
              <entry.icon size={18} stroke={1.75} aria-hidden />
              <span>{entry.label}</span>
            </Link>
          ))}
          <PersonMenu folded={false} />
        </Stack>
      </Drawer>
    </>
  );
}
