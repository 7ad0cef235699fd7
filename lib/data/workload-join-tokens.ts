// People make the tokens by which machines join, see what became of them, and withdraw them.
// The rule: the plain token is in the answer that makes it and nowhere else; each is of one environment and one workload.
import { can, type MeshAction, type Principal } from "@/lib/auth/permissions";
import { newWorkloadJoinToken } from "@/lib/auth/secrets";
import { AppError } from "@/lib/errors";
import type { Workload } from "@/lib/mesh";
import { accessMesh, forbidden, type MeshRef } from "./access";
import type { Connection, Database } from "./client";
import { type EnvironmentAsked, environmentOf, runningDesign } from "./environments";
import { actor } from "./meshes";
import { appendEvent } from "./system/events";
import type { WorkloadJoinTokenRow } from "./system/workload-join-tokens";

export type { WorkloadJoinTokenRow } from "./system/workload-join-tokens";

const ACTION: MeshAction = "proxy.join";
/** Of one environment at once: whoever needs more has machines that do not come. */
const MOST_OPEN = 50;
const LISTED = 50;
const MINUTE_MS = 60_000;

export interface WorkloadAsked {
  namespace: string;
  name: string;
}

export async function createWorkloadJoinToken(
  database: Database,
  principal: Principal,
  asked: EnvironmentAsked & { workload: WorkloadAsked; minutes: number; now: Date },
): Promise<{ row: WorkloadJoinTokenRow; token: string; servesCalls: boolean }> {
  const { slug, environment, workload, minutes, now } = asked;
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, ACTION);
    requireNamespace(principal, mesh, workload.namespace);
    const { id: environmentId } = await environmentOf(connection, mesh, environment);
    const servesCalls = await requireRunning(connection, environmentId, { environment, workload });
    const open = await connection.workloadJoinToken.count({
      where: { environmentId, usedAt: null, withdrawnAt: null, expiresAt: { gt: now } },
    });
    if (open >= MOST_OPEN) {
      throw new AppError("conflict", {
        detail: `${environment} has ${open} join tokens that wait to be used. Withdraw some, or wait until they expire.`,
      });
    }
    const { token, hash } = newWorkloadJoinToken();
    const { hash: _secret, ...row } = await connection.workloadJoinToken.create({
      data: {
        hash,
        environmentId,
        namespace: workload.namespace,
        workload: workload.name,
        createdById: principal.userId,
        createdByName: principal.name,
        createdAt: now,
        expiresAt: new Date(now.getTime() + minutes * MINUTE_MS),
      },
    });
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      environmentId,
      kind: "join-token.created",
      subject: `${workload.namespace}/${workload.name}`,
      payload: { id: row.id, expiresAt: row.expiresAt },
    });
    return { row, token, servesCalls };
  });
}

/** The newest first. */
export async function listWorkloadJoinTokens(
  database: Database,
  principal: Principal,
  { slug, environment }: EnvironmentAsked,
): Promise<WorkloadJoinTokenRow[]> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const { id } = await environmentOf(database, mesh, environment);
  return database.workloadJoinToken.findMany({
    where: { environmentId: id },
    omit: { hash: true },
    orderBy: { createdAt: "desc" },
    take: LISTED,
  });
}

export async function withdrawWorkloadJoinToken(
  database: Database,
  principal: Principal,
  { slug, environment, id, now }: EnvironmentAsked & { id: string; now: Date },
): Promise<void> {
  await database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, ACTION);
    const { id: environmentId } = await environmentOf(connection, mesh, environment);
    const row = await connection.workloadJoinToken.findUnique({ where: { id, environmentId } });
    if (!row) throw new AppError("not-found", { detail: `${environment} has no join token "${id}".` });
    requireNamespace(principal, mesh, row.namespace);
    const { count } = await connection.workloadJoinToken.updateMany({
      where: { id, usedAt: null, withdrawnAt: null },
      data: { withdrawnAt: now },
    });
    if (count === 0) {
      throw new AppError("conflict", {
        detail: row.usedAt
          ? `The token was used by ${row.proxyKey}. To take that proxy out, revoke its identity.`
          : "The token was withdrawn already.",
      });
    }
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      environmentId,
      kind: "join-token.withdrawn",
      subject: `${row.namespace}/${row.workload}`,
      payload: { id },
    });
  });
}

function requireNamespace(principal: Principal, mesh: MeshRef, namespace: string): void {
  if (!can(principal, ACTION, { meshId: mesh.id, namespace })) throw forbidden(ACTION, ` in ${namespace}`);
}

/** A machine gets its identity and its configuration from what runs. Resolves to whether the workload is of a service. */
async function requireRunning(
  connection: Connection,
  environmentId: string,
  { environment, workload: { namespace, name } }: { environment: string; workload: WorkloadAsked },
): Promise<boolean> {
  const running = await runningDesign(connection, environmentId);
  if (!running) {
    throw new AppError("conflict", { detail: `Nothing was deployed to ${environment} yet. Deploy a revision first.` });
  }
  const workload = running.document.objects.find(
    (object): object is Workload =>
      object.kind === "Workload" && object.metadata.namespace === namespace && object.metadata.name === name,
  );
  if (!workload) {
    throw new AppError("not-found", {
      detail: `Revision ${running.revision}, which ${environment} runs, has no workload ${namespace}/${name}. Add it to the design and deploy, or correct the name.`,
    });
  }
  return workload.spec.service !== undefined;
}
