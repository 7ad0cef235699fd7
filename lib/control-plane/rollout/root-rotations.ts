// Changes the root of trust step by step, on the leader only: the next root is made and told to every proxy; when each of them
// trusts both, it signs; when each has a certificate of it, nobody trusts the old one any more.
// One rule: a step ends by what proxies say themselves, never by time. One that is away stops it, and is named.

import type { RotationProgress, RotationRow, RotationState, SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { Authority } from "../ca/authority";
import type { ProxyEntry } from "../registry/proxy-entry";
import type { Registry } from "../registry/registry";
import { LeaderWork } from "./leader-work";

const AGAIN_MS = 500;
/** As many as a person reads. */
const NAMED = 20;

export interface RootRotationsOptions {
  data: SystemData;
  authority: Authority;
  registry: Registry;
  /** Everything that depends on the keys is made anew: own certificates, what proxies are told. */
  keysChanged(): Promise<void>;
  now: () => number;
  logger: Logger;
}

export class RootRotations extends LeaderWork {
  constructor(private readonly options: RootRotationsOptions) {
    super({
      logger: options.logger,
      failure: "the root of trust could not be rotated further; trying again",
      againMs: AGAIN_MS * 4,
    });
  }

  protected async takeWork(): Promise<void> {
    const { data } = this.options;
    const row = await data.rootRotations.findOpen();
    if (!row) return;
    if (row.cancelledByName !== null && (row.state === "preparing" || row.state === "distributing"))
      await this.cancel(row);
    else if (row.state === "preparing") await this.prepare(row);
    else await this.advance(row);
    setTimeout(() => this.look(), AGAIN_MS).unref();
  }

  private async prepare(row: RotationRow): Promise<void> {
    const { authority } = this.options;
    const newRootId = await authority.prepareRoot();
    await this.options.keysChanged();
    await this.enter(row, "distributing", { oldRootId: authority.rootIn("active")?.id ?? null, newRootId });
  }

  private async cancel(row: RotationRow): Promise<void> {
    await this.options.authority.discardPreparedRoot();
    await this.options.keysChanged();
    await this.enter(row, "cancelled");
  }

  private async advance(row: RotationRow): Promise<void> {
    const { authority, data } = this.options;
    const progress = row.state === "renewing" ? await this.renewed() : this.inForce();
    if (progress.done < progress.total) {
      if (JSON.stringify(progress) !== JSON.stringify(row.progress))
        await data.rootRotations.update(row.id, { progress });
      return;
    }
    if (row.state === "distributing") {
      await authority.activateRoot();
      await this.options.keysChanged();
      await this.enter(row, "renewing");
    } else if (row.state === "renewing") {
      await authority.retireTaintedRoot();
      await this.options.keysChanged();
      await this.enter(row, "retiring");
    } else {
      await this.enter(row, "done");
    }
  }

  private async enter(
    { id }: RotationRow,
    state: RotationState,
    roots: { oldRootId?: string | null; newRootId?: string } = {},
  ): Promise<void> {
    const { data, now, logger, registry } = this.options;
    const isOver = state === "done" || state === "cancelled";
    const progress = { done: 0, total: registry.all().filter(isToRun).length, waitingFor: [] };
    await data.rootRotations.update(id, {
      state,
      progress: isOver ? { ...progress, done: progress.total } : progress,
      ...roots,
      ...(isOver ? { finishedAt: new Date(now()) } : {}),
    });
    logger.info({ rotation: id, state }, "the root of trust is being rotated");
    await data.events.append({
      meshId: null,
      environmentId: null,
      kind: `identity.root.${state}`,
      actorId: null,
      actorName: "control plane",
      subject: id,
      payload: { rotationId: id, ...roots },
    });
  }

  /** Proxies that say they run what they were told last: the bundle is part of it. */
  private inForce(): RotationProgress {
    return this.count((entry) => {
      if (entry.current === null) return "it has no configuration yet";
      const running = entry.status?.digest ?? entry.row.runningDigest;
      return running === entry.current.digest ? null : "it does not run what it was told last";
    });
  }

  /** Proxies whose certificate is signed by the CA that signs now. */
  private async renewed(): Promise<RotationProgress> {
    const { data, registry, authority } = this.options;
    const serials = registry.all().flatMap(({ row }) => row.certSerial ?? []);
    const issuers = await data.certificates.issuersOf(serials);
    return this.count(({ row }) =>
      row.certSerial !== null && issuers.get(row.certSerial) === authority.issuerSerial
        ? null
        : "its certificate is of the old root",
    );
  }

  private count(problemOf: (entry: ProxyEntry) => string | null): RotationProgress {
    const asked = this.options.registry.all().filter(isToRun);
    const waitingFor = asked.flatMap((entry) => {
      const why = problemOf(entry);
      return why === null
        ? []
        : [{ proxyKey: entry.proxyKey, why: entry.row.ready ? why : `${why}, and it is not ready` }];
    });
    return { done: asked.length - waitingFor.length, total: asked.length, waitingFor: waitingFor.slice(0, NAMED) };
  }
}

/** A proxy that is to be stopped needs no trust; one that is draining still serves. */
const isToRun = ({ row }: ProxyEntry): boolean => row.desired !== "stopped";
