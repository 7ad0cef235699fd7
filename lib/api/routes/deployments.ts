// Deployments: planned, asked for, read, rolled back. The rule: here they are queued; the control plane carries them out.
import { z } from "zod";
import {
  createDeployment,
  type DeploymentListRow,
  listDeployments,
  readDeployment,
  rollBack,
} from "@/lib/data/deployments";
import { readEnvironment } from "@/lib/data/environments";
import { readDesign } from "@/lib/data/meshes";
import { AppError } from "@/lib/errors";
import { dateCursor, readDateCursor } from "../cursor";
import { defineRoute, onMesh, page } from "../route";
import * as schema from "../schema";

const tag = "environments";
const environmentPath = "/meshes/{mesh}/environments/{environment}";

const iso = (date: Date | null) => date?.toISOString() ?? null;

function toDeployment(row: DeploymentListRow): schema.DeploymentDto {
  return {
    id: row.id,
    environment: row.environmentName,
    revision: row.revisionNumber,
    digest: row.digest,
    state: row.state as schema.DeploymentDto["state"],
    reason: reasonOf(row.error),
    error: row.error,
    startedBy: row.startedByName,
    createdAt: row.createdAt.toISOString(),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.finishedAt),
    rollbackOf: row.rollbackOfId,
    plan: row.plan,
    waves: wavesOf(row.waves),
  };
}

const errorShape = z.looseObject({ message: z.string().optional(), reason: z.string().optional() });

function reasonOf(error: unknown): string | null {
  if (typeof error === "string") return error;
  const known = errorShape.safeParse(error);
  return known.success ? (known.data.reason ?? known.data.message ?? null) : null;
}

const waves = schema.deployment.shape.waves;

function wavesOf(value: unknown): schema.DeploymentDto["waves"] {
  const known = waves.safeParse(value);
  return known.success ? known.data : [];
}

export const deploymentRoutes = [
  defineRoute({
    id: "planDeployment",
    method: "POST",
    path: `${environmentPath}/plan`,
    tag,
    summary: "What a deployment would do, proxy by proxy; changes nothing",
    access: onMesh("deployment.plan"),
    body: schema.planRequest,
    answer: schema.deploymentPlan,
    async handle({ runtime, principal, params, body }) {
      const asked = { slug: params.mesh, environment: params.environment };
      const environment = await readEnvironment(runtime.database, principal, asked);
      const design = await readDesign(runtime.database, principal, { slug: params.mesh, at: `r${body.revision}` });
      if (!design.revision) throw new AppError("not-found");
      return { body: await runtime.controlPlane.plan(environment.id, design.revision.id) };
    },
  }),
  defineRoute({
    id: "listDeployments",
    method: "GET",
    path: `${environmentPath}/deployments`,
    tag,
    summary: "Deployments, newest first",
    access: onMesh("mesh.read"),
    query: schema.pageQuery,
    answer: schema.pageOf(schema.deployment),
    async handle({ runtime, principal, params, query: { cursor, limit } }) {
      const rows = await listDeployments(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        before: readDateCursor(cursor),
        limit: limit + 1,
      });
      return { body: page(rows, limit, (row) => dateCursor(row.createdAt), toDeployment) };
    },
  }),
  defineRoute({
    id: "createDeployment",
    method: "POST",
    path: `${environmentPath}/deployments`,
    tag,
    summary: "Deploy a revision: queued here, carried out by the control plane",
    access: onMesh("deployment.create"),
    body: schema.newDeployment,
    answer: schema.deployment,
    status: 201,
    async handle({ runtime, principal, params, body }) {
      const row = await createDeployment(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        revision: body.revision,
      });
      return { body: toDeployment(row), headers: { location: locationOf(params, row.id) } };
    },
  }),
  defineRoute({
    id: "getDeployment",
    method: "GET",
    path: `${environmentPath}/deployments/{deployment}`,
    tag,
    summary: "One deployment with its plan and waves",
    access: onMesh("mesh.read"),
    answer: schema.deployment,
    async handle({ runtime, principal, params }) {
      const row = await readDeployment(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        deploymentId: params.deployment,
      });
      return { body: toDeployment(row) };
    },
  }),
  defineRoute({
    id: "rollBackDeployment",
    method: "POST",
    path: `${environmentPath}/deployments/{deployment}/rollback`,
    tag,
    summary: "Deploy what ran before this deployment",
    access: onMesh("deployment.create"),
    answer: schema.deployment,
    status: 201,
    async handle({ runtime, principal, params }) {
      const row = await rollBack(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        deploymentId: params.deployment,
      });
      return { body: toDeployment(row), headers: { location: locationOf(params, row.id) } };
    },
  }),
];

function locationOf({ mesh, environment }: { mesh: string; environment: string }, id: string): string {
  return `/api/v1/meshes/${mesh}/environments/${environment}/deployments/${id}`;
}
