"use client";
// The person, the theme, the way out.
import { Avatar, Menu, SegmentedControl, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconSun } from "@tabler/icons-react";
import { signOut } from "next-auth/react";
import { openKeysHelp } from "./keys-help";
import { useMe } from "./session";
import classes from "./shell.module.css";

export function PersonMenu({ folded }: { folded: boolean }) {
  const { me, role, isLoading } = useMe();
  const name = me?.name ?? me?.email ?? "You";
  return (
    <Menu position="right-end" width={248}>
      <Menu.Target>
        <UnstyledButton className={classes.person} aria-label={`${name}: theme, keys, sign out`}>
          <Avatar size={28} radius="xl" color="iris" variant="light" name={name} aria-hidden />
          {folded ? null : (
            <span className={classes.switcherName}>
              <Text size="sm" fw={500} truncate>
                {name}
              </Text>
              <Text size="xs" c="dimmed" truncate>
                {role ?? (isLoading ? "…" : "no role")}
              </Text>
            </span>
          )}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me?.email ?? "Theme"}</Menu.Label>
        <ThemeSwitch />
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconKeyboard size={16} />}
          onClick={openKeysHelp}
          rightSection={<kbd className={classes.kbd}>?</kbd>}
        >
          Keys
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut({ callbackUrl: "/sign-in" })}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const mounted = useMounted();
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      aria-label="Theme"
      value={mounted ? colorScheme : "auto"}
      onChange={(value) => setColorScheme(value as typeof colorScheme)}
      data={[
        { value: "light", label: <IconSun size={14} aria-label="Light" /> },
        { value: "dark", label: <IconMoon size={14} aria-label="Dark" /> },
        { value: "auto", label: <IconDeviceDesktop size={14} aria-label="As the system" /> },
      ]}
    />
  );
}
