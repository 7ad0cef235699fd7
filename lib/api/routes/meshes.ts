// Meshes: which there are, and their beginning, name and end. The rule: a mesh with running proxies ends only after they are drained.
import { actionsOn, highestRole, type Principal } from "@/lib/auth/permissions";
import { createMesh, deleteMesh, listMeshes, type MeshListRow, readMesh, renameMesh } from "@/lib/data/meshes";
import { versionTag } from "../etag";
import { defineRoute, onAll, onMesh, page, SIGNED_IN } from "../route";
import * as schema from "../schema";

const tag = "meshes";

function toMesh(row: MeshListRow, principal: Principal): schema.MeshSummary {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    version: row.version,
    role: highestRole(principal, row.id),
    permissions: actionsOn(principal, row.id),
    services: row.services,
    latestRevision: row.latestRevision,
    isBeingDeleted: row.isBeingDeleted,
    proxies: row.proxies,
    updatedAt: row.updatedAt.toISOString(),
  };
}

export const meshRoutes = [
  defineRoute({
    id: "listMeshes",
    method: "GET",
    path: "/meshes",
    tag,
    summary: "Meshes that I may see",
    access: SIGNED_IN,
    query: schema.pageQuery,
    answer: schema.pageOf(schema.meshSummary),
    async handle({ runtime, principal, query: { cursor, limit } }) {
      const rows = await listMeshes(runtime.database, principal, { after: cursor, limit: limit + 1 });
      return {
        body: page(
          rows,
          limit,
          (row) => row.slug,
          (row) => toMesh(row, principal),
        ),
      };
    },
  }),
  defineRoute({
    id: "createMesh",
    method: "POST",
    path: "/meshes",
    tag,
    summary: "Make a mesh with an empty draft and a local environment",
    access: onAll("mesh.create"),
    body: schema.newMesh,
    answer: schema.meshSummary,
    status: 201,
    async handle({ runtime, principal, body }) {
      const row = await createMesh(runtime.database, principal, body);
      return {
        body: toMesh(row, principal),
        etag: versionTag(row.version),
        headers: { location: `/api/v1/meshes/${row.slug}` },
      };
    },
  }),
  defineRoute({
    id: "getMesh",
    method: "GET",
    path: "/meshes/{mesh}",
    tag,
    summary: "One mesh",
    access: onMesh("mesh.read"),
    answer: schema.meshSummary,
    async handle({ runtime, principal, params }) {
      const row = await readMesh(runtime.database, principal, params.mesh);
      return { body: toMesh(row, principal), etag: versionTag(row.version) };
    },
  }),
  defineRoute({
    id: "changeMesh",
    method: "PATCH",
    path: "/meshes/{mesh}",
    tag,
    summary: "Rename a mesh",
    access: onMesh("mesh.write"),
    body: schema.meshPatch,
    answer: schema.meshSummary,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const row = await renameMesh(runtime.database, principal, {
        slug: params.mesh,
        name: body.name,
        version: baseVersion(),
      });
      return { body: toMesh(row, principal), etag: versionTag(row.version) };
    },
  }),
  defineRoute({
    id: "deleteMesh",
    method: "DELETE",
    path: "/meshes/{mesh}",
    tag,
    summary: "Delete a mesh; proxies that run are drained and lose their identities first",
    access: onMesh("mesh.delete"),
    answer: schema.meshDeletion,
    status: 202,
    ifMatch: "required",
    async handle({ runtime, principal, params, baseVersion }) {
      const { proxies } = await deleteMesh(runtime.database, principal, { slug: params.mesh, version: baseVersion() });
      return { body: { state: proxies > 0 ? ("draining" as const) : ("deleted" as const), proxies } };
    },
  }),
];
