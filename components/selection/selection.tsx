"use client";
// "Which mesh product fits, how sure is that, and what decides it?" Job: the ranking and its reasons first, then what it is made of.
// Rule: what is unknown is told as unknown, and a change counts at once and is saved when somebody says so.
import { Button, Menu, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMe, useMesh, useUrlParameters, useView } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorState,
  LoadingRows,
  Page,
  Panel,
  ReadingHead,
  ReadingState,
  type Status,
} from "@/components/ui";
import {
  CRITERION_ROWS,
  type Evaluation,
  scoreText,
  selectionCsv,
  selectionMarkdown,
  sensitivityTexts,
  type Written,
} from "@/lib/selection";
import { DecisionForm } from "./decision-form";
import { DesignLosses } from "./design-losses";
import { FactDrawer } from "./fact-drawer";
import { Matrix } from "./matrix";
import { Ranking } from "./ranking";
import classes from "./selection.module.css";
import { useSelection } from "./use-selection";

const nameOf = (criterion: string) => CRITERION_ROWS.find(({ id }) => id === criterion)?.name ?? criterion;

export function Selection() {
  const { mesh, atOf } = useMesh();
  const { view } = useView();
  const { can } = useMe();
  const { search, set } = useUrlParameters();
  const at = atOf(view.at);
  const state = useSelection(at);
  const { stored, save, written, kept, isEdited } = state;
  const mayEdit = can("draft.write");
  if (at === null) {
    return (
      <Page>
        <Answer eyebrow="Selection" answer="Nothing runs yet, so there is no design to measure products on." />
        <Panel>
          <EmptyState title="Look at the draft or a revision">Choose one in the bar on top.</EmptyState>
        </Panel>
      </Page>
    );
  }
  if (!stored.data) {
    return (
      <Page>
        <ReadingHead eyebrow="Selection" of={stored} what="the evaluation" />
        <ReadingState of={stored} />
        {stored.isLoading ? (
          <Panel title="Ranking">
            <LoadingRows rows={7} />
          </Panel>
        ) : null}
      </Page>
    );
  }
  const answer = answerOf(written.evaluation, mesh);
  const [product, criterion] = (search.get("fact") ?? "").split(".");
  const isUnreasoned = kept.decision !== null && kept.decision.reason.trim() === "";
  return (
    <Page>
      <Answer
        eyebrow="Selection"
        status={answer.status}
        answer={answer.text}
        detail={answer.detail}
        actions={
          <>
            <Downloads written={written} mesh={mesh} />
            {mayEdit ? (
              <>
                {isEdited ? (
                  <Button size="xs" variant="default" onClick={state.discard}>
                    Discard
                  </Button>
                ) : null}
                <Button
                  size="xs"
                  disabled={!isEdited || isUnreasoned}
                  loading={save.isPending}
                  onClick={() => save.mutate(kept)}
                >
                  Save
                </Button>
              </>
            ) : (
              <Text size="xs" c="dimmed">
                Authors may change it.
              </Text>
            )}
          </>
        }
      />
      <ReadingState of={stored} />
      {save.error ? <ErrorState error={save.error} onRetry={() => void stored.refetch()} /> : null}
      <div className={classes.glance}>
        <Ranking written={written} nameOf={nameOf} />
        <div className={classes.beside}>
          <Panel title="What decides it" hint="Every change of one or two weights by one step was tried.">
            <ul className={classes.reasons}>
              {sensitivityTexts(written).map((text) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </Panel>
          <DecisionForm state={state} mayEdit={mayEdit} />
        </div>
      </div>
      <DesignLosses state={state} mesh={mesh} at={at} />
      <Matrix state={state} mayEdit={mayEdit} onFact={(id, row) => set({ fact: `${id}.${row}` })} />
      <FactDrawer
        state={state}
        mayEdit={mayEdit}
        result={written.evaluation.results.find((each) => each.product.id === product)}
        criterion={CRITERION_ROWS.find(({ id }) => id === criterion)}
        onClose={() => set({ fact: null })}
      />
    </Page>
  );
}

function answerOf(evaluation: Evaluation, mesh: string): { status?: Status; text: string; detail?: string } {
  const leaders = evaluation.results.filter(({ rank }) => rank === 1);
  const names = leaders.map(({ product }) => product.name).join(" and ");
  const [leader] = leaders;
  if (!leader)
    return { status: "failing", text: "No product is left: every one fails a constraint, or nothing counts." };
  if (leaders.length > 1) return { status: "attention", text: `${names} fit ${mesh} equally well.` };
  const next = evaluation.results.find((each) => each.rank !== null && each !== leader);
  const before = next ? `${scoreText(leader)}, before ${next.product.name} with ${scoreText(next)}` : scoreText(leader);
  if (evaluation.isSure) {
    return {
      status: "ok",
      text: `${names} fits ${mesh} best.`,
      detail: `${before}. No unknown fact could change that.`,
    };
  }
  return {
    status: "attention",
    text: `${names} fits ${mesh} best by what is known.`,
    detail: `${before}. Unknown facts could put another product first, or a constraint is still to be proved.`,
  };
}

function Downloads({ written, mesh }: { written: Written; mesh: string }) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconDownload size={14} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          onClick={() => download(`${mesh}-mesh-product.md`, "text/markdown;charset=utf-8", selectionMarkdown(written))}
        >
          Decision record (Markdown)
        </Menu.Item>
        <Menu.Item
          onClick={() => download(`${mesh}-mesh-product.csv`, "text/csv;charset=utf-8", selectionCsv(written))}
        >
          Matrix (CSV)
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
