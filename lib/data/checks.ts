// Runs of the checklist and what counts now, as people see and ask for them.
// The rule: web only asks for a run; the control plane measures. What is stale or waived is decided at each reading.

import type { Principal } from "@/lib/auth/permissions";
import type { EnvironmentBinding } from "@/lib/compile/types";
import {
  type ControlResult,
  controls,
  type Evidence,
  type EvidenceAge,
  resultsOf,
  type Standing,
  type StaticResult,
  standingsOf,
  type Waiver,
} from "@/lib/compliance";
import { AppError } from "@/lib/errors";
import type { MeshDocument } from "@/lib/mesh";
import { accessMesh } from "./access";
import { type Database, isUniqueViolation } from "./client";
import { environmentOf, readEnvironment } from "./environments";
import { fromJson } from "./json";
import { actor, readDesign } from "./meshes";
import { type CheckRunRow, toEvidence, toResults, toRunRow } from "./system/checks";
import { appendEvent } from "./system/events";
import { waiversOf } from "./waivers";

const ORDER = controls.map(({ id }) => id);

interface EnvironmentAsked {
  slug: string;
  environment: string;
}
interface RunAsked extends EnvironmentAsked {
  runId: string;
}

/** Asks for a run; refused while one is open. */
export async function requestChecks(
  database: Database,
  principal: Principal,
  asked: EnvironmentAsked,
): Promise<CheckRunRow> {
  try {
    return await database.$transaction(async (connection) => {
      const mesh = await accessMesh(connection, principal, asked.slug, "check.run");
      const environment = await environmentOf(connection, mesh, asked.environment);
      const row = await connection.checkRun.create({
        data: { environmentId: environment.id, requestedById: principal.userId, requestedByName: principal.name },
      });
      await appendEvent(connection, {
        ...actor(principal),
        meshId: mesh.id,
        environmentId: environment.id,
        kind: "check.requested",
        subject: environment.name,
        payload: { runId: row.id },
      });
      return toRunRow(row);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError("conflict", {
      detail: "The checks of this environment are running already. Wait for their end.",
    });
  }
}

export async function listRuns(
  database: Database,
  principal: Principal,
  { limit, before, ...asked }: EnvironmentAsked & { limit: number; before?: Date | undefined },
): Promise<CheckRunRow[]> {
  const { id } = await readEnvironment(database, principal, asked);
  const rows = await database.checkRun.findMany({
    where: { environmentId: id, ...(before ? { createdAt: { lt: before } } : {}) },
    orderBy: { createdAt: "desc" },
    take: limit,
  });
  return rows.map(toRunRow);
}

export interface RunWithResults {
  run: CheckRunRow;
  results: ControlResult[];
}

/** `latest` is the newest run that measured something. */
export async function readRun(
  database: Database,
  principal: Principal,
  { runId, ...asked }: RunAsked,
): Promise<RunWithResults> {
  const { id } = await readEnvironment(database, principal, asked);
  const row = await database.checkRun.findFirst({
    where: { environmentId: id, ...(runId === "latest" ? { state: "done" } : { id: runId }) },
    orderBy: { createdAt: "desc" },
    include: { results: true },
  });
  if (!row) throw new AppError("not-found", { detail: "There is no such run of the checks in this environment." });
  const { results, ...run } = row;
  return { run: toRunRow(run), results: toResults(results, ORDER) };
}

export async function readEvidence(
  database: Database,
  principal: Principal,
  { runId, evidenceId, ...asked }: RunAsked & { evidenceId: string },
): Promise<Evidence & { twinEvidence: Evidence | null }> {
  const { run } = await readRun(database, principal, { runId, ...asked });
  const row = await database.checkEvidence.findFirst({ where: { id: evidenceId, runId: run.id } });
  if (!row) throw new AppError("not-found", { detail: "There is no such evidence in this run." });
  const twin = row.twin ? await database.checkEvidence.findFirst({ where: { id: row.twin, runId: run.id } }) : null;
  return { ...toEvidence(row), twinEvidence: twin && toEvidence(twin) };
}

/** All evidence of a run, for exports. */
export async function evidenceOfRun(database: Database, runId: string): Promise<Evidence[]> {
  return (await database.checkEvidence.findMany({ where: { runId }, orderBy: { id: "asc" } })).map(toEvidence);
}

export interface ChecksNow {
  environment: string;
  meshName: string;
  /** What the design and compiled layers were read from. */
  design: { at: string; digest: string; isRunning: boolean };
  /** The newest run that measured, and the one that is open. */
  run: CheckRunRow | null;
  open: CheckRunRow | null;
  standings: Standing[];
  waivers: Waiver[];
}

/** What the controls say of a design and of what it compiles to (`evaluateDesign`), wherever that is computed. */
export type Evaluate = (document: MeshDocument, binding: EnvironmentBinding) => Promise<StaticResult[]>;

/** All layers as they stand now: design and compiled of `at` (default: what runs), live from the newest run. */
export async function readChecksNow(
  database: Database,
  principal: Principal,
  {
    at,
    now,
    runId = "latest",
    evaluate,
    ...asked
  }: EnvironmentAsked & { at?: string | undefined; now: number; runId?: string; evaluate: Evaluate },
): Promise<ChecksNow> {
  const environment = await readEnvironment(database, principal, asked);
  const [design, runs, proxies, waivers] = await Promise.all([
    designOf(database, principal, { slug: asked.slug, environmentId: environment.id, at }),
    newestRuns(database, environment.id, runId),
    database.proxy.findMany({
      where: { environmentId: environment.id },
      select: { proxyKey: true, runningDigest: true },
    }),
    waiversOf(database, environment.mesh.id),
  ]);
  if (runId !== "latest" && !runs.run)
    throw new AppError("not-found", { detail: "There is no such run of the checks in this environment." });
  const live = runs.run ? new Map(runs.run.results.map(({ control, layers }) => [control, layers.live])) : null;
  const statics = await staticResults(
    design.digest,
    environment.bindingVersion,
    design.document,
    environment.binding,
    evaluate,
  );
  const standings = standingsOf({
    results: resultsOf(statics, live),
    evidence: runs.run?.ages ?? [],
    waivers,
    now,
    runningDigests: new Map(proxies.map(({ proxyKey, runningDigest }) => [proxyKey, runningDigest])),
  });
  return {
    environment: environment.name,
    meshName: environment.mesh.name,
    design: { at: design.at, digest: design.digest, isRunning: design.isRunning },
    run: runs.run?.row ?? null,
    open: runs.open,
    standings,
    waivers,
  };
}

async function designOf(
  database: Database,
  principal: Principal,
  { slug, environmentId, at }: { slug: string; environmentId: string; at: string | undefined },
): Promise<{ document: MeshDocument; digest: string; at: string; isRunning: boolean }> {
  const running = await database.deployment.findFirst({
    where: { environmentId, state: "done" },
    orderBy: [{ finishedAt: "desc" }, { createdAt: "desc" }],
    select: { revision: { select: { number: true, document: true, digest: true } } },
  });
  const runningAt = running ? `r${running.revision.number}` : null;
  if (running && (at === undefined || at === runningAt)) {
    const { document, digest } = running.revision;
    return { document: fromJson<MeshDocument>(document), digest, at: runningAt ?? "", isRunning: true };
  }
  const asked = at ?? "draft";
  const { document, digest } = await readDesign(database, principal, { slug, at: asked });
  return { document, digest, at: asked, isRunning: false };
}

async function newestRuns(database: Database, environmentId: string, runId: string) {
  const [row, open] = await Promise.all([
    database.checkRun.findFirst({
      where: { environmentId, state: "done", ...(runId === "latest" ? {} : { id: runId }) },
      orderBy: { createdAt: "desc" },
      include: {
        results: true,
        evidence: { select: { id: true, proxyKey: true, digest: true, expiresAt: true, finishedAt: true } },
      },
    }),
    database.checkRun.findFirst({ where: { environmentId, state: { in: ["queued", "running"] } } }),
  ]);
  if (!row) return { run: null, open: open && toRunRow(open) };
  const { results, evidence, ...plain } = row;
  const ages: EvidenceAge[] = evidence.map((each) => ({
    ...each,
    expiresAt: each.expiresAt.toISOString(),
    finishedAt: each.finishedAt.toISOString(),
  }));
  return { run: { row: toRunRow(plain), results: toResults(results, ORDER), ages }, open: open && toRunRow(open) };
}

/** Compiling every proxy takes its time; the same design under the same binding gives the same results. */
const known = new Map<string, Promise<StaticResult[]>>();
const MAX_KNOWN = 16;

function staticResults(
  digest: string,
  bindingVersion: number,
  document: MeshDocument,
  binding: EnvironmentBinding,
  evaluate: Evaluate,
): Promise<StaticResult[]> {
  const key = `${digest} ${bindingVersion} ${JSON.stringify(binding.externals)}`;
  const found = known.get(key);
  if (found) return found;
  const results = evaluate(document, binding);
  // What could not be computed is asked for again the next time.
  results.catch(() => known.delete(key));
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value ?? "");
  known.set(key, results);
  return results;
}
