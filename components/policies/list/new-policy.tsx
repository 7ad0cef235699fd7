"use client";
// "What do you want to be so?" Job: an intent, what it needs, and what it would change, before it changes anything.
// Rule: everything chosen is in the URL, so that a canvas edge, a finding or a denied request can fill it in.
import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { useRouter } from "next/navigation";
import { useEffect, useMemo, useRef, useState } from "react";
import { useDraft } from "@/components/draft";
import { sharedSearch, useMe, useMesh, useUrlParameters } from "@/components/shell";
import { Answer, Choose, ChooseMany, ErrorState, LoadingRows, Page, Panel } from "@/components/ui";
import { applyCommand, buildIndex, diffDocuments, type MeshIndex, parseKey } from "@/lib/mesh";
import { POLICY_TEMPLATES, type PolicyTemplate, type TemplateInput } from "@/lib/mesh/policies";
import { callersIn, optionOf, optionsOf } from "../forms/reference-fields";
import classes from "./list.module.css";
import { TemplateGallery } from "./template-gallery";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

export function NewPolicy() {
  const { mesh } = useMesh();
  const { search } = useUrlParameters();
  const draft = useDraft(mesh);
  const document = draft.snapshot?.document;
  const index = useMemo(() => (document ? buildIndex(document) : null), [document]);
  const template = POLICY_TEMPLATES.find((each) => each.id === search.get("template"));
  const [from, to] = [search.get("from"), search.get("to")].map((keys) =>
    keys
      ?.split(",")
      .map((key) => parseKey(key)?.name ?? key)
      .join(", "),
  );
  const about = from && to ? ` for calls from ${from} to ${to}` : to ? ` for ${to}` : "";
  return (
    <Page>
      <Answer
        eyebrow="New policy"
        answer={`What do you want to be so${about}?`}
        detail="An intent becomes one or more policies in the draft; every one can be edited afterwards."
      />
      {draft.error && !index ? <ErrorState error={draft.error} onRetry={draft.reload} /> : null}
      <TemplateGallery mesh={mesh} />
      {template ? (
        index ? (
          <Intent key={template.id} template={template} index={index} draft={draft} />
        ) : (
          <LoadingRows rows={4} />
        )
      ) : null}
    </Page>
  );
}

function Intent({
  template,
  index,
  draft,
}: {
  template: PolicyTemplate;
  index: MeshIndex;
  draft: ReturnType<typeof useDraft>;
}) {
  const { mesh } = useMesh();
  const { can } = useMe();
  const router = useRouter();
  const { search } = useUrlParameters();
  const input = readInput(search);
  const [refused, setRefused] = useState<string | null>(null);
  const result = template.build(index, input);
  const applied = result.ok ? applyCommand(index.document, {}, result.command) : null;
  const changes = applied?.ok ? diffDocuments(index.document, applied.document) : [];
  const create = () => {
    if (!result.ok) return;
    const violations = draft.edit(result.command);
    if (violations.length > 0) return setRefused(violations.map((each) => `${each.message}. ${each.fix}`).join(" "));
    router.push(`/meshes/${mesh}/policies/${result.open}${sharedSearch(window.location.search)}`);
  };
  const place = useRef<HTMLDivElement>(null);
  // On a phone it opens below all the others, out of sight of the one that was pressed.
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <div ref={place}>
      <Panel title={template.title} hint={template.intent}>
        <Inputs template={template} index={index} input={input} />
        <Text size="sm" fw={600} mt={16} mb={4}>
          What it changes in the draft
        </Text>
        {result.ok ? (
          <ul className={classes.preview}>
            {changes.map((change) => (
              <li key={`${change.key} ${change.sentence}`}>{change.sentence}</li>
            ))}
          </ul>
        ) : (
          <Text size="sm" c="dimmed">
            {result.reason}
          </Text>
        )}
        {refused ? (
          <Text size="sm" c="var(--mw-attention)" mt={8} role="alert">
            {refused}
          </Text>
        ) : null}
        <Group mt={16}>
          <Button disabled={!result.ok || !can("draft.write")} onClick={create}>
            Put it into the draft
          </Button>
          {can("draft.write") ? null : (
            <Text size="sm" c="dimmed">
              You may read the draft, not change it. Ask an author.
            </Text>
          )}
        </Group>
      </Panel>
    </div>
  );
}

function Inputs({ template, index, input }: { template: PolicyTemplate; index: MeshIndex; input: TemplateInput }) {
  const { set } = useUrlParameters();
  const needs = new Set(template.needs);
  const kind = needs.has("external") ? "ExternalService" : "Service";
  return (
    <div className={classes.inputs}>
      {needs.has("service") || needs.has("service-or-mesh") || needs.has("external") ? (
        <Choose
          label={kind === "Service" ? "Service" : "External service"}
          clearable={needs.has("service-or-mesh")}
          allowDeselect={false}
          placeholder={needs.has("service-or-mesh") ? "The whole mesh" : "Choose"}
          chosen={input.to && index.get(input.to)?.kind === kind ? optionOf(index, input.to, undefined) : null}
          options={() => optionsOf(index, [kind], undefined)}
          onChange={(value) => set({ to: value })}
        />
      ) : null}
      {needs.has("callers") ? (
        <ChooseMany
          label="Callers"
          placeholder={input.from.length === 0 ? (kind === "Service" ? "Choose" : "Who draws a line to it") : ""}
          chosen={input.from.filter((key) => index.get(key)).map((key) => optionOf(index, key, undefined))}
          options={() => callersIn(index, undefined)}
          onChange={(value) => set({ from: value.length > 0 ? value.join(",") : null })}
        />
      ) : null}
      {needs.has("path") ? (
        <TextInput
          label="Path"
          placeholder="/admin or /admin/*"
          value={input.path ?? ""}
          onChange={(event) => set({ path: event.currentTarget.value || null })}
        />
      ) : null}
      {needs.has("method") ? (
        <Select
          label="Method"
          clearable
          placeholder="any"
          value={input.method ?? null}
          data={METHODS}
          onChange={(value) => set({ method: value })}
        />
      ) : null}
    </div>
  );
}

function readInput(search: URLSearchParams): TemplateInput {
  const text = (name: string) => search.get(name)?.slice(0, 1024) || undefined;
  return {
    to: text("to"),
    from: (search.get("from") ?? "").split(",").filter(Boolean).slice(0, 64),
    path: text("path"),
    method: text("method"),
  };
}
