// The evaluation of mesh products of a mesh: what its team counts, what its design would lose, and what comes of it.
import { readDesign } from "@/lib/data/meshes";
import { readSelection, saveSelection } from "@/lib/data/selection";
import { AppError } from "@/lib/errors";
import { CRITERION_ROWS, evaluate, evaluationItems, sensitivity, sourcesWith } from "@/lib/selection";
import { criteriaProblems } from "@/lib/selection/choices";
import { versionTag } from "../etag";
import { defineRoute, onMesh } from "../route";
import type { Runtime } from "../runtime";
import * as schema from "../schema";

const tag = "selection";
const path = "/meshes/{mesh}/selection";

/** 2026-11-23, in UTC. */
const dayOf = ({ clock }: Pick<Runtime, "clock">) => new Date(clock.now()).toISOString().slice(0, 10);

export const selectionRoutes = [
  defineRoute({
    id: "getSelection",
    method: "GET",
    path,
    tag,
    summary: "What counts for this mesh's team in a mesh product: weights, constraints, own verdicts, the decision",
    access: onMesh("mesh.read"),
    answer: schema.selection,
    async handle({ runtime, principal, params }) {
      const stored = await readSelection(runtime.database, principal, params.mesh);
      return { body: stored, etag: versionTag(stored.version) };
    },
  }),
  defineRoute({
    id: "putSelection",
    method: "PUT",
    path,
    tag,
    summary: "Save what counts, the own verdicts and the decision; who said it and when is kept",
    access: onMesh("draft.write"),
    body: schema.selectionBody,
    answer: schema.selection,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const problems = criteriaProblems(body);
      if (problems.length > 0) {
        throw new AppError("invalid-request", {
          violations: problems.map((each) => ({ ...each, path: `body.${each.path}` })),
        });
      }
      const stored = await saveSelection(runtime.database, principal, {
        slug: params.mesh,
        body,
        version: baseVersion(),
        now: runtime.clock.now(),
      });
      return { body: stored, etag: versionTag(stored.version) };
    },
  }),
  defineRoute({
    id: "getSelectionFits",
    method: "GET",
    path: `${path}/fits`,
    tag,
    summary: "What becomes of the design in each product: objects carried over, and what is lost by name",
    access: onMesh("mesh.read"),
    query: schema.selectionQuery,
    answer: schema.selectionFits,
    async handle({ runtime, principal, params, query: { at }, request }) {
      const { document, digest } = await readDesign(runtime.database, principal, { slug: params.mesh, at });
      return { body: { at, digest, items: await runtime.threads.run("fits", { document }, request.signal) } };
    },
  }),
  defineRoute({
    id: "getSelectionEvaluation",
    method: "GET",
    path: `${path}/evaluation`,
    tag,
    summary:
      "Which product fits by what is saved: ranking, excluded ones with the reason, how steady the first place is",
    access: onMesh("mesh.read"),
    query: schema.selectionQuery,
    answer: schema.selectionEvaluation,
    async handle({ runtime, principal, params, query: { at }, request }) {
      const slug = params.mesh;
      const { document, digest } = await readDesign(runtime.database, principal, { slug, at });
      const stored = await readSelection(runtime.database, principal, slug);
      const fits = await runtime.threads.run("fits", { document }, request.signal);
      const today = dayOf(runtime);
      const sourceOf = () => `/api/v1/meshes/${slug}/selection/fits?at=${at}`;
      const evaluation = evaluate(sourcesWith(fits, { today, sourceOf }), stored, { today });
      const items = evaluationItems(evaluation);
      const { first, isSure } = evaluation;
      const steady = sensitivity(CRITERION_ROWS, stored, evaluation);
      return { body: { at, digest, today, first, isSure, items, sensitivity: steady, fits } };
    },
  }),
];
