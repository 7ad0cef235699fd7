// Environments, their bindings, deployments and proxies, as people see and start them.
// The rule: web only writes what is wanted; the control plane does it. A deployment therefore begins as a queued row.

import type { Principal } from "@/lib/auth/permissions";
import type { EnvironmentBinding } from "@/lib/compile/types";
import { bindingForDocument } from "@/lib/deploy";
import { AppError } from "@/lib/errors";
import { keyOf, type MeshDocument } from "@/lib/mesh";
import type { Approval } from "@/lib/review";
import { accessMesh, type MeshRef } from "./access";
import type { Connection, Database } from "./client";
import type { BaseVersion } from "./drafts";
import type { Deployment as DeploymentModel } from "./generated/client";
import { fromJson, toJson } from "./json";
import { actor } from "./meshes";
import { approvalOf } from "./reviews/rules";
import { OPEN_STATES } from "./system/deployments";
import { appendEvent, events } from "./system/events";
import type { ProxyRow } from "./system/proxies";

export interface EnvironmentRef {
  id: string;
  name: string;
  binding: EnvironmentBinding;
  bindingVersion: number;
}

export interface EnvironmentListRow extends EnvironmentRef {
  running: { deploymentId: string; revision: number; digest: string } | null;
  open: { deploymentId: string; revision: number; state: string } | null;
}

export interface DeploymentListRow extends DeploymentModel {
  environmentName: string;
  revisionNumber: number;
  digest: string;
}

export async function environmentOf(connection: Connection, mesh: MeshRef, name: string): Promise<EnvironmentRef> {
  const row = await connection.environment.findUnique({ where: { meshId_name: { meshId: mesh.id, name } } });
  if (!row) throw new AppError("not-found", { detail: `${mesh.slug} has no environment "${name}".` });
  return { ...row, binding: fromJson<EnvironmentBinding>(row.binding) };
}

export async function listEnvironments(
  database: Database,
  principal: Principal,
  slug: string,
): Promise<EnvironmentListRow[]> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const rows = await database.environment.findMany({ where: { meshId: mesh.id }, orderBy: { createdAt: "asc" } });
  return Promise.all(
    rows.map(async (row) => ({
      id: row.id,
      name: row.name,
      binding: fromJson<EnvironmentBinding>(row.binding),
      bindingVersion: row.bindingVersion,
      ...(await runningIn(database, row.id)),
    })),
  );
}

const withRevision = { revision: { select: { number: true, digest: true } } } as const;

export async function runningIn(connection: Connection, environmentId: string) {
  const running = await connection.deployment.findFirst({
    where: { environmentId, state: "done" },
    orderBy: [{ finishedAt: "desc" }, { createdAt: "desc" }],
    include: withRevision,
  });
  const open = await connection.deployment.findFirst({
    where: { environmentId, state: { in: [...OPEN_STATES] } },
    orderBy: { createdAt: "asc" },
    include: withRevision,
  });
  return {
    running: running && {
      deploymentId: running.id,
      revision: running.revision.number,
      digest: running.revision.digest,
    },
    open: open && { deploymentId: open.id, revision: open.revision.number, state: open.state },
  };
}

/** The design that an environment runs; null before the first deployment. */
export async function runningDesign(
  connection: Connection,
  environmentId: string,
): Promise<{ document: MeshDocument; revision: number } | null> {
  const row = await connection.deployment.findFirst({
    where: { environmentId, state: "done" },
    orderBy: [{ finishedAt: "desc" }, { createdAt: "desc" }],
    select: { revision: { select: { number: true, document: true } } },
  });
  return row && { document: fromJson<MeshDocument>(row.revision.document), revision: row.revision.number };
}

interface EnvironmentAsked {
  slug: string;
  environment: string;
}

export async function readEnvironment(
  database: Database,
  principal: Principal,
  { slug, environment }: EnvironmentAsked,
): Promise<EnvironmentRef & { mesh: MeshRef }> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  return { mesh, ...(await environmentOf(database, mesh, environment)) };
}

export async function writeBinding(
  database: Database,
  principal: Principal,
  { slug, environment, binding, version }: EnvironmentAsked & { binding: EnvironmentBinding; version: BaseVersion },
): Promise<EnvironmentRef> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "binding.write");
    const { id, name, bindingVersion } = await environmentOf(connection, mesh, environment);
    const [row] = await connection.environment.updateManyAndReturn({
      where: { id, bindingVersion: version ?? bindingVersion },
      data: { binding: toJson(binding), bindingVersion: { increment: 1 }, updatedAt: new Date() },
    });
    if (!row) throw new AppError("version-mismatch", { extra: { version: bindingVersion } });
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      environmentId: id,
      kind: "binding.changed",
      subject: name,
      payload: { version: row.bindingVersion, instances: binding.instances.length },
    });
    return { ...row, binding };
  });
}

/**
 * The binding with an instance for each workload of `document`. What a person bound for workloads that this design
 * lacks stays, so that going back to an older revision finds its addresses again.
 */
export function bindingFor(document: MeshDocument, binding: EnvironmentBinding): EnvironmentBinding {
  const wanted = bindingForDocument(document, binding);
  const keys = new Set(document.objects.map(({ kind, metadata }) => keyOf(kind, metadata.namespace, metadata.name)));
  const isElsewhere = (kind: "Workload" | "ExternalService" | "Gateway", namespace: string, name: string) =>
    !keys.has(keyOf(kind, namespace, name));
  return {
    instances: [
      ...wanted.instances,
      ...binding.instances.filter(({ workload }) => isElsewhere("Workload", workload.namespace, workload.name)),
    ],
    externals: [
      ...wanted.externals,
      ...binding.externals.filter(({ namespace, name }) => isElsewhere("ExternalService", namespace, name)),
    ],
    gateways: [
      ...wanted.gateways,
      ...binding.gateways.filter(({ namespace, name }) => isElsewhere("Gateway", namespace, name)),
    ],
  };
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
    const before = await connection.deployment.findFirst({
      where: {
        environmentId: id,
        state: "done",
        createdAt: { lt: undone.createdAt },
        revisionId: { not: undone.revisionId },
      },
      orderBy: { createdAt: "desc" },
      include: withRevision,
    });
    if (!before)
      throw new AppError("conflict", {
        detail: "No other revision ran before this deployment: there is nothing to go back to.",
      });
    return queue(connection, principal, mesh, {
      environment,
      revision: before.revision.number,
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

export async function listProxies(
  database: Database,
  principal: Principal,
  { slug, environment }: EnvironmentAsked,
): Promise<{ rows: ProxyRow[]; document: MeshDocument | null }> {
  const { id } = await readEnvironment(database, principal, { slug, environment });
  const rows = await database.proxy.findMany({ where: { environmentId: id }, orderBy: { proxyKey: "asc" } });
  const running = await runningDesign(database, id);
  return { rows: rows as ProxyRow[], document: running?.document ?? null };
}
