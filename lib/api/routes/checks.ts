// The checklist: ask for a run, read what counts now, evidence, comparison, exports.

import { CONFIDENCE_WORDS, compareResults, controlById, controls, frameworks, type Standing } from "@/lib/compliance";
import { writers } from "@/lib/compliance/reports";
import {
  evidenceOfRun,
  listRuns,
  type RunWithResults,
  readChecksNow,
  readEvidence,
  readRun,
  requestChecks,
} from "@/lib/data/checks";
import type { CheckRunRow } from "@/lib/data/system/checks";
import { dateCursor, readDateCursor } from "../cursor";
import { defineRoute, onMesh, page } from "../route";
import * as schema from "../schema";
import { evaluatedBy } from "../threads/evaluated-by";

const tag = "checks";
const path = "/meshes/{mesh}/environments/{environment}/checks";
/** What exports name as their maker. */
const TOOL_VERSION = "0.1.0";

function toRun(row: CheckRunRow): schema.CheckRunDto {
  const count = (test: (step: CheckRunRow["progress"][number]) => boolean) => row.progress.filter(test).length;
  return {
    id: row.id,
    state: row.state,
    requestedBy: row.requestedByName,
    revision: row.revision,
    digest: row.digest,
    error: row.error,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    progress: {
      done: count(({ state }) => state === "done"),
      total: row.progress.length,
      unexpected: count(({ outcome }) => outcome === "not-as-expected"),
      notMeasured: count(({ outcome }) => outcome === "not-measured"),
    },
  };
}

function toControl(standing: Standing): schema.ControlDto[] {
  const control = controlById(standing.control);
  if (!control) return [];
  const { id, title, area, severity, asks, mappings } = control;
  return [
    {
      id,
      title,
      area,
      severity,
      asks,
      mappings: mappings.map((each) => ({ ...each, ids: [...each.ids], words: CONFIDENCE_WORDS[each.confidence] })),
      state: standing.state,
      layers: standing.layers,
      waivers: standing.waivers,
    },
  ];
}

const asked = ({ mesh, environment }: { mesh: string; environment: string }) => ({ slug: mesh, environment });

function toRunWithSteps({ run, results }: RunWithResults): schema.CheckRunWithSteps {
  return { ...toRun(run), steps: run.progress, results };
}

export const checkRoutes = [
  defineRoute({
    id: "createCheckRun",
    method: "POST",
    path,
    tag,
    summary: "Run the checks: probes through real sidecars, carried out by the control plane",
    access: onMesh("check.run"),
    answer: schema.checkRun,
    status: 201,
    async handle({ runtime, principal, params }) {
      const row = await requestChecks(runtime.database, principal, asked(params));
      const location = `/api/v1/meshes/${params.mesh}/environments/${params.environment}/checks/${row.id}`;
      return { body: toRun(row), headers: { location } };
    },
  }),
  defineRoute({
    id: "listCheckRuns",
    method: "GET",
    path,
    tag,
    summary: "Runs of the checks, newest first",
    access: onMesh("mesh.read"),
    query: schema.pageQuery,
    answer: schema.pageOf(schema.checkRun),
    async handle({ runtime, principal, params, query: { cursor, limit } }) {
      const before = readDateCursor(cursor);
      const rows = await listRuns(runtime.database, principal, { ...asked(params), before, limit: limit + 1 });
      return { body: page(rows, limit, (row) => dateCursor(row.createdAt), toRun) };
    },
  }),
  defineRoute({
    id: "getChecksNow",
    method: "GET",
    path: `${path}/latest`,
    tag,
    summary: "Every control as it stands now: design, compiled and live, with what is stale or waived",
    access: onMesh("mesh.read"),
    query: schema.checksQuery,
    answer: schema.checksNow,
    async handle({ runtime, principal, params, query: { at } }) {
      const now = await readChecksNow(runtime.database, principal, {
        ...asked(params),
        at,
        now: runtime.clock.now(),
        evaluate: evaluatedBy(runtime),
      });
      const body: schema.ChecksNowDto = {
        environment: now.environment,
        design: now.design,
        run: now.run && toRun(now.run),
        open: now.open && { ...toRun(now.open), steps: now.open.progress },
        controls: now.standings.flatMap(toControl),
        frameworks: [...frameworks],
      };
      return { body };
    },
  }),
  defineRoute({
    id: "getCheckRun",
    method: "GET",
    path: `${path}/{run}`,
    tag,
    summary: "One run: progress of each probe, and what it found",
    access: onMesh("mesh.read"),
    answer: schema.checkRunWithSteps,
    async handle({ runtime, principal, params }) {
      const found = await readRun(runtime.database, principal, { ...asked(params), runId: params.run });
      return { body: toRunWithSteps(found) };
    },
  }),
  defineRoute({
    id: "getCheckEvidence",
    method: "GET",
    path: `${path}/{run}/evidence/{evidence}`,
    tag,
    summary: "One measurement with its transcript and its positive twin",
    access: onMesh("mesh.read"),
    answer: schema.evidence,
    async handle({ runtime, principal, params }) {
      const input = { ...asked(params), runId: params.run, evidenceId: params.evidence };
      return { body: await readEvidence(runtime.database, principal, input) };
    },
  }),
  defineRoute({
    id: "getCheckChanges",
    method: "GET",
    path: `${path}/{run}/changes`,
    tag,
    summary: "What is different between an earlier run and this one",
    access: onMesh("mesh.read"),
    query: schema.changesQuery,
    answer: schema.checkChanges,
    async handle({ runtime, principal, params, query: { since } }) {
      const [before, after] = await Promise.all([
        readRun(runtime.database, principal, { ...asked(params), runId: since }),
        readRun(runtime.database, principal, { ...asked(params), runId: params.run }),
      ]);
      const changes = compareResults(before.results, after.results).map((change) => ({
        ...change,
        title: controls.find(({ id }) => id === change.control)?.title ?? change.control,
      }));
      return { body: { before: toRun(before.run), after: toRun(after.run), changes } };
    },
  }),
  defineRoute({
    id: "exportChecks",
    method: "GET",
    path: `${path}/{run}/export`,
    tag,
    summary: "The checklist as OSCAL assessment results, SARIF, JUnit, CSV or a printable page; run `latest` or an id",
    access: onMesh("mesh.read"),
    query: schema.checkExportQuery,
    async handle({ runtime, principal, params, query: { format, framework } }) {
      const at = runtime.clock.now();
      const now = await readChecksNow(runtime.database, principal, {
        ...asked(params),
        now: at,
        runId: params.run,
        evaluate: evaluatedBy(runtime),
      });
      const evidence = now.run ? await evidenceOfRun(runtime.database, now.run.id) : [];
      const { mediaType, ending, write } = writers[format];
      const text = write({
        meshName: now.meshName,
        environment: now.environment,
        at: new Date(at).toISOString(),
        toolVersion: TOOL_VERSION,
        design: now.design,
        run: now.run && {
          id: now.run.id,
          startedAt: (now.run.startedAt ?? now.run.createdAt).toISOString(),
          finishedAt: (now.run.finishedAt ?? now.run.createdAt).toISOString(),
          requestedBy: now.run.requestedByName,
        },
        standings: now.standings,
        evidence,
        framework,
      });
      const name = `checklist-${params.mesh}-${now.environment}.${ending}`;
      return {
        stream: streamOf(text),
        headers: {
          "content-type": `${mediaType}; charset=utf-8`,
          "content-disposition": `attachment; filename="${name}"`,
        },
      };
    },
  }),
];

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}
