// What agents ask and tell: which proxies should run on their machine, and what became of them.
// A proxy belongs to one agent. One without, or whose agent has been silent for half a minute, goes to the next that
// asks. One rule: only the agent a proxy belongs to gets join tokens for it.

import {
  type AgentReport,
  agentReportSchema,
  appSpecSchema,
  type DesiredProxy,
  type DesiredState,
  joinTokenRequestSchema,
  type ProxyReport,
  registerSchema,
} from "@/lib/agent/protocol";
import type { ProxyPatch, SystemData } from "@/lib/data/system";
import { shortHash } from "../ads/snapshot";
import { JOIN_TOKEN_LIFETIME_MS, newJoinToken } from "../ca/join-tokens";
import { Refusal } from "../http-json";
import type { ProxyEntry } from "../registry/proxy-entry";
import type { Registry } from "../registry/registry";
import { type ApiRoute, decodeBody } from "./server";

const LONG_POLL_MS = 20_000;
const POLL_MS = 100;
const AGENT_SILENT_MS = 30_000;

export interface AgentsOptions {
  data: SystemData;
  registry: Registry;
  /** Where proxies find us. */
  adsUrl: string;
  enrollUrl: string;
  bundlePem: () => string;
  controlPlaneSpiffeId: string;
  /** That gateways are to listen on. */
  gatewayPorts: () => number[];
  removeProxy(entry: ProxyEntry): Promise<void>;
  now: () => number;
}

export class AgentDesk {
  private readonly lastSeen = new Map<string, number>();
  /** Where the proxies of an agent are reached. */
  private readonly addresses = new Map<string, string>();
  private readonly startedAt: number;

  constructor(private readonly options: AgentsOptions) {
    this.startedAt = options.now();
  }

  routes(): ApiRoute[] {
    return [
      {
        method: "POST",
        path: /^\/v1\/agents\/([^/]+)\/register$/,
        handle: ({ params: [id = ""], body }) => this.register(id, body),
      },
      {
        method: "GET",
        path: /^\/v1\/agents\/([^/]+)\/desired$/,
        handle: ({ params: [id = ""], query, isClosed }) => this.desired(id, query.get("after") ?? "", isClosed),
      },
      {
        method: "POST",
        path: /^\/v1\/agents\/([^/]+)\/status$/,
        handle: ({ params: [id = ""], body }) => this.report(id, decodeBody(agentReportSchema, body)),
      },
      {
        method: "POST",
        path: /^\/v1\/agents\/([^/]+)\/join-token$/,
        handle: ({ params: [id = ""], body }) => this.joinToken(id, body),
      },
    ];
  }

  connectedAgents(): number {
    return [...this.lastSeen.values()].filter((at) => this.options.now() - at < AGENT_SILENT_MS).length;
  }

  private async register(agentId: string, body: unknown): Promise<unknown> {
    const registration = decodeBody(registerSchema, body);
    const now = this.options.now();
    this.lastSeen.set(agentId, now);
    this.addresses.set(agentId, registration.address);
    await this.options.data.agents.upsert({ id: agentId, ...registration, lastSeenAt: new Date(now) });
    return {};
  }

  private async desired(agentId: string, after: string, isClosed: () => boolean): Promise<DesiredState> {
    const deadline = this.options.now() + LONG_POLL_MS;
    for (;;) {
      this.lastSeen.set(agentId, this.options.now());
      if (this.options.registry.isLoaded()) {
        this.adopt(agentId);
        const state = this.stateOf(agentId);
        if (state.version !== after || this.options.now() >= deadline || isClosed()) {
          return state;
        }
      } else if (this.options.now() >= deadline || isClosed()) {
        throw new Refusal(503, "loading", "The control plane is still loading its state. Ask again.");
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private stateOf(agentId: string): DesiredState {
    const proxies = this.options.registry
      .all()
      .filter((entry) => entry.row.agentId === agentId)
      .map((entry) => this.toDesired(entry));
    const reservedPorts = this.options.gatewayPorts();
    return { version: shortHash(JSON.stringify([proxies, reservedPorts])), proxies, reservedPorts };
  }

  private adopt(agentId: string): void {
    for (const entry of this.options.registry.all()) {
      if (entry.row.origin !== "agent") continue; // its own machine runs it
      const owner = entry.row.agentId;
      const isOrphan = owner === null || (owner !== agentId && this.isSilent(owner));
      if (isOrphan) {
        this.options.registry.patch(entry, { agentId });
      }
    }
  }

  private isSilent(agentId: string): boolean {
    return this.options.now() - (this.lastSeen.get(agentId) ?? this.startedAt) > AGENT_SILENT_MS;
  }

  private toDesired(entry: ProxyEntry): DesiredProxy {
    const { row } = entry;
    const { inboundPort, outboundPort, adminPort, appPort } = row;
    const isPlaced = inboundPort !== null && outboundPort !== null && adminPort !== null;
    return {
      proxyRowId: row.id,
      proxyKey: row.proxyKey,
      environmentId: row.environmentId,
      namespace: row.namespace,
      workload: row.workload,
      service: row.service ?? row.workload,
      version: row.workloadVersion ?? "",
      serviceAccount: row.serviceAccount,
      spiffeId: row.spiffeId,
      app: appSpecSchema.safeParse(row.appSpec).data ?? { kind: "none" },
      desired: row.desired,
      adsUrl: this.options.adsUrl,
      enrollUrl: this.options.enrollUrl,
      trustBundlePem: this.options.bundlePem(),
      controlPlaneSpiffeId: this.options.controlPlaneSpiffeId,
      ports: isPlaced ? { inbound: inboundPort, outbound: outboundPort, admin: adminPort, app: appPort } : null,
      wishedInboundPort: isPlaced ? null : inboundPort,
    };
  }

  private async report(agentId: string, report: AgentReport): Promise<unknown> {
    const { data, registry, now } = this.options;
    this.lastSeen.set(agentId, now());
    for (const item of report.proxies) {
      const entry = registry.find(item.proxyRowId);
      if (entry && entry.row.agentId === agentId) {
        await this.takeReport(entry, item);
      }
    }
    const known = (await data.agents.list()).find((agent) => agent.id === agentId);
    if (known) {
      await data.agents.upsert({ ...known, resources: report.resources ?? undefined, lastSeenAt: new Date(now()) });
    }
    return {};
  }

  private async takeReport(entry: ProxyEntry, item: ProxyReport): Promise<void> {
    if (item.state === "stopped" && entry.row.desired === "stopped") {
      await this.options.removeProxy(entry);
      return;
    }
    const resources = { state: item.state, message: item.message, restarts: item.restarts, ...item.resources };
    const host = this.addresses.get(entry.row.agentId ?? "") ?? entry.row.host;
    const place = { ...newPorts(entry, item), host, pid: item.pid, resources };
    this.options.registry.agentReported(entry, item.state === "running", place);
  }

  private async joinToken(agentId: string, body: unknown): Promise<unknown> {
    const { proxyRowId } = decodeBody(joinTokenRequestSchema, body);
    const entry = this.options.registry.find(proxyRowId);
    if (!entry || entry.row.agentId !== agentId || entry.row.desired !== "running") {
      throw new Refusal(403, "not_yours", "This proxy is not to run on this agent. Ask for the desired state again.");
    }
    const { token, hash } = newJoinToken();
    const expiresAt = new Date(this.options.now() + JOIN_TOKEN_LIFETIME_MS);
    await this.options.data.joinTokens.insert(hash, proxyRowId, expiresAt);
    return { joinToken: token, expiresAt: expiresAt.toISOString() };
  }
}

/** The agent chooses ports once; after that the row says what they are. */
function newPorts({ row }: ProxyEntry, { ports }: ProxyReport): ProxyPatch {
  const isPlaced = row.outboundPort !== null && row.adminPort !== null;
  const app = row.appPort === null && ports.app !== null ? { appPort: ports.app } : {};
  return isPlaced ? app : { inboundPort: ports.inbound, outboundPort: ports.outbound, adminPort: ports.admin, ...app };
}
