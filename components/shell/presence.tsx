"use client";
// Who else is here. Rule: a hidden window says nothing, a sign of life is sent every 15 s and at each change of screen, and the
// list names people and screens, never what they type.
import { Menu, Text, UnstyledButton } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { usePathname, useSearchParams } from "next/navigation";
import { useEffect, useMemo } from "react";
import { get, keys, request } from "@/components/api-client";
import { listInWords } from "@/components/ui";
import type { PresenceDto } from "@/lib/api/schema";
import { navigation } from "./navigation";
import classes from "./shell.module.css";

const SIGN_OF_LIFE_MS = 15_000;

export function Presence({ mesh }: { mesh: string }) {
  const screen = usePathname().split("/").slice(3).join("/") || "overview";
  const selection = useSearchParams().get("sel");
  const client = useMemo(() => Math.random().toString(36).slice(2, 14), []);
  useEffect(() => {
    const say = () => {
      if (document.visibilityState !== "visible") return;
      const body = { clientId: client, screen: screen.slice(0, 120), selection };
      // Nobody waits for it: a lost sign of life is followed by the next.
      request(`/meshes/${mesh}/presence`, { method: "PUT", body }).catch(() => undefined);
    };
    say();
    const timer = setInterval(say, SIGN_OF_LIFE_MS);
    document.addEventListener("visibilitychange", say);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", say);
    };
  }, [mesh, client, screen, selection]);
  useEffect(() => {
    const leave = () => {
      void fetch(`/api/v1/meshes/${mesh}/presence/${client}`, { method: "DELETE", keepalive: true }).catch(
        () => undefined,
      );
    };
    window.addEventListener("pagehide", leave);
    return () => window.removeEventListener("pagehide", leave);
  }, [mesh, client]);
  const query = useQuery({
    queryKey: keys.mesh(mesh, "presence"),
    queryFn: ({ signal }) => get<PresenceDto>(`/meshes/${mesh}/presence`, signal),
    refetchInterval: 20_000,
  });
  const others = query.data?.items.filter(({ isMe }) => !isMe) ?? [];
  if (others.length === 0) return null;
  const count = others.length + (query.data?.more ?? 0);
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <UnstyledButton
          className={classes.choice}
          aria-label={`${count} other ${count === 1 ? "person is" : "people are"} here`}
        >
          <IconUsers size={14} aria-hidden />
          <span className={`${classes.choiceText} ${classes.presenceNames}`}>
            {listInWords(
              others.map(({ name }) => name),
              1,
            )}
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={classes.menuScroll}>
        <Menu.Label>Also here now</Menu.Label>
        {others.map((each) => (
          <div key={each.name} className={classes.keyRow}>
            <Text size="sm">{each.name}</Text>
            <Text size="xs" c="dimmed">
              {screenWord(each.screen)}
              {each.screen === screen && each.selection ? `, ${each.selection.split("/").at(-1)}` : ""}
            </Text>
          </div>
        ))}
        {query.data && query.data.more > 0 ? (
          <Text size="xs" c="dimmed" p={8}>
            and {query.data.more} more
          </Text>
        ) : null}
      </Menu.Dropdown>
    </Menu>
  );
}

/** `reviews/3/access` is Reviews #3. */
function screenWord(path: string): string {
  const [first = "", second] = path.split("/");
  const label = navigation.find((entry) => entry.path === first)?.label ?? first;
  return second ? `${label} ${/^\d+$/.test(second) ? `#${second}` : second}` : label;
}
