// Proxies of an environment. The rule: what each should run and what it says it runs are told apart.
import { z } from "zod";
import { listProxies } from "@/lib/data/environments";
import { revokeIdentity } from "@/lib/data/revocations";
import type { ProxyRow } from "@/lib/data/system/proxies";
import { AppError } from "@/lib/errors";
import type { MeshDocument, Workload } from "@/lib/mesh";
import { defineRoute, onMesh, page } from "../route";
import * as schema from "../schema";

const tag = "environments";
const environmentPath = "/meshes/{mesh}/environments/{environment}";

const iso = (date: Date | null) => date?.toISOString() ?? null;

function toProxy(row: ProxyRow, document: MeshDocument | null): schema.ProxyDto {
  return {
    id: row.id,
    proxyKey: row.proxyKey,
    namespace: row.namespace,
    workload: row.workload,
    service: row.service,
    origin: row.origin,
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

/** A proxy without a port yet is no target. Labels of Prometheus' own begin with two underscores. */
function prometheusTarget(row: ProxyRow, { mesh, environment }: { mesh: string; environment: string }) {
  // The admin interface of a joined machine is for that machine: it brings its page to the control plane itself.
  if (row.adminPort === null || row.desired === "stopped" || row.origin !== "agent") return [];
  const { proxyKey, namespace, workload, service, workloadVersion } = row;
  return [
    {
      targets: [`127.0.0.1:${row.adminPort}`],
      labels: {
        __metrics_path__: "/stats/prometheus",
        mesh,
        environment,
        namespace,
        workload,
        proxy: proxyKey,
        ...(service === null ? {} : { service }),
        ...(workloadVersion === null ? {} : { version: workloadVersion }),
      },
    },
  ];
}

export const proxyRoutes = [
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
    id: "listPrometheusTargets",
    method: "GET",
    path: `${environmentPath}/prometheus-targets`,
    tag,
    summary: "The proxies' metrics pages, for Prometheus' HTTP service discovery",
    access: onMesh("mesh.read"),
    answer: schema.prometheusTargets,
    async handle({ runtime, principal, params }) {
      const { rows } = await listProxies(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
      });
      return { body: rows.flatMap((row) => prometheusTarget(row, params)) };
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
  defineRoute({
    id: "revokeIdentity",
    method: "POST",
    path: `${environmentPath}/revocations`,
    tag,
    summary: "Revoke a proxy's certificates: its connections are cut, and it starts again with a new key",
    access: onMesh("identity.revoke"),
    body: schema.revocationRequest,
    answer: schema.revocation,
    status: 202,
    async handle({ runtime, principal, params, body }) {
      const serials = await revokeIdentity(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        ...body,
      });
      return { body: { proxyKey: body.proxyKey, serials } };
    },
  }),
];
