// A whole mesh for tests: PostgreSQL, control plane, agent, real sidecars and one app, with deployments and checks as the web asks for them.
// One rule: everything listens on ports that were free, lives in one folder, and is gone after stop().

import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import pg from "pg";
import { MeshAgent } from "@/lib/agent/agent";
import { folderNameOf } from "@/lib/agent/proxy-home";
import { compileToBytes } from "@/lib/compile";
import type { AppBinding, EnvironmentBinding, GatewayBinding } from "@/lib/compile/types";
import { type ControlResult, controls, type Evidence } from "@/lib/compliance";
import type { CheckRunRow } from "@/lib/data/system";
import { bindingForDocument, EMPTY_BINDING } from "@/lib/deploy";
import { digestOf, type MeshDocument } from "@/lib/mesh";
import { silentLogger } from "@/lib/observability/logger";
import { startTestPostgres } from "@/lib/start/testing/postgres";
import { type RunningControlPlane, startControlPlane } from "../../control-plane";

/** Of the control plane's internal API. */
export const SECRET = "a secret of enough length";
const clock = { now: () => Date.now() };

export interface LiveRig {
  plane: RunningControlPlane;
  sql: pg.Client;
  environmentId: string;
  meshId: string;
  home: string;
  databaseUrl: string;
  /**
   * Deploys a design; returns `done`, or the state and the reason. Workloads of `withoutApp` have none, those of `appPorts` an app of
   * their own on 127.0.0.1, the others share one that says hello.
   */
  deploy(
    document: MeshDocument,
    withoutApp?: readonly string[],
    appPorts?: ReadonlyMap<string, number>,
    gateways?: readonly GatewayBinding[],
  ): Promise<string>;
  /** Changes what the environment binds, as a person does without a deployment; those before it stay. */
  bind(change: (binding: EnvironmentBinding) => EnvironmentBinding): Promise<void>;
  /** Every line so far, decoded. @param proxyId `<namespace>/<workload or gateway>/<instance>` */
  accessLogOf(proxyId: string): Record<string, unknown>[];
  check(): Promise<{ run: CheckRunRow; results: ControlResult[]; evidence: Evidence[] }>;
  stop(): Promise<void>;
}

/** @param meshAddress where proxies are reached and find the control plane; default 127.0.0.1 */
export async function startLiveRig(meshAddress?: string): Promise<LiveRig> {
  const home = mkdtempSync(join(tmpdir(), "meshwright-checks-"));
  const proxyEntry = join(home, "proxy.mjs");
  await bundleProxy(proxyEntry);
  const app = createServer((_call, response) => response.end("hello"));
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const appPort = (app.address() as { port: number }).port;
  const postgres = await startTestPostgres();
  const sql = new pg.Client({ connectionString: postgres.url });
  await sql.connect();
  const [environmentId, meshId] = [randomUUID(), randomUUID()];
  await sql.query(`INSERT INTO "Mesh" (id, slug, name) VALUES ($1, 'shop', 'Shop')`, [meshId]);
  await sql.query(`INSERT INTO "Environment" (id, "meshId", name, binding) VALUES ($1, $2, 'local', $3)`, [
    environmentId,
    meshId,
    EMPTY_BINDING,
  ]);
  const plane = await startControlPlane({
    internalPort: 0,
    adsPort: 0,
    enrollPort: 0,
    databaseUrl: postgres.url,
    sealingKey: randomBytes(32),
    internalSecret: SECRET,
    host: "127.0.0.1",
    meshHost: meshAddress,
    trustDomain: "meshwright.local",
    compile: compileToBytes,
    home,
    clock,
    logger: silentLogger(),
  });
  const agent = new MeshAgent({
    home,
    internalUrl: `http://127.0.0.1:${plane.internalPort}`,
    internalSecret: SECRET,
    proxyEntry,
    appsEntry: proxyEntry,
    version: "test",
    address: meshAddress,
    supervisor: { pid: process.pid, startTime: null },
    clock,
    logger: silentLogger(),
  });
  agent.start();
  async function bind(binding: EnvironmentBinding): Promise<void> {
    let first = Number.POSITIVE_INFINITY;
    await until(async () => {
      // Asked again and again: a notice that came before anybody listened is lost. Each asks for the same.
      const { rows } = await sql.query(
        `UPDATE "Environment" SET binding = $1, "bindingVersion" = "bindingVersion" + 1 WHERE id = $2 RETURNING "bindingVersion"`,
        [binding, environmentId],
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      first = Math.min(first, rows[0].bindingVersion);
      return (plane.world.environment(environmentId)?.bindingVersion ?? 0) >= first;
    });
  }
  return {
    plane,
    sql,
    environmentId,
    meshId,
    home,
    databaseUrl: postgres.url,
    async bind(change) {
      const { rows } = await sql.query(`SELECT binding FROM "Environment" WHERE id = $1`, [environmentId]);
      await bind(change(rows[0].binding));
    },
    async deploy(document, withoutApp = [], appPorts = new Map(), gateways = []) {
      const binding = bindingOf(document, gateways, (workload) => {
        if (withoutApp.includes(workload)) return { kind: "none" };
        return { kind: "address", host: "127.0.0.1", port: appPorts.get(workload) ?? appPort };
      });
      await bind(binding);
      const { rows } = await sql.query(`SELECT count(*)::int AS n FROM "Revision"`);
      const revisionId = randomUUID();
      await sql.query(
        `INSERT INTO "Revision" (id, "meshId", number, digest, document, positions, message, "authorName") VALUES ($1, $2, $3, $4, $5, '{}', 'm', 'a')`,
        [revisionId, meshId, rows[0].n + 1, digestOf(document), JSON.stringify(document)],
      );
      const { id } = await plane.data.deployments.create({ environmentId, revisionId, startedByName: "test" });
      const row = await until(async () => {
        const found = await plane.data.deployments.findById(id);
        return found && ["done", "failed", "restored"].includes(found.state) ? found : null;
      }, 90_000);
      return `${row.state} ${row.error ? JSON.stringify(row.error) : ""}`.trim();
    },
    accessLogOf: (proxyId) =>
      readFileSync(join(home, "proxies", folderNameOf(proxyId), "access.log"), "utf8")
        .split("\n")
        .filter((text) => text !== "")
        .map((text) => JSON.parse(text)),
    async check() {
      const { id } = await plane.data.checks.create({ environmentId, requestedByName: "test" });
      const run = await until(async () => {
        const found = await plane.data.checks.findById(id);
        return found && ["done", "failed"].includes(found.state) ? found : null;
      }, 60_000);
      const order = controls.map((control) => control.id);
      return {
        run,
        results: await plane.data.checks.resultsOf(id, order),
        evidence: await plane.data.checks.evidenceOf(id),
      };
    },
    async stop() {
      await agent.stop(3_000);
      await plane.stop();
      await sql.end();
      await postgres.stop();
      app.closeAllConnections();
      app.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function bindingOf(
  document: MeshDocument,
  gateways: readonly GatewayBinding[],
  appOf: (workload: string) => AppBinding,
): EnvironmentBinding {
  const bound = bindingForDocument(document, { ...EMPTY_BINDING, gateways: [...gateways] });
  return {
    ...bound,
    instances: bound.instances.map((instance) => ({ ...instance, app: appOf(instance.workload.name) })),
    externals: document.objects.flatMap((each) => {
      if (each.kind !== "ExternalService") return [];
      const { namespace, name } = each.metadata;
      const app = appOf(name);
      return [{ namespace, name, endpoints: app.kind === "address" ? [{ host: app.host, port: app.port }] : [] }];
    }),
  };
}

async function bundleProxy(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL("../../../../proxy/src/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    logLevel: "silent",
    banner: {
      js: 'import { createRequire as require_ } from "node:module"; const require = require_(import.meta.url);',
    },
  });
}

async function until<T>(look: () => T | null | false | Promise<T | null | false>, timeoutMs = 15_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error("the mesh did not get there in time");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
