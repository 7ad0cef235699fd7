// Meshes and their revisions.
// The rule: a revision is frozen from the draft under its lock, so its digest is that of what the author saw or nobody's.
import { can, type Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import { digestOf, emptyMesh, type MeshDocument, type Positions } from "@/lib/mesh";
import { accessMesh, type MeshRef, requireGlobal } from "./access";
import { type Connection, type Database, isUniqueViolation } from "./client";
import { draftOf, lockDraft } from "./draft-store";
import type { BaseVersion } from "./drafts";
import { fromJson, toJson } from "./json";
import { deletionKey, isBeingDeleted, markForDeletion } from "./mesh-deletion";
import { OPEN_STATES } from "./system/deployments";
import { appendEvent } from "./system/events";

export interface MeshListRow extends MeshRef {
  updatedAt: Date;
  services: number;
  latestRevision: number | null;
  /** Its proxies are being drained; then it goes. */
  isBeingDeleted: boolean;
  /** That run, or are being drained. */
  proxies: number;
}

const EMPTY_BINDING = { instances: [], externals: [], gateways: [] };

export async function listMeshes(
  database: Database,
  principal: Principal,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<MeshListRow[]> {
  const all = principal.bindings.some(({ meshId }) => meshId === null) && (principal.limit?.meshId ?? null) === null;
  const own = principal.limit?.meshId
    ? [principal.limit.meshId]
    : principal.bindings.flatMap(({ meshId }) => (meshId ? [meshId] : []));
  const rows = await database.mesh.findMany({
    where: { ...(all ? {} : { id: { in: own } }), ...(after ? { slug: { gt: after } } : {}) },
    orderBy: { slug: "asc" },
    take: limit,
  });
  const visible = rows.filter((row) => can(principal, "mesh.read", { meshId: row.id }));
  return Promise.all(visible.map((row) => summaryOf(database, row)));
}

export async function readMesh(database: Database, principal: Principal, slug: string): Promise<MeshListRow> {
  const { id } = await accessMesh(database, principal, slug, "mesh.read");
  return summaryOf(database, await database.mesh.findUniqueOrThrow({ where: { id } }));
}

async function summaryOf(connection: Connection, row: MeshRef & { updatedAt: Date }): Promise<MeshListRow> {
  const [draft] = await connection.$queryRaw<{ services: bigint; updatedAt: Date }[]>`
    SELECT "updatedAt", (SELECT count(*) FROM jsonb_array_elements("document" -> 'objects') AS each
      WHERE each ->> 'kind' = 'Service') AS services FROM "Draft" WHERE "meshId" = ${row.id}`;
  const latest = await connection.revision.findFirst({
    where: { meshId: row.id },
    orderBy: { number: "desc" },
    select: { number: true },
  });
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    version: row.version,
    updatedAt: draft?.updatedAt ?? row.updatedAt,
    services: Number(draft?.services ?? 0),
    latestRevision: latest?.number ?? null,
    isBeingDeleted: await isBeingDeleted(connection, row.id),
    proxies: await connection.proxy.count({ where: { environment: { meshId: row.id } } }),
  };
}

export async function createMesh(
  database: Database,
  principal: Principal,
  { slug, name, trustDomain }: { slug: string; name: string; trustDomain?: string | undefined },
): Promise<MeshListRow> {
  requireGlobal(principal, "mesh.create");
  const document = withTrustDomain(emptyMesh(slug), trustDomain);
  try {
    const mesh = await database.$transaction(async (connection) => {
      const row = await connection.mesh.create({
        data: {
          slug,
          name,
          draft: {
            create: {
              document: toJson(document),
              positions: {},
              digest: digestOf(document),
              updatedById: principal.userId,
              updatedByName: principal.name,
            },
          },
          environments: { create: { name: "local", binding: EMPTY_BINDING } },
        },
      });
      await appendEvent(connection, { ...actor(principal), meshId: row.id, kind: "mesh.created", subject: name });
      return row;
    });
    return await summaryOf(database, mesh);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new AppError("already-exists", { detail: `A mesh "${slug}" exists already. Choose another short name.` });
  }
}

function withTrustDomain(document: MeshDocument, trustDomain: string | undefined): MeshDocument {
  if (!trustDomain) return document;
  return {
    objects: document.objects.map((object) =>
      object.kind === "Mesh" ? { ...object, spec: { ...object.spec, trustDomain } } : object,
    ),
  };
}

export async function renameMesh(
  database: Database,
  principal: Principal,
  { slug, name, version }: { slug: string; name: string; version: BaseVersion },
): Promise<MeshListRow> {
  const mesh = await accessMesh(database, principal, slug, "mesh.write");
  const { count } = await database.mesh.updateMany({
    where: { id: mesh.id, version: version ?? mesh.version },
    data: { name, version: { increment: 1 }, updatedAt: new Date() },
  });
  if (count === 0) throw new AppError("version-mismatch", { extra: { version: mesh.version } });
  return readMesh(database, principal, slug);
}

/**
 * Removes the mesh and all that belongs to it; its events stay. While proxies of it run it is only marked: the control plane
 * drains and ends them and then deletes it. Returns how many are still there; 0: the mesh is gone.
 */
export async function deleteMesh(
  database: Database,
  principal: Principal,
  { slug, version }: { slug: string; version: BaseVersion },
): Promise<{ proxies: number }> {
  const mesh = await accessMesh(database, principal, slug, "mesh.delete");
  if (version !== null && version !== mesh.version) {
    throw new AppError("version-mismatch", { extra: { version: mesh.version } });
  }
  return database.$transaction(async (connection) => {
    const inMesh = { environment: { meshId: mesh.id } };
    const open = await connection.deployment.count({ where: { ...inMesh, state: { in: [...OPEN_STATES] } } });
    if (open > 0) {
      throw new AppError("conflict", {
        detail: "A deployment of this mesh is under way. Wait until it has ended, then delete the mesh.",
      });
    }
    const proxies = await connection.proxy.count({ where: inMesh });
    const by = { ...actor(principal), meshId: mesh.id };
    if (proxies > 0) {
      const { isNew } = await markForDeletion(connection, by);
      const event = { ...by, kind: "mesh.deletion.asked", subject: mesh.name, payload: { proxies } };
      if (isNew) await appendEvent(connection, event);
      return { proxies };
    }
    await connection.setting.deleteMany({ where: { key: deletionKey(mesh.id) } });
    const { count } = await connection.mesh.deleteMany({ where: { id: mesh.id, version: mesh.version } });
    if (count === 0) throw new AppError("version-mismatch", { extra: { version: mesh.version } });
    await appendEvent(connection, { ...by, kind: "mesh.deleted", subject: mesh.name });
    return { proxies: 0 };
  });
}

export interface RevisionRow {
  id: string;
  number: number;
  digest: string;
  message: string;
  createdAt: Date;
  authorName: string;
}

const revisionFields = {
  id: true,
  number: true,
  digest: true,
  message: true,
  createdAt: true,
  authorName: true,
} as const;

export async function createRevision(
  database: Database,
  principal: Principal,
  { slug, message, base }: { slug: string; message: string; base: BaseVersion },
): Promise<RevisionRow> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "revision.create");
    const { revision, isNew } = await freezeDraft(connection, principal, mesh, { message, base });
    if (!isNew) {
      throw new AppError("nothing-changed", {
        detail: `The draft is the same as r${revision.number}: deploy that, or change the draft first.`,
        extra: { revision: revision.number },
      });
    }
    return revision;
  });
}

/** The draft as a revision: a new one, or the newest when that is the same design. Positions make no difference. */
export async function freezeDraft(
  connection: Connection,
  principal: Principal,
  mesh: MeshRef,
  { message, base }: { message: string; base: BaseVersion },
): Promise<{ revision: RevisionRow; document: MeshDocument; isNew: boolean }> {
  const draft = await lockDraft(connection, mesh.id);
  if (base !== null && base !== draft.version) {
    throw new AppError("version-mismatch", { extra: { version: draft.version } });
  }
  const last = await connection.revision.findFirst({
    where: { meshId: mesh.id },
    orderBy: { number: "desc" },
    select: revisionFields,
  });
  if (last?.digest === draft.digest) return { revision: last, document: draft.document, isNew: false };
  const number = (last?.number ?? 0) + 1;
  const revision = await connection.revision.create({
    data: {
      meshId: mesh.id,
      number,
      digest: draft.digest,
      document: toJson(draft.document),
      positions: toJson(draft.positions),
      message,
      authorId: principal.userId,
      authorName: principal.name,
    },
    select: revisionFields,
  });
  await appendEvent(connection, {
    ...actor(principal),
    meshId: mesh.id,
    kind: "revision.created",
    subject: `r${number}`,
    payload: { revision: number, digest: draft.digest, message },
  });
  return { revision, document: draft.document, isNew: true };
}

export async function listRevisions(
  database: Database,
  principal: Principal,
  { slug, before, limit }: { slug: string; before?: number | undefined; limit: number },
): Promise<RevisionRow[]> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  return database.revision.findMany({
    where: { meshId: mesh.id, ...(before === undefined ? {} : { number: { lt: before } }) },
    orderBy: { number: "desc" },
    take: limit,
    select: revisionFields,
  });
}

export interface DesignAt {
  mesh: MeshRef;
  at: string;
  revision: (RevisionRow & { id: string }) | null;
  version: number | null;
  digest: string;
  document: MeshDocument;
  positions: Positions;
}

/** The design at "draft" or "r12". */
export async function readDesign(
  database: Connection,
  principal: Principal,
  { slug, at }: { slug: string; at: string },
): Promise<DesignAt> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  if (at === "draft") {
    const { version, digest, document, positions } = await draftOf(database, mesh.id);
    return { mesh, at, revision: null, version, digest, document, positions };
  }
  const number = Number(at.slice(1));
  const row = await database.revision.findUnique({ where: { meshId_number: { meshId: mesh.id, number } } });
  if (!row) throw new AppError("not-found", { detail: `There is no revision r${number} of ${slug}.` });
  return {
    mesh,
    at,
    revision: row,
    version: null,
    digest: row.digest,
    document: fromJson<MeshDocument>(row.document),
    positions: fromJson<Positions>(row.positions),
  };
}

export function actor(principal: Principal): { actorId: string; actorName: string } {
  return { actorId: principal.userId, actorName: principal.name };
}
