// News for browsers: one LISTEN connection per process, any number of streams.
// The rule: news says what to read again, never what it says; who may not read a mesh hears nothing of it.
import type { Database } from "@/lib/data/client";
import { type Listener, listen, type Notice } from "@/lib/data/listen";
import type { Logger } from "@/lib/observability/logger";
import type { News } from "./schema/live";

export interface MeshNews extends News {
  meshId: string | null;
}

type Hear = (news: MeshNews) => void;

/** Notices of one kind and mesh within this time are one piece of news. */
const GATHER_MS = 200;
/** How often screens read signals again; the control plane scrapes every two seconds. */
const SIGNALS_EVERY_MS = 5_000;

interface HubOptions {
  database: Database;
  databaseUrl: string;
  logger: Logger;
}

export class NewsHub {
  private readonly listeners = new Set<Hear>();
  private readonly waiting = new Map<string, MeshNews>();
  private readonly meshes = new Map<string, { id: string; slug: string; environment: string | null }>();
  private listener: Listener | undefined;
  private gatherTimer: ReturnType<typeof setTimeout> | undefined;
  private signalsTimer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: HubOptions) {}

  /** Returns how to stop hearing. The connection to the database lives while anybody hears. */
  subscribe(hear: Hear): () => void {
    this.listeners.add(hear);
    this.start();
    return () => {
      this.listeners.delete(hear);
      if (this.listeners.size === 0) void this.stop();
    };
  }

  async stop(): Promise<void> {
    const listener = this.listener;
    this.listener = undefined;
    clearInterval(this.signalsTimer);
    clearTimeout(this.gatherTimer);
    this.signalsTimer = undefined;
    this.gatherTimer = undefined;
    this.waiting.clear();
    this.meshes.clear();
    await listener?.stop();
  }

  private start(): void {
    if (this.listener) return;
    const { databaseUrl, logger } = this.options;
    this.listener = listen({
      url: databaseUrl,
      onNotice: (notice) => void this.receive(notice).catch((error: unknown) => logger.warn({ error }, "news lost")),
      onGap: () => this.everythingMayHaveChanged(),
      onError: (error) => logger.warn({ error }, "the database stopped sending news; trying again"),
    });
    this.signalsTimer = setInterval(() => {
      this.gather({ type: "signals", mesh: null, meshId: null });
    }, SIGNALS_EVERY_MS);
  }

  private everythingMayHaveChanged(): void {
    for (const type of ["draft", "deployment", "proxy", "event", "check", "presence"] as const)
      this.gather({ type, mesh: null, meshId: null });
  }

  private async receive({ channel, payload }: Notice): Promise<void> {
    switch (channel) {
      case "meshwright_draft":
        return this.tell("draft", await this.meshOf("mesh", payload));
      case "meshwright_deployment":
        return this.tell("deployment", await this.meshOf("deployment", payload), payload);
      case "meshwright_proxy":
        return this.tell("proxy", await this.meshOf("environment", payload));
      case "meshwright_binding":
        return this.tell("deployment", await this.meshOf("environment", payload));
      case "meshwright_check":
        return this.tell("check", await this.meshOf("environment", payload));
      case "meshwright_presence":
        return this.tell("presence", await this.meshOf("mesh", payload));
      case "meshwright_event":
        return this.tell("event", await this.meshOf("event", payload));
    }
  }

  private tell(
    type: News["type"],
    mesh: { id: string; slug: string; environment: string | null } | null,
    id?: string,
  ): void {
    if (mesh) this.gather({ type, mesh: mesh.slug, meshId: mesh.id, environment: mesh.environment, id: id ?? null });
  }

  private gather(news: MeshNews): void {
    this.waiting.set(`${news.type} ${news.mesh ?? ""}`, news);
    this.gatherTimer ??= setTimeout(() => {
      this.gatherTimer = undefined;
      const batch = [...this.waiting.values()];
      this.waiting.clear();
      for (const each of batch) for (const hear of this.listeners) hear(each);
    }, GATHER_MS);
  }

  private async meshOf(kind: "mesh" | "deployment" | "environment" | "event", id: string) {
    const known = this.meshes.get(`${kind} ${id}`);
    if (known) return known;
    const found = await this.lookUp(kind, id);
    // Events are each asked for once.
    if (found && kind !== "event") {
      if (this.meshes.size > 5_000) this.meshes.clear();
      this.meshes.set(`${kind} ${id}`, found);
    }
    return found;
  }

  private async lookUp(kind: "mesh" | "deployment" | "environment" | "event", id: string) {
    const { database } = this.options;
    const select = { id: true, slug: true } as const;
    if (kind === "environment" || kind === "deployment") {
      const where = kind === "environment" ? { id } : { deployments: { some: { id } } };
      const row = await database.environment.findFirst({ where, select: { name: true, mesh: { select } } });
      return row && { ...row.mesh, environment: row.name };
    }
    const meshId =
      kind === "mesh"
        ? id
        : (await database.event.findUnique({ where: { seq: BigInt(id) }, select: { meshId: true } }))?.meshId;
    const row = meshId ? await database.mesh.findUnique({ where: { id: meshId }, select }) : null;
    return row && { ...row, environment: null };
  }
}
