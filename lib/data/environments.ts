// Environments, their bindings and proxies, as people see them.
// The rule: web only writes what is wanted; the control plane does it.

import type { Principal } from "@/lib/auth/permissions";
import type { EnvironmentBinding } from "@/lib/compile/types";
import { bindingForDocument } from "@/lib/deploy";
import { AppError } from "@/lib/errors";
import { keyOf, type MeshDocument } from "@/lib/mesh";
import { accessMesh, type MeshRef } from "./access";
import type { Connection, Database } from "./client";
import type { BaseVersion } from "./drafts";
import { fromJson, toJson } from "./json";
import { actor } from "./meshes";
import { settleCertificates } from "./settle-certificates";
import { OPEN_STATES } from "./system/deployments";
import { appendEvent } from "./system/events";
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

export const withRevision = { revision: { select: { number: true, digest: true } } } as const;

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

export interface EnvironmentAsked {
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
    await settleCertificates(connection, id, binding);
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
