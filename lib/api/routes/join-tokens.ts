// Tokens by which machines join. The rule: the plain token and the whole command are in one answer, once.
import { readTrust } from "@/lib/data/trust";
import {
  createWorkloadJoinToken,
  listWorkloadJoinTokens,
  type WorkloadJoinTokenRow,
  withdrawWorkloadJoinToken,
} from "@/lib/data/workload-join-tokens";
import { AppError } from "@/lib/errors";
import { defineRoute, onMesh } from "../route";
import type { Runtime } from "../runtime";
import * as schema from "../schema";

const tag = "environments";
/** Where the packed proxy is when it was unpacked; nothing has to be installed there. */
const PROGRAM = "package/bin/meshwright-proxy.mjs";
const path = "/meshes/{mesh}/environments/{environment}/join-tokens";

export const joinTokenRoutes = [
  defineRoute({
    id: "createJoinToken",
    method: "POST",
    path,
    tag,
    summary:
      "Let one machine join as an instance of a workload: a token that works once, and the command for that machine",
    access: onMesh("proxy.join"),
    body: schema.newJoinToken,
    answer: schema.createdJoinToken,
    status: 201,
    async handle({ runtime, principal, params, body }) {
      const now = runtime.clock.now();
      const [root] = (await readTrust(runtime.database)).roots;
      if (!root) throw new AppError("control-plane-unavailable", { detail: "The control plane has made no root yet." });
      const { row, token, servesCalls } = await createWorkloadJoinToken(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        workload: body.workload,
        minutes: body.minutes,
        now: new Date(now),
      });
      const place = placeOf(runtime);
      const caFingerprint = `sha256:${root.fingerprint.replaceAll(":", "").toLowerCase()}`;
      const command = [
        `${PROGRAM} join`,
        `--control-plane ${place.controlPlane ?? "HOST:PORT"}`,
        `--ca-fingerprint ${caFingerprint}`,
        `--workload ${row.namespace}/${row.workload}`,
        ...(servesCalls ? ["--app-port PORT"] : []),
        `--token ${token}`,
      ].join(" ");
      return { body: { ...toJoinToken(row, now), ...place, token, caFingerprint, needsApp: servesCalls, command } };
    },
  }),
  defineRoute({
    id: "listJoinTokens",
    method: "GET",
    path,
    tag,
    summary: "The last join tokens: who made them, and which proxy joined with them",
    access: onMesh("mesh.read"),
    answer: schema.pageOf(schema.joinToken),
    async handle({ runtime, principal, params }) {
      const asked = { slug: params.mesh, environment: params.environment };
      const rows = await listWorkloadJoinTokens(runtime.database, principal, asked);
      return { body: { items: rows.map((row) => toJoinToken(row, runtime.clock.now())), nextCursor: null } };
    },
  }),
  defineRoute({
    id: "withdrawJoinToken",
    method: "DELETE",
    path: `${path}/{token}`,
    tag,
    summary: "Withdraw a join token that was not used",
    access: onMesh("proxy.join"),
    status: 204,
    async handle({ runtime, principal, params }) {
      await withdrawWorkloadJoinToken(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        id: params.token,
        now: new Date(runtime.clock.now()),
      });
      return {};
    },
  }),
];

function toJoinToken(row: WorkloadJoinTokenRow, nowMs: number): schema.JoinTokenDto {
  const isOver = row.expiresAt.getTime() <= nowMs;
  return {
    id: row.id,
    workload: { namespace: row.namespace, name: row.workload },
    state: row.usedAt ? "used" : row.withdrawnAt ? "withdrawn" : isOver ? "expired" : "open",
    createdBy: row.createdByName,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    usedAt: row.usedAt?.toISOString() ?? null,
    proxyKey: row.proxyKey,
  };
}

function placeOf({ env }: Runtime): { controlPlane: string | null; isReachable: boolean } {
  const { MESHWRIGHT_MESH_ADDRESS: address, MESHWRIGHT_ENROLL_PORT: port } = env;
  const host = address?.includes(":") ? `[${address}]` : (address ?? "127.0.0.1");
  return { controlPlane: port === undefined ? null : `${host}:${port}`, isReachable: address !== undefined };
}
