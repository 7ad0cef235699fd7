// Environments, bindings, deployments, proxies.

import { z } from "zod";
import type { EnvironmentBinding } from "@/lib/compile/types";
import {
  bindingFor,
  createDeployment,
  type DeploymentListRow,
  listDeployments,
  listEnvironments,
  listProxies,
  readDeployment,
  readEnvironment,
  rollBack,
  writeBinding,
} from "@/lib/data/environments";
import { readDesign } from "@/lib/data/meshes";
import type { ProxyRow } from "@/lib/data/system/proxies";
import { AppError } from "@/lib/errors";
import type { MeshDocument, Workload } from "@/lib/mesh";
import { dateCursor, readDateCursor } from "../cursor";
import { versionTag } from "../etag";
import { defineRoute, onMesh, page } from "../route";
import * as schema from "../schema";

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

function toProxy(row: ProxyRow, document: MeshDocument | null): schema.ProxyDto {
  return {
    id: row.id,
    proxyKey: row.proxyKey,
    namespace: row.namespace,
    workload: row.workload,
    service: row.service,
    state: row.state,
    desired: row.desired,
    ready: row.ready,
    draining: row.draining,
    desiredDigest: row.desiredDigest,
    runningDigest: row.runningDigest,
    inSync: row.runningDigest !== null && row.runningDigest === row.desiredDigest,
    nack: nackOf(row.nack),
    version: row.proxyVersion,
    workloadVersion: row.workloadVersion,
    spiffeId: row.spiffeId,
    certificate: row.certSerial ? { serial: row.certSerial, notAfter: iso(row.certNotAfter) } : null,
    connectedAt: iso(row.connectedAt),
    lastSeenAt: iso(row.lastSeenAt),
    resources: row.resources,
    budget: budgetOf(row, document),
    pid: row.pid,
    host: row.host,
    ports: { inbound: row.inboundPort, outbound: row.outboundPort, admin: row.adminPort, app: row.appPort },
    app: row.appSpec,
    deploymentId: row.deploymentId,
  };
}

const nackShape = z.looseObject({
  reasons: z.array(z.string()).optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  at: z.union([z.string(), z.number()]).optional(),
});

function nackOf(value: unknown): schema.ProxyDto["nack"] {
  const known = nackShape.safeParse(value);
  if (!known.success) return null;
  const { reasons, reason, message, at } = known.data;
  return {
    reasons: reasons ?? [reason ?? message ?? "The proxy gave no reason."],
    at: at === undefined ? null : new Date(at).toISOString(),
  };
}

function budgetOf(row: ProxyRow, document: MeshDocument | null): schema.ProxyDto["budget"] {
  const workload = document?.objects.find(
    (object): object is Workload =>
      object.kind === "Workload" &&
      object.metadata.name === row.workload &&
      object.metadata.namespace === row.namespace,
  );
  const { cpuMillicores, memoryMb } = workload?.spec.sidecar ?? {};
  return cpuMillicores !== undefined && memoryMb !== undefined ? { cpuMillicores, memoryMb } : null;
}

const tag = "environments";
const environmentPath = "/meshes/{mesh}/environments/{environment}";

export const runningRoutes = [
  defineRoute({
    id: "listEnvironments",
    method: "GET",
    path: "/meshes/{mesh}/environments",
    tag,
    summary: "Environments and what they run",
    access: onMesh("mesh.read"),
    answer: schema.pageOf(schema.environment),
    async handle({ runtime, principal, params }) {
      const rows = await listEnvironments(runtime.database, principal, params.mesh);
      const items = rows.map(({ binding: _large, ...row }) => ({ ...row, target: "local" as const }));
      return { body: { items, nextCursor: null } };
    },
  }),
  defineRoute({
    id: "getBinding",
    method: "GET",
    path: `${environmentPath}/binding`,
    tag,
    summary: "How the environment runs the design; with `at` completed for that design's workloads",
    access: onMesh("mesh.read"),
    query: z.strictObject({ at: schema.at.optional() }),
    answer: schema.bindingAnswer,
    async handle({ runtime, principal, params, query: { at } }) {
      const asked = { slug: params.mesh, environment: params.environment };
      const { binding, bindingVersion } = await readEnvironment(runtime.database, principal, asked);
      const completed = at
        ? bindingFor((await readDesign(runtime.database, principal, { slug: params.mesh, at })).document, binding)
        : binding;
      return { body: { version: bindingVersion, binding: completed }, etag: versionTag(bindingVersion) };
    },
  }),
  defineRoute({
    id: "writeBinding",
    method: "PUT",
    path: `${environmentPath}/binding`,
    tag,
    summary: "Set instances, apps, addresses and public ports; running proxies follow at once",
    access: onMesh("binding.write"),
    body: schema.bindingRequest,
    answer: schema.bindingAnswer,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const row = await writeBinding(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        binding: plainBinding(body.binding),
        version: baseVersion(),
      });
      return { body: { version: row.bindingVersion, binding: row.binding }, etag: versionTag(row.bindingVersion) };
    },
  }),
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
  defineRoute({
    id: "listProxies",
    method: "GET",
    path: `${environmentPath}/proxies`,
    tag,
    summary: "Proxies: what they should run, what they say they run",
    access: onMesh("mesh.read"),
    query: schema.pageQuery,
    answer: schema.pageOf(schema.proxy),
    async handle({ runtime, principal, params, query: { cursor, limit } }) {
      const { rows, document } = await listProxies(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
      });
      const after = cursor === undefined ? rows : rows.filter(({ proxyKey }) => proxyKey > cursor);
      return {
        body: page(
          after.slice(0, limit + 1),
          limit,
          (row) => row.proxyKey,
          (row) => toProxy(row, document),
        ),
      };
    },
  }),
  defineRoute({
    id: "getProxy",
    method: "GET",
    path: `${environmentPath}/proxies/{proxyKey...}`,
    tag,
    summary: "One proxy by its key, `namespace/workload/instance`",
    access: onMesh("mesh.read"),
    answer: schema.proxy,
    async handle({ runtime, principal, params }) {
      const { rows, document } = await listProxies(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
      });
      const row = rows.find(({ proxyKey }) => proxyKey === params.proxyKey);
      if (!row)
        throw new AppError("not-found", { detail: `There is no proxy "${params.proxyKey}" in ${params.environment}.` });
      return { body: toProxy(row, document) };
    },
  }),
];

function locationOf({ mesh, environment }: { mesh: string; environment: string }, id: string): string {
  return `/api/v1/meshes/${mesh}/environments/${environment}/deployments/${id}`;
}

/** Without keys that are there but undefined. */
function plainBinding(binding: z.output<typeof schema.binding>): EnvironmentBinding {
  return {
    ...binding,
    gateways: binding.gateways.map(({ publicPort, ...gateway }) =>
      publicPort === undefined ? gateway : { ...gateway, publicPort },
    ),
  };
}
