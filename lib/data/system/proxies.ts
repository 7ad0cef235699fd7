// Proxies and agents as the control plane keeps them: what should run, and what was last said about it.
import type { Database } from "../client";
import type { Proxy as ProxyModel } from "../generated/client";
import { toJson, toNullableJson } from "../json";

export type ProxyDesired = "running" | "draining" | "stopped";
export type ProxyState = "pending" | "ack" | "nack" | "disconnected";
/** Who started it: an agent, or its own machine, which joined. */
export type ProxyOrigin = "agent" | "joined";

/** A row of Proxy. JSON columns are `unknown` here: their owner decodes them. */
export interface ProxyRow
  extends Omit<
    ProxyModel,
    "appSpec" | "nack" | "resources" | "desired" | "state" | "origin" | "createdAt" | "updatedAt"
  > {
  appSpec: unknown;
  nack: unknown;
  resources: unknown;
  desired: ProxyDesired;
  state: ProxyState;
  origin: ProxyOrigin;
}

export type NewProxy = Pick<
  ProxyRow,
  "environmentId" | "proxyKey" | "namespace" | "workload" | "serviceAccount" | "spiffeId"
> &
  Partial<Omit<ProxyRow, "id">>;

export type ProxyPatch = Partial<Omit<ProxyRow, "id" | "environmentId" | "proxyKey" | "origin">>;

export interface AgentRow {
  id: string;
  hostname: string;
  address: string;
  version: string;
  resources: unknown;
  lastSeenAt: Date | null;
}

function toRow(model: ProxyModel): ProxyRow {
  return {
    ...model,
    desired: model.desired as ProxyDesired,
    state: model.state as ProxyState,
    origin: model.origin as ProxyOrigin,
  };
}

function patchData({ appSpec, nack, resources, ...plain }: ProxyPatch) {
  return {
    ...plain,
    ...(appSpec === undefined ? {} : { appSpec: toJson(appSpec) }),
    ...(nack === undefined ? {} : { nack: toNullableJson(nack) }),
    ...(resources === undefined ? {} : { resources: toNullableJson(resources) }),
    updatedAt: new Date(),
  };
}

export function proxies(database: Database) {
  return {
    async listAll(): Promise<ProxyRow[]> {
      return (await database.proxy.findMany({ orderBy: { proxyKey: "asc" } })).map(toRow);
    },
    async listByEnvironment(environmentId: string): Promise<ProxyRow[]> {
      return (await database.proxy.findMany({ where: { environmentId }, orderBy: { proxyKey: "asc" } })).map(toRow);
    },
    async findById(id: string): Promise<ProxyRow | null> {
      const row = await database.proxy.findUnique({ where: { id } });
      return row && toRow(row);
    },
    async findByKey(environmentId: string, proxyKey: string): Promise<ProxyRow | null> {
      const row = await database.proxy.findUnique({ where: { environmentId_proxyKey: { environmentId, proxyKey } } });
      return row && toRow(row);
    },
    /** Makes the row, or returns the one that has this key already. */
    async create(row: NewProxy): Promise<ProxyRow> {
      const { environmentId, proxyKey, namespace, workload, serviceAccount, spiffeId, ...rest } = row;
      const identity = { environmentId, proxyKey, namespace, workload, serviceAccount, spiffeId };
      return toRow(
        await database.proxy.upsert({
          where: { environmentId_proxyKey: { environmentId, proxyKey } },
          create: { ...identity, ...patchData(rest) },
          update: {},
        }),
      );
    },
    /** Returns null when the proxy is gone. */
    async update(id: string, patch: ProxyPatch): Promise<ProxyRow | null> {
      const [row] = await database.proxy.updateManyAndReturn({ where: { id }, data: patchData(patch) });
      return row ? toRow(row) : null;
    },
    async updateMany(ids: readonly string[], patch: ProxyPatch): Promise<number> {
      return (await database.proxy.updateMany({ where: { id: { in: [...ids] } }, data: patchData(patch) })).count;
    },
    async remove(id: string): Promise<void> {
      await database.proxy.deleteMany({ where: { id } });
    },
  };
}

export function agents(database: Database) {
  return {
    async upsert(row: Omit<AgentRow, "resources"> & { resources?: unknown }): Promise<void> {
      const { id, resources, ...plain } = row;
      const data = { ...plain, ...(resources === undefined ? {} : { resources: toNullableJson(resources) }) };
      await database.agent.upsert({ where: { id }, create: { id, ...data }, update: data });
    },
    list(): Promise<AgentRow[]> {
      return database.agent.findMany({ orderBy: { id: "asc" } });
    },
  };
}
