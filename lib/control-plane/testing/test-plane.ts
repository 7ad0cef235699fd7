// A control plane on a real PostgreSQL with one mesh, one environment and a stand-in agent, for integration tests.

import { randomBytes, randomUUID } from "node:crypto";
import pg from "pg";
import type { MeshDocument } from "@/lib/mesh";
import { silentLogger } from "@/lib/observability/logger";
import { startTestPostgres } from "@/lib/start/testing/postgres";
import { type RunningControlPlane, startControlPlane } from "../control-plane";
import { fakeCompile } from "./fake-compile";
import { enroll, FakeProxy } from "./fake-proxy";
import { testDocument } from "./test-document";

export const SECRET = "a secret of enough length";
const INSTANCES = ["production/cart-v1/0", "production/cart-v1/1", "production/web-v1/0"];

export class TestPlane {
  plane!: RunningControlPlane;
  readonly proxies = new Map<string, FakeProxy>();
  readonly environmentId = randomUUID();
  private readonly meshId = randomUUID();
  private readonly sealingKey = randomBytes(32);
  private revisions = 0;
  private agent: NodeJS.Timeout | null = null;
  private isAgentBusy = false;

  private constructor(
    private readonly server: Awaited<ReturnType<typeof startTestPostgres>>,
    readonly sql: pg.Client,
  ) {}

  static async start(): Promise<TestPlane> {
    const server = await startTestPostgres();
    const sql = new pg.Client({ connectionString: server.url });
    await sql.connect();
    const test = new TestPlane(server, sql);
    const binding = {
      instances: INSTANCES.map((id) => ({
        id,
        workload: { namespace: "production", name: id.split("/")[1] },
        app: { kind: "none" },
      })),
      externals: [],
      gateways: [],
    };
    await sql.query(`INSERT INTO "Mesh" (id, slug, name) VALUES ($1, 'shop', 'Shop')`, [test.meshId]);
    await sql.query(`INSERT INTO "Environment" (id, "meshId", name, binding) VALUES ($1, $2, 'local', $3)`, [
      test.environmentId,
      test.meshId,
      binding,
    ]);
    await test.startPlane();
    test.agent = setInterval(() => void test.actAsAgent(), 50);
    return test;
  }

  async startPlane(): Promise<void> {
    this.plane = await this.startAt(this.plane);
  }

  /** Another control plane on the same database, on ports of its own. */
  startReplica(): Promise<RunningControlPlane> {
    return this.startAt(undefined);
  }

  private startAt(known: RunningControlPlane | undefined): Promise<RunningControlPlane> {
    return startControlPlane({
      databaseUrl: this.server.url,
      sealingKey: this.sealingKey,
      internalSecret: SECRET,
      host: "127.0.0.1",
      internalPort: known?.internalPort ?? 0,
      adsPort: known?.adsPort ?? 0,
      enrollPort: known?.enrollPort ?? 0,
      trustDomain: "meshwright.local",
      compile: fakeCompile,
      clock: { now: () => Date.now() },
      logger: silentLogger(),
    });
  }

  /** Freezes a document as the next revision; its digest is what the fake compiler puts everywhere. */
  async revise(digest: string, document: MeshDocument = testDocument()): Promise<string> {
    this.revisions += 1;
    const id = randomUUID();
    await this.sql.query(
      `INSERT INTO "Revision" (id, "meshId", number, digest, document, positions, message, "authorName") VALUES ($1, $2, $3, $4, $5, '{}', 'm', 'a')`,
      [id, this.meshId, this.revisions, digest, JSON.stringify(document)],
    );
    return id;
  }

  async deploy(revisionId: string): Promise<{ id: string; state: string; error: { reason?: string } | null }> {
    const { id } = await this.plane.data.deployments.create({
      environmentId: this.environmentId,
      revisionId,
      startedByName: "test",
    });
    for (;;) {
      const row = await this.plane.data.deployments.findById(id);
      if (row && ["done", "failed", "restored"].includes(row.state)) {
        return { id, state: row.state, error: row.error as { reason?: string } | null };
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    secret = SECRET,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`http://127.0.0.1:${this.plane.internalPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async joinToken(proxyRowId: string): Promise<string> {
    const answer = await this.call("POST", "/v1/agents/test/join-token", { proxyRowId });
    return String(answer.body.joinToken);
  }

  proxy(proxyKey: string): FakeProxy {
    const proxy = this.proxies.get(proxyKey);
    if (!proxy) {
      throw new Error(`no proxy ${proxyKey} runs`);
    }
    return proxy;
  }

  async stop(): Promise<void> {
    if (this.agent) {
      clearInterval(this.agent);
    }
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.stop()));
    await this.plane.stop();
    await this.sql.end();
    await this.server.stop();
  }

  /** Starts a fake proxy for each that should run, and reports those that should not as stopped. */
  private async actAsAgent(): Promise<void> {
    if (this.isAgentBusy) {
      return;
    }
    this.isAgentBusy = true;
    try {
      const { body } = await this.call("GET", "/v1/agents/test/desired?after=");
      for (const item of (body.proxies ?? []) as {
        proxyRowId: string;
        proxyKey: string;
        desired: string;
        trustBundlePem: string;
      }[]) {
        if (item.desired === "running" && !this.proxies.has(item.proxyKey)) {
          await this.startProxy(item);
        } else if (item.desired === "stopped") {
          await this.proxies.get(item.proxyKey)?.stop();
          this.proxies.delete(item.proxyKey);
          await this.report(item.proxyRowId, "stopped", 1);
        }
      }
    } catch {
      // the control plane is away: ask again
    } finally {
      this.isAgentBusy = false;
    }
  }

  private async startProxy({
    proxyRowId,
    proxyKey,
    trustBundlePem,
  }: {
    proxyRowId: string;
    proxyKey: string;
    trustBundlePem: string;
  }): Promise<void> {
    const { enrollPort, adsPort } = this.plane;
    const joinToken = await this.joinToken(proxyRowId);
    const proxy = new FakeProxy({ proxyKey, proxyRowId, enrollPort, adsPort, bundlePem: trustBundlePem, joinToken });
    this.proxies.set(proxyKey, proxy);
    await this.report(proxyRowId, "running", await proxy.listen());
    proxy.connect(await enroll({ enrollPort, bundlePem: trustBundlePem, joinToken }));
  }

  private async report(proxyRowId: string, state: string, adminPort: number): Promise<void> {
    const ports = { inbound: adminPort, outbound: adminPort, admin: adminPort, app: null };
    await this.call("POST", "/v1/agents/test/status", {
      proxies: [{ proxyRowId, state, message: null, pid: 1, restarts: 0, ports, resources: null }],
      resources: null,
    });
  }
}
