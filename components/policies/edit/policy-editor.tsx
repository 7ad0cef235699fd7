"use client";
// "What is the rule, and what does my change do?" Job: one policy as form, as text and as consequence, beside each other; on a phone
// one at a time. Rule: it shows the draft; a revision or what runs can be compared with, not edited.
import { Box, Tabs, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useDeferredValue, useMemo, useState } from "react";
import { type Draft, RefusalNote, useDraft } from "@/components/draft";
import { useMe, useMesh, useUrlParameters } from "@/components/shell";
import { Answer, EmptyState, ErrorState, LoadingRows, Page, ReadingHead } from "@/components/ui";
import { keyOf, type MeshIndex, parsePath, readObjectText } from "@/lib/mesh";
import { isPolicy, isPolicyKind, type PolicyObject } from "@/lib/mesh/policies";
import { ButtonLink } from "../list/button-link";
import { useIndex } from "../use-index";
import { ConsequencePane } from "./consequence-pane";
import classes from "./edit.module.css";
import { FormPane } from "./form-pane";
import { EditorHeader } from "./header";
import { problemsOf } from "./problems";
import { useDesign } from "./use-design";
import { type SessionHandle, useSession } from "./use-session";
import { YamlPane } from "./yaml-pane";

export function PolicyEditor({ kind, namespace, name }: { kind: string; namespace: string; name: string }) {
  const { mesh } = useMesh();
  const draft = useDraft(mesh);
  const document = draft.snapshot?.document;
  const index = useIndex(document);
  const stored = isPolicyKind(kind) ? index?.get(keyOf(kind, namespace, name)) : undefined;
  if (draft.error && !document) {
    return (
      <Page>
        <ReadingHead eyebrow={`${kind} in ${namespace}`} of={draft} what={name} />
        <ErrorState error={draft.error} onRetry={draft.reload} />
      </Page>
    );
  }
  if (!index) {
    return (
      <Page>
        <ReadingHead eyebrow={`${kind} in ${namespace}`} of={draft} what={name} />
        <LoadingRows rows={10} />
      </Page>
    );
  }
  if (!stored || !isPolicy(stored)) {
    return (
      <Page>
        <Answer eyebrow={`${kind} in ${namespace}`} answer={`There is no ${kind} ${name} in the draft.`} />
        <EmptyState
          title="Nothing of that name"
          action={<ButtonLink href={`/meshes/${mesh}/policies`}>All policies</ButtonLink>}
        >
          It may have been renamed or removed. An older revision may still have it: see Rollouts.
        </EmptyState>
      </Page>
    );
  }
  return (
    <Editor key={keyOf(kind as PolicyObject["kind"], namespace, name)} draft={draft} stored={stored} index={index} />
  );
}

const PANES = [
  { id: "form", title: "Form" },
  { id: "yaml", title: "YAML" },
  { id: "consequence", title: "Consequence" },
] as const;

function Editor({ draft, stored, index }: { draft: Draft; stored: PolicyObject; index: MeshIndex }) {
  const { mesh } = useMesh();
  const { can } = useMe();
  const { search, set } = useUrlParameters();
  const isPhone = useMediaQuery("(max-width: 62em)", undefined, { getInitialValueInEffect: true });
  const isReadOnly = !can("draft.write");
  const handle = useSession(draft, mesh, stored);
  const { session } = handle;
  const design = useDesign(draft.snapshot?.document ?? null);
  const problems = useMemo(
    () => problemsOf(session, index, design.findings.value ?? []),
    [session, index, design.findings.value],
  );
  const [goTo, setGoTo] = useState<{ from: number } | null>(() => placeInUrl(search.get("path"), session.text));
  const pane = PANES.find((each) => each.id === search.get("pane"))?.id ?? (goTo ? "yaml" : "form");
  const jump = (from: number) => {
    if (isPhone) set({ pane: "yaml" });
    setGoTo({ from });
  };
  // Who types in the text never waits for what stands beside it; a field shows its own key at once.
  const [isTyping, setTyping] = useState(false);
  const text: SessionHandle = {
    ...handle,
    type: (next) => {
      setTyping(true);
      handle.type(next);
    },
  };
  const fields: SessionHandle = {
    ...handle,
    set: (path, value) => {
      setTyping(false);
      return handle.set(path, value);
    },
  };
  const form = <FormPane handle={fields} index={index} problems={problems} isReadOnly={isReadOnly} onJump={jump} />;
  const formLater = useDeferredValue(form);
  const header = useDeferredValue(
    <EditorHeader
      draft={draft}
      stored={stored}
      index={index}
      isReadOnly={isReadOnly}
      consequences={design.consequences.value}
      isFailed={design.consequences.error !== null || design.error !== null}
      isComparing={design.base !== null || design.isFinding}
    />,
  );
  const consequence = useDeferredValue(
    <ConsequencePane stored={stored} index={index} design={design} draft={draft} problems={problems} onJump={jump} />,
  );
  const panes = {
    form: isTyping ? formLater : form,
    yaml: (
      <YamlPane handle={text} index={index} problems={problems} isReadOnly={isReadOnly} goTo={goTo} onJump={jump} />
    ),
    consequence,
  };
  return (
    <div className={`${classes.screen} touch`}>
      {header}
      {draft.snapshot ? <RefusalNote snapshot={draft.snapshot} onDismiss={draft.dismiss} /> : null}
      {isPhone ? (
        <Tabs
          value={pane}
          onChange={(next) => set({ pane: next === "form" ? null : next })}
          className={classes.tabs}
          keepMounted={false}
        >
          <Tabs.List grow>
            {PANES.map((each) => (
              <Tabs.Tab key={each.id} value={each.id}>
                {each.title}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {PANES.map((each) => (
            <Tabs.Panel key={each.id} value={each.id} className={classes.tabPanel} tabIndex={0}>
              {panes[each.id]}
            </Tabs.Panel>
          ))}
        </Tabs>
      ) : (
        <div className={classes.panes}>
          {PANES.map((each) => (
            <section key={each.id} className={classes.pane} data-pane={each.id} aria-label={each.title}>
              <Text component="h2" className={classes.paneTitle}>
                {each.title}
              </Text>
              <Box className={classes.paneBody} tabIndex={0}>
                {panes[each.id]}
              </Box>
            </section>
          ))}
        </div>
      )}
    </div>
  );
}

/** `?path=spec.rules[0]` opens the text at that place: links of findings and of the simulator use it. */
function placeInUrl(path: string | null, text: string): { from: number } | null {
  if (!path) return null;
  const read = readObjectText(text);
  return read.ok ? { from: read.placeOf(parsePath(path)).from } : null;
}
