// Runs of the checklist for the control plane: taken once, progress while they go, results and evidence at the end.
// The rule: what a run found is written in one transaction with its end; a run that was cut off leaves nothing half.
import type { ControlResult, Evidence, LayerResult, MeasuredState, SubjectResult } from "@/lib/compliance/types";
import type { Connection, Database } from "../client";
import type { CheckEvidence, CheckResult, CheckRun } from "../generated/client";
import { fromJson, toJson } from "../json";

export type CheckState = "queued" | "running" | "done" | "failed";

/** One probe on its way, as screens show it. */
export interface CheckStep {
  id: string;
  title: string;
  subject: string;
  state: "waiting" | "running" | "done";
  outcome?: Evidence["outcome"];
  sentence?: string;
}

export interface CheckRunRow extends Omit<CheckRun, "state" | "progress"> {
  state: CheckState;
  progress: CheckStep[];
}

/** Runs kept per environment; the evidence of older ones goes with them. */
const KEPT_RUNS = 100;

export const toRunRow = (row: CheckRun): CheckRunRow => ({
  ...row,
  state: row.state as CheckState,
  progress: fromJson<CheckStep[]>(row.progress),
});

export function toEvidence(row: CheckEvidence): Evidence {
  return {
    id: row.id,
    kind: row.kind as Evidence["kind"],
    subject: row.subject,
    proxyKey: row.proxyKey,
    digest: row.digest,
    outcome: row.outcome as Evidence["outcome"],
    sentence: row.sentence,
    transcript: fromJson<string[]>(row.transcript),
    twin: row.twin,
    facts: fromJson<Evidence["facts"]>(row.facts),
    startedAt: row.startedAt.toISOString(),
    finishedAt: row.finishedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}

/** Rows of one run -> results per control, in the order of `order`. */
export function toResults(rows: readonly CheckResult[], order: readonly string[]): ControlResult[] {
  const layer = (control: string, name: string): LayerResult => {
    const row = rows.find((each) => each.control === control && each.layer === name);
    return row
      ? { state: row.state as MeasuredState, summary: row.summary, subjects: fromJson<SubjectResult[]>(row.subjects) }
      : { state: "not-measured", summary: "This run did not look at it.", subjects: [] };
  };
  return order
    .filter((control) => rows.some((row) => row.control === control))
    .map((control) => ({
      control,
      layers: { design: layer(control, "design"), compiled: layer(control, "compiled"), live: layer(control, "live") },
    }));
}

export function checks(database: Database) {
  return {
    async listOpen(): Promise<CheckRunRow[]> {
      const where = { state: { in: ["queued", "running"] } };
      return (await database.checkRun.findMany({ where, orderBy: { createdAt: "asc" } })).map(toRunRow);
    },
    async findById(id: string): Promise<CheckRunRow | null> {
      const row = await database.checkRun.findUnique({ where: { id } });
      return row && toRunRow(row);
    },
    async create(row: { environmentId: string; requestedByName: string }): Promise<CheckRunRow> {
      return toRunRow(await database.checkRun.create({ data: row }));
    },
    /** queued -> running; null when somebody else took it. */
    async claim(id: string, at: Date): Promise<CheckRunRow | null> {
      const [row] = await database.checkRun.updateManyAndReturn({
        where: { id, state: "queued" },
        data: { state: "running", startedAt: at },
      });
      return row ? toRunRow(row) : null;
    },
    async update(
      id: string,
      patch: Partial<Pick<CheckRunRow, "progress" | "deploymentId" | "revision" | "digest">>,
    ): Promise<void> {
      const { progress, ...plain } = patch;
      await database.checkRun.updateMany({
        where: { id, state: "running" },
        data: { ...plain, ...(progress ? { progress: toJson(progress) } : {}) },
      });
    },
    async fail(id: string, error: string, at: Date): Promise<void> {
      await database.checkRun.updateMany({
        where: { id, state: { in: ["queued", "running"] } },
        data: { state: "failed", error, finishedAt: at },
      });
    },
    async finish(
      id: string,
      end: { at: Date; progress: CheckStep[]; results: readonly ControlResult[]; evidence: readonly Evidence[] },
    ): Promise<void> {
      await database.$transaction(async (connection) => {
        await connection.checkEvidence.createMany({ data: end.evidence.map((each) => evidenceRow(id, each)) });
        await connection.checkResult.createMany({ data: end.results.flatMap((each) => resultRows(id, each)) });
        const row = await connection.checkRun.update({
          where: { id },
          data: { state: "done", finishedAt: end.at, progress: toJson(end.progress) },
        });
        await forgetOldRuns(connection, row.environmentId);
      });
    },
    async evidenceOf(runId: string): Promise<Evidence[]> {
      return (await database.checkEvidence.findMany({ where: { runId }, orderBy: { id: "asc" } })).map(toEvidence);
    },
    async resultsOf(runId: string, order: readonly string[]): Promise<ControlResult[]> {
      return toResults(await database.checkResult.findMany({ where: { runId } }), order);
    },
  };
}

function evidenceRow(runId: string, each: Evidence) {
  const { transcript, facts, startedAt, finishedAt, expiresAt, ...plain } = each;
  return {
    ...plain,
    runId,
    transcript: toJson(transcript),
    facts: toJson(facts),
    startedAt: new Date(startedAt),
    finishedAt: new Date(finishedAt),
    expiresAt: new Date(expiresAt),
  };
}

function resultRows(runId: string, { control, layers }: ControlResult) {
  return (Object.entries(layers) as [string, LayerResult][]).map(([layer, { state, summary, subjects }]) => ({
    runId,
    control,
    layer,
    state,
    summary,
    subjects: toJson(subjects),
  }));
}

async function forgetOldRuns(connection: Connection, environmentId: string): Promise<void> {
  const old = await connection.checkRun.findMany({
    where: { environmentId, state: { in: ["done", "failed"] } },
    orderBy: { createdAt: "desc" },
    skip: KEPT_RUNS,
    select: { id: true },
  });
  if (old.length > 0) await connection.checkRun.deleteMany({ where: { id: { in: old.map(({ id }) => id) } } });
}
