"use client";
import { useMantineColorScheme } from "@mantine/core";
// Ctrl+K finds anything: screens, objects of the mesh, commands. Rule: it only navigates or calls what a screen offers.
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconBox, IconKeyboard, IconMoon, IconRoute, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { type DraftDto, get, keys } from "@/components/api-client";
import { isPolicyKind } from "@/lib/mesh/policies";
import { openKeysHelp } from "./keys-help";
import { navigation } from "./navigation";
import { sharedSearch, writeParameters } from "./view";

export function Finder({ mesh }: { mesh: string }) {
  const router = useRouter();
  const { toggleColorScheme } = useMantineColorScheme();
  const draft = useQuery({
    queryKey: keys.mesh(mesh, "draft"),
    queryFn: ({ signal }) => get<DraftDto>(`/meshes/${mesh}/draft`, signal),
  });
  const actions = useMemo<SpotlightActionGroupData[]>(() => {
    const search = () => sharedSearch(window.location.search);
    const screens: SpotlightActionData[] = navigation.map((entry) => ({
      id: `screen-${entry.id}`,
      label: entry.label,
      description: entry.hint,
      leftSection: <entry.icon size={18} stroke={1.75} />,
      onClick: () => router.push(`/meshes/${mesh}/${entry.path}${search()}`),
    }));
    const objects: SpotlightActionData[] = (draft.data?.document.objects ?? []).map((object) => {
      const key = `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`;
      return {
        id: key,
        label: object.metadata.name,
        description: `${object.kind}${object.metadata.namespace ? ` in ${object.metadata.namespace}` : ""}`,
        keywords: [object.kind, object.metadata.namespace ?? ""],
        leftSection: <IconBox size={18} stroke={1.75} />,
        onClick: () =>
          router.push(
            object.kind === "Service"
              ? `/meshes/${mesh}/services/${object.metadata.namespace}/${object.metadata.name}${search()}`
              : isPolicyKind(object.kind)
                ? `/meshes/${mesh}/policies/${key}${search()}`
                : `/meshes/${mesh}/topology${writeParameters(search(), { sel: key })}`,
          ),
      };
    });
    return [
      { group: "Screens", actions: screens },
      { group: "In this mesh", actions: objects },
      {
        group: "Commands",
        actions: [
          {
            id: "new-policy",
            label: "New policy from an intent",
            keywords: ["canary", "mtls", "deny", "timeout", "egress"],
            leftSection: <IconRoute size={18} />,
            onClick: () => router.push(`/meshes/${mesh}/policies/new${search()}`),
          },
          {
            id: "theme",
            label: "Switch between light and dark",
            leftSection: <IconMoon size={18} />,
            onClick: () => toggleColorScheme(),
          },
          { id: "keys", label: "Show the keys", leftSection: <IconKeyboard size={18} />, onClick: openKeysHelp },
        ],
      },
    ];
  }, [draft.data, mesh, router, toggleColorScheme]);
  return (
    <Spotlight
      actions={actions}
      shortcut="mod + K"
      limit={12}
      scrollable
      maxHeight={440}
      highlightQuery
      nothingFound="Nothing of that name. Try a service, a policy or a screen."
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: "Find a service, policy, screen or command",
        "aria-label": "Find anything",
      }}
    />
  );
}
