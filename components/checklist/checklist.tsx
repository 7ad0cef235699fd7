"use client";
// "Would we pass, and can we prove it?" Job: every control by area with its three layers, runs, lens, comparison and export.
// Rule: everything that a person chose is in the URL.
import { Chip, Group, Select } from "@mantine/core";
import { IconChecklist } from "@tabler/icons-react";
import { useMe, useMesh, useUrlParameters } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorState,
  LoadingRows,
  Page,
  Panel,
  ReadingState,
  readingAnswer,
  TimeAgo,
} from "@/components/ui";
import type { ChecksNowDto, ControlDto } from "@/lib/api/schema/checks";
import { AREAS, type State } from "@/lib/compliance/types";
import { Actions } from "./actions";
import { ComparePanel } from "./compare-panel";
import { ControlDrawer } from "./control-drawer";
import { ControlTable } from "./control-table";
import { RunProgress } from "./run-progress";
import { useCheckActions, useChecks, useRuns } from "./use-checks";
import { areaWord, checklistAnswer, countWord } from "./words";

export function Checklist() {
  const { mesh, environment, isLoading, atOf } = useMesh();
  const { search, set } = useUrlParameters();
  const { can } = useMe();
  // The context bar's default is the draft; here the default is what runs, because only that can be proved.
  const chosen = search.get("at");
  const at = chosen === null || chosen === "running" ? null : atOf(chosen);
  const checks = useChecks(mesh, environment?.name, at);
  const runs = useRuns(mesh, environment?.name);
  const actions = useCheckActions(mesh, environment?.name);
  const lens = search.get("lens");
  const now = checks.data;
  const inLens = (now?.controls ?? []).filter(
    (each) => !lens || each.mappings.some(({ framework }) => framework === lens),
  );
  const only = search.get("state");
  const shown = inLens.filter((each) => !only || each.state === only);
  const opened = now?.controls.find(({ id }) => id === search.get("control"));
  const answer = now ? checklistAnswer(inLens, now.design.isRunning) : null;
  return (
    <Page>
      <Answer
        eyebrow={`Checklist of ${environment?.name ?? "…"}`}
        status={answer?.status ?? "unmeasured"}
        answer={
          answer?.text ??
          (isLoading || checks.isLoading || checks.error
            ? readingAnswer(checks, "the controls").text
            : "There is nothing to check yet.")
        }
        detail={now ? <Basis now={now} /> : null}
        actions={
          <Actions
            mesh={mesh}
            environment={environment?.name}
            now={now}
            lens={lens}
            canRun={can("check.run")}
            isAsking={actions.run.isPending}
            onRun={() => actions.run.mutate()}
          />
        }
      />
      <ReadingState of={checks} />
      {actions.run.error ? <ErrorState error={actions.run.error} onRetry={() => actions.run.mutate()} /> : null}
      <RunProgress open={now?.open ?? null} last={runs.data?.items[0]} />
      {now ? (
        <Filters
          now={now}
          inLens={inLens}
          lens={lens}
          only={only}
          set={set}
          runs={runs.data?.items ?? []}
          since={search.get("since")}
        />
      ) : null}
      {now?.run && search.get("since") ? (
        <ComparePanel
          mesh={mesh}
          environment={environment?.name}
          run={now.run.id}
          since={search.get("since")}
          onOpen={(control) => set({ control })}
        />
      ) : null}
      {checks.isLoading || isLoading ? (
        <Panel>
          <LoadingRows rows={8} />
        </Panel>
      ) : null}
      {AREAS.map((area) => {
        const controls = shown.filter((each) => each.area === area);
        return controls.length > 0 ? (
          <ControlTable
            key={area}
            title={areaWord[area]}
            controls={controls}
            lens={lens}
            onOpen={(control, layer) => set({ control, layer })}
          />
        ) : null;
      })}
      {now && shown.length === 0 ? (
        <Panel>
          <EmptyState icon={<IconChecklist size={32} stroke={1.5} />} title="No control like that">
            Choose another state or framework.
          </EmptyState>
        </Panel>
      ) : null}
      <ControlDrawer
        mesh={mesh}
        environment={environment?.name}
        run={now?.run?.id}
        control={opened}
        layer={search.get("layer")}
        canWaive={can("waiver.write")}
        actions={actions}
        onLayer={(layer) => set({ layer, evidence: null })}
        evidence={search.get("evidence")}
        onEvidence={(evidence) => set({ evidence })}
        onClose={() => set({ control: null, layer: null, evidence: null })}
      />
    </Page>
  );
}

function Basis({ now }: { now: ChecksNowDto }) {
  const what = now.design.isRunning
    ? `what runs (${now.design.at})`
    : now.design.at === "draft"
      ? "the draft, which does not run"
      : `${now.design.at}, which does not run`;
  return (
    <>
      Design and configuration of {what};{" "}
      {now.run ? (
        <>
          measured <TimeAgo at={now.run.finishedAt} /> for {now.run.requestedBy}
        </>
      ) : (
        "nothing was measured yet"
      )}
      .
    </>
  );
}

const FILTERS: readonly State[] = ["fail", "stale", "partly", "not-measured", "waived", "pass"];

interface FiltersProps {
  now: ChecksNowDto;
  inLens: readonly ControlDto[];
  lens: string | null;
  only: string | null;
  since: string | null;
  runs: readonly { id: string; state: string; createdAt: string; requestedBy: string; revision: number | null }[];
  set: (change: Record<string, string | null>) => void;
}

function Filters({ now, inLens, lens, only, since, runs, set }: FiltersProps) {
  const framework = now.frameworks.find(({ id }) => id === lens);
  const earlier = runs.filter(({ id, state }) => state === "done" && id !== now.run?.id);
  return (
    <div>
      <Group gap={12} align="flex-end">
        <Select
          size="xs"
          w={240}
          label="Read for"
          placeholder="Every framework"
          clearable
          data={now.frameworks.map(({ id, name }) => ({ value: id, label: name }))}
          value={lens}
          onChange={(value) => set({ lens: value })}
        />
        <Select
          size="xs"
          w={240}
          label="Compare with"
          placeholder={earlier.length === 0 ? "No earlier run" : "An earlier run"}
          disabled={earlier.length === 0}
          clearable
          data={earlier.map(({ id, createdAt, revision }) => ({
            value: id,
            label: `${new Date(createdAt).toLocaleString()}${revision ? `, r${revision}` : ""}`,
          }))}
          value={since}
          onChange={(value) => set({ since: value })}
        />
        <Group gap={6}>
          {FILTERS.map((state) => {
            const count = inLens.filter((each) => each.state === state).length;
            return count > 0 ? (
              <Chip
                key={state}
                size="xs"
                checked={only === state}
                onChange={(checked) => set({ state: checked ? state : null })}
              >
                {count} {countWord(state, count)}
              </Chip>
            ) : null;
          })}
        </Group>
      </Group>
      {framework ? (
        <p style={{ margin: "8px 0 0", fontSize: 12, color: "var(--mw-text-dim)" }}>
          {framework.name}, {framework.edition}. {framework.basis}
        </p>
      ) : null}
    </div>
  );
}
