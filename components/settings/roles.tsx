"use client";
// Roles in words, and the field that says where one holds.
import { Select, Text } from "@mantine/core";
import type { MeshSummary, Role } from "@/components/api-client";
import { useMeshes } from "@/components/shell";
import { Panel } from "@/components/ui";
import classes from "./settings.module.css";

export const everywhere = "*";

const roles: { value: Role; does: string }[] = [
  { value: "viewer", does: "sees everything, changes nothing" },
  { value: "author", does: "makes meshes, edits drafts, imports, freezes revisions, submits them for review" },
  { value: "reviewer", does: "comments and decides on reviews, waives controls, accepts risks" },
  {
    value: "operator",
    does: "deploys, rolls back, binds processes, lets machines join, revokes identities, runs the checks",
  },
  { value: "administrator", does: "all of it, and people, the root of trust and the end of a mesh" },
];

export const roleData = roles.map((each) => ({ value: each.value, label: each.value }));

export function roleOf(value: string | null): Role {
  return roles.find((each) => each.value === value)?.value ?? "viewer";
}

export function RoleHelp() {
  return (
    <Panel title="What the roles do">
      <dl className={classes.facts}>
        {roles.map((each) => (
          <div key={each.value}>
            <dt>{each.value}</dt>
            <dd>
              <Text size="sm">{each.does}</Text>
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

export function MeshSelect(props: { value?: string; onChange?: (value: string) => void }) {
  const meshes = useMeshes();
  const data = [
    { value: everywhere, label: "Every mesh" },
    ...(meshes.data?.items ?? []).map((mesh: MeshSummary) => ({ value: mesh.slug, label: mesh.name })),
  ];
  return (
    <Select
      label="On"
      data={data}
      allowDeselect={false}
      value={props.value ?? everywhere}
      onChange={(value) => props.onChange?.(value ?? everywhere)}
    />
  );
}
