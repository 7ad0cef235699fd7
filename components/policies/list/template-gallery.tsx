"use client";
// The common intents, to begin with. Rule: each is a link, so that it can be opened beside and sent to somebody.
import { Text } from "@mantine/core";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { writeParameters } from "@/components/shell";
import { POLICY_TEMPLATES } from "@/lib/mesh/policies";
import classes from "./list.module.css";

export function TemplateGallery({ mesh }: { mesh: string }) {
  const search = useSearchParams();
  const chosen = search.get("template");
  return (
    <nav className={classes.gallery} aria-label="Templates">
      {POLICY_TEMPLATES.map((template) => (
        <Link
          key={template.id}
          className={classes.template}
          aria-current={template.id === chosen ? "true" : undefined}
          href={`/meshes/${mesh}/policies/new${writeParameters(search.toString(), { template: template.id, q: null, kind: null, findings: null })}`}
          scroll={false}
        >
          <Text size="sm" fw={600} component="span" display="block">
            {template.title}
          </Text>
          <Text size="xs" c="dimmed" component="span" display="block">
            {template.intent}
          </Text>
        </Link>
      ))}
    </nav>
  );
}
