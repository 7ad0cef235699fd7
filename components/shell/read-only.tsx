"use client";
// Says to whom the draft is closed, and who could open it. Rule: shown only when the role is known, so that nobody who may edit sees it
// flash by; the API decides anyway.
import { Menu, Text, UnstyledButton } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useMe } from "./session";
import classes from "./shell.module.css";

const may: Record<string, string> = {
  viewer: "You may look at everything here and change nothing.",
  reviewer: "You comment and vote on reviews; the draft is changed by authors.",
  operator: "You deploy, bind and run checks; the draft is changed by authors.",
};

export function ReadOnlyMark() {
  const { me, role, can, isLoading } = useMe();
  if (isLoading || !me || can("draft.write")) return null;
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <UnstyledButton className={classes.choice} aria-label={`View only: your role here is ${role ?? "none"}`}>
          <IconLock size={14} aria-hidden />
          <span className={`${classes.choiceText} ${classes.markText}`}>View only</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Your role here is {role ?? "none"}</Menu.Label>
        <Text size="sm" px={12} pb={8}>
          {may[role ?? "viewer"] ?? may["viewer"]} To change the design, ask an administrator for the role author
          (Settings, People).
        </Text>
      </Menu.Dropdown>
    </Menu>
  );
}
