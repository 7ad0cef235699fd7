"use client";
// Ctrl+K finds anything: screens, objects of the mesh, commands. Rule: it only navigates or calls what a screen offers, and costs
// nothing while it is closed, however large the mesh is.
import { useMantineColorScheme } from "@mantine/core";
import { createSpotlight, Spotlight, type SpotlightActionGroupData, useSpotlight } from "@mantine/spotlight";
import { IconBox, IconGitMerge, IconKeyboard, IconMoon, IconRoute, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useMemo, useState } from "react";
import { type DraftDto, get, keys } from "@/components/api-client";
import { type MeshObject, objectKey } from "@/lib/mesh";
import { isPolicyKind } from "@/lib/mesh/policies";
import { bestRows, type FinderRow } from "./finder-rows";
import { openKeysHelp } from "./keys-help";
import { navigation } from "./navigation";
import { sharedSearch, writeParameters } from "./view";

const MOST = 12;
const [store, finder] = createSpotlight();
export const openFinder = finder.open;

interface Row extends FinderRow {
  icon: typeof IconBox;
  run(): void;
}

export function Finder({ mesh }: { mesh: string }) {
  const { opened } = useSpotlight(store);
  const [query, setQuery] = useState("");
  const groups = useGroups(mesh, opened);
  const actions = useMemo<SpotlightActionGroupData[]>(
    () =>
      groups.map(({ group, rows }) => ({
        group,
        actions: bestRows(rows, query, MOST).map(({ id, label, description, icon: Icon, run }) => ({
          id,
          label,
          description,
          leftSection: <Icon size={18} stroke={1.75} />,
          onClick: run,
        })),
      })),
    [groups, query],
  );
  return (
    <Spotlight
      store={store}
      query={query}
      onQueryChange={setQuery}
      actions={actions}
      filter={(_, found) => found.filter((each) => !("actions" in each) || each.actions.length > 0)}
      shortcut="mod + K"
      limit={MOST}
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

const closed: { group: string; rows: Row[] }[] = [];

function useGroups(mesh: string, opened: boolean): { group: string; rows: Row[] }[] {
  const router = useRouter();
  const { toggleColorScheme } = useMantineColorScheme();
  const draft = useQuery({
    queryKey: keys.mesh(mesh, "draft"),
    queryFn: ({ signal }) => get<DraftDto>(`/meshes/${mesh}/draft`, signal),
    enabled: opened,
  });
  const objects = opened ? draft.data?.document.objects : undefined;
  return useMemo(() => {
    if (!opened) return closed;
    const root = `/meshes/${mesh}`;
    const search = () => sharedSearch(window.location.search);
    return [
      {
        group: "Screens",
        rows: navigation.map((entry) => ({
          id: `screen-${entry.id}`,
          label: entry.label,
          description: entry.hint,
          icon: entry.icon,
          run: () => router.push(`${root}/${entry.path}${search()}`),
        })),
      },
      {
        group: "In this mesh",
        rows: (objects ?? []).map((object) => ({
          ...rowOf(object),
          run: () => router.push(`${root}${placeOf(object, search())}`),
        })),
      },
      {
        group: "Commands",
        rows: [
          {
            id: "new-policy",
            label: "New policy from an intent",
            description: "",
            keywords: ["canary", "mtls", "deny", "timeout", "egress"],
            icon: IconRoute,
            run: () => router.push(`${root}/policies/new${search()}`),
          },
          {
            id: "merge",
            label: "Bring a change up to date",
            description: "Put it together with what others made of the draft",
            keywords: ["merge", "conflict", "rebase", "three-way"],
            icon: IconGitMerge,
            run: () => router.push(`${root}/merge`),
          },
          {
            id: "theme",
            label: "Switch between light and dark",
            description: "",
            icon: IconMoon,
            run: () => toggleColorScheme(),
          },
          { id: "keys", label: "Show the keys", description: "", icon: IconKeyboard, run: openKeysHelp },
        ],
      },
    ];
  }, [opened, objects, mesh, router, toggleColorScheme]);
}

function rowOf(object: MeshObject): Omit<Row, "run"> {
  const { name, namespace } = object.metadata;
  return {
    id: objectKey(object),
    label: name,
    description: `${object.kind}${namespace ? ` in ${namespace}` : ""}`,
    icon: IconBox,
  };
}

function placeOf(object: MeshObject, search: string): string {
  const { name, namespace } = object.metadata;
  if (object.kind === "Service") return `/services/${namespace}/${name}${search}`;
  if (isPolicyKind(object.kind)) return `/policies/${objectKey(object)}${search}`;
  return `/topology${writeParameters(search, { sel: objectKey(object) })}`;
}
