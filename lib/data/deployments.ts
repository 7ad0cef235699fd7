// Deployments of an environment, as people ask for them and see them.
// The rule: one begins as a queued row, in the transaction that asks whether the environment's rule allows it.
import type { Principal } from "@/lib/auth/permissions";
import { revisionBefore } from "@/lib/deploy/roll-back";
import { AppError } from "@/lib/errors";
import type { MeshDocument } from "@/lib/mesh";
import type { Approval } from "@/lib/review";
import { accessMesh, type MeshRef } from "./access";
import type { Connection, Database } from "./client";
import { bindingFor, type EnvironmentAsked, environmentOf, readEnvironment, withRevision } from "./environments";
import type { Deployment as DeploymentModel } from "./generated/client";
import { fromJson, toJson } from "./json";
import { actor } from "./meshes";
import { approvalOf } from "./reviews/rules";
import { appendEvent, events } from "./system/events";

export interface DeploymentListRow extends DeploymentModel {
  environmentName: string;
  revisionNumber: number;
  digest: string;
}

interface DeploymentAsked extends EnvironmentAsked {
  revision: number;
}

/** Puts a revision in the queue of an environment, with a binding that has a place for each of its workloads. */
export async function createDeployment(
  database: Database,
  principal: Principal,
  { slug, environment, revision }: DeploymentAsked,
): Promise<DeploymentListRow> {
  return orRefused(database, principal, async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "deployment.create");
    return queue(connection, principal, mesh, { environment, revision });
  });
}

/** Of the way back; what is further away is deployed by its number. */
const MOST_LOOKED_AT = 200;

/** A new deployment of what ran before this one. */
export async function rollBack(
  database: Database,
  principal: Principal,
  { slug, environment, deploymentId }: EnvironmentAsked & { deploymentId: string },
): Promise<DeploymentListRow> {
  return orRefused(database, principal, async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "deployment.create");
    const { id } = await environmentOf(connection, mesh, environment);
    const undone = await connection.deployment.findFirst({ where: { id: deploymentId, environmentId: id } });
    if (!undone) throw new AppError("not-found", { detail: "There is no such deployment in this environment." });
    const done = await connection.deployment.findMany({
      where: {
        environmentId: id,
        OR: [{ id: undone.id }, { state: "done", createdAt: { lt: undone.createdAt } }],
      },
      orderBy: { createdAt: "desc" },
      take: MOST_LOOKED_AT,
      include: withRevision,
    });
    const before = revisionBefore(
      done.reverse().map(({ revision, rollbackOfId }) => ({
        revision: revision.number,
        isRollBack: rollbackOfId !== null,
      })),
    );
    if (before === null)
      throw new AppError("conflict", {
        detail: "No other revision ran before this deployment: there is nothing to go back to.",
      });
    return queue(connection, principal, mesh, {
      environment,
      revision: before,
      rollbackOfId: undone.id,
    });
  });
}

/** What the environment's rule does not allow: a 403 that says why and the way on. */
class ApprovalRefused extends AppError {
  constructor(
    readonly asked: { environmentId: string; environment: string; revision: number },
    readonly approval: Approval,
  ) {
    super("approval-required", {
      detail: `r${asked.revision} may not be deployed to ${asked.environment}. ${approval.sentence} ${approval.wayOn}`,
      extra: { approval },
    });
  }
}

/** The refusal itself is an event: the transaction of the deployment is gone by then, so it is appended in its own. */
async function orRefused<T>(
  database: Database,
  principal: Principal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  try {
    return await database.$transaction(work);
  } catch (error) {
    if (error instanceof ApprovalRefused) {
      const { asked, approval } = error;
      const row = await database.environment.findUnique({
        where: { id: asked.environmentId },
        select: { meshId: true },
      });
      await events(database).append({
        ...actor(principal),
        meshId: row?.meshId ?? null,
        environmentId: asked.environmentId,
        kind: "deployment.refused",
        subject: `r${asked.revision}`,
        payload: { ...asked, reason: approval.sentence },
      });
    }
    throw error;
  }
}

async function queue(
  connection: Connection,
  principal: Principal,
  mesh: MeshRef,
  { environment, revision, rollbackOfId }: { environment: string; revision: number; rollbackOfId?: string },
): Promise<DeploymentListRow> {
  const { id, name, binding } = await environmentOf(connection, mesh, environment);
  const frozen = await connection.revision.findUnique({
    where: { meshId_number: { meshId: mesh.id, number: revision } },
  });
  if (!frozen)
    throw new AppError("not-found", {
      detail: `There is no revision r${revision} of ${mesh.slug}: freeze the draft first.`,
    });
  const approval = await approvalOf(connection, {
    meshId: mesh.id,
    environmentId: id,
    digest: frozen.digest,
    isRollback: rollbackOfId !== undefined,
  });
  if (!approval.allowed) throw new ApprovalRefused({ environmentId: id, environment: name, revision }, approval);
  const next = bindingFor(fromJson<MeshDocument>(frozen.document), binding);
  if (JSON.stringify(next) !== JSON.stringify(binding)) {
    await connection.environment.update({
      where: { id },
      data: { binding: toJson(next), bindingVersion: { increment: 1 }, updatedAt: new Date() },
    });
  }
  const row = await connection.deployment.create({
    data: {
      environmentId: id,
      revisionId: frozen.id,
      startedById: principal.userId,
      startedByName: principal.name,
      rollbackOfId: rollbackOfId ?? null,
    },
  });
  await appendEvent(connection, {
    ...actor(principal),
    meshId: mesh.id,
    environmentId: id,
    kind: rollbackOfId ? "deployment.rollback" : "deployment.queued",
    subject: `r${revision}`,
    payload: { deploymentId: row.id, revision, environment: name, approval: approval.sentence },
  });
  return { ...row, environmentName: name, revisionNumber: revision, digest: frozen.digest };
}

export async function listDeployments(
  database: Database,
  principal: Principal,
  { slug, environment, before, limit }: EnvironmentAsked & { before?: Date | undefined; limit: number },
): Promise<DeploymentListRow[]> {
  const { id, name } = await readEnvironment(database, principal, { slug, environment });
  const rows = await database.deployment.findMany({
    where: { environmentId: id, ...(before ? { createdAt: { lt: before } } : {}) },
    orderBy: { createdAt: "desc" },
    take: limit,
    include: withRevision,
  });
  return rows.map((row) => ({
    ...row,
    environmentName: name,
    revisionNumber: row.revision.number,
    digest: row.revision.digest,
  }));
}

export async function readDeployment(
  database: Database,
  principal: Principal,
  { slug, environment, deploymentId }: EnvironmentAsked & { deploymentId: string },
): Promise<DeploymentListRow> {
  const { id, name } = await readEnvironment(database, principal, { slug, environment });
  const row = await database.deployment.findFirst({
    where: { id: deploymentId, environmentId: id },
    include: withRevision,
  });
  if (!row) throw new AppError("not-found", { detail: "There is no such deployment in this environment." });
  return { ...row, environmentName: name, revisionNumber: row.revision.number, digest: row.revision.digest };
}
