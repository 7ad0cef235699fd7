// A machine with a join token becomes a proxy: its row is made, so that it has an identity, a configuration and a place among the
// endpoints of its workload.
// One rule: the token is used up before the row is made, and everything that can be refused is refused before the token is used up.

import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { SystemData, WorkloadJoinTokenRow } from "@/lib/data/system";
import { desiredProxies, type ProxySeed } from "@/lib/deploy";
import { LEAF_LIFETIME_MS } from "../ca/authority";
import { hashJoinToken } from "../ca/join-tokens";
import { Refusal } from "../http-json";
import type { Journal } from "../journal";
import type { Design, Designs } from "../registry/designs";
import type { Registry } from "../registry/registry";
import type { World } from "../registry/world";
import type { Admission, JoinAsked } from "./join-request";

export interface JoinDeskOptions {
  data: SystemData;
  registry: Registry;
  world: World;
  designs: Designs;
  journal: Journal;
  adsPort: () => number;
  now: () => number;
}

export class JoinDesk {
  constructor(private readonly options: JoinDeskOptions) {}

  /** @throws Refusal */
  async admit(asked: JoinAsked): Promise<Admission> {
    const { data, world, journal, now } = this.options;
    const token = await this.tokenOf(asked);
    const { environmentId } = token;
    const design = await this.designOf(environmentId);
    const proxyKey = `${asked.workload.namespace}/${asked.workload.name}/joined-${randomBytes(4).toString("hex")}`;
    const seed = seedOf(design, proxyKey, asked);
    requireReachable(asked);
    await this.requireFree(asked);
    if (!(await data.workloadJoinTokens.use(token.id, proxyKey, new Date(now())))) throw usedMeanwhile();
    const { namespace, workload, service, serviceAccount, spiffeId, workloadVersion } = seed;
    const row = await data.proxies.create({
      environmentId,
      proxyKey,
      namespace,
      workload,
      serviceAccount,
      spiffeId,
      service,
      workloadVersion,
      origin: "joined",
      appSpec: seed.app,
      deploymentId: design.deploymentId,
      host: asked.address,
      inboundPort: asked.ports.inbound,
      outboundPort: asked.ports.outbound,
      adminPort: asked.ports.admin,
      proxyVersion: asked.version,
      lastSeenAt: new Date(now()),
    });
    await world.refreshProxies(environmentId);
    journal.append(environmentId, "proxy.joined", proxyKey, {
      spiffeId,
      address: asked.address,
      inboundPort: asked.ports.inbound,
      tokenId: token.id,
      allowedBy: token.createdByName,
    });
    return {
      who: {
        proxyRowId: row.id,
        proxyKey,
        environmentId,
        spiffeId,
        certificateTtlMs: design.certificateTtlMs ?? LEAF_LIFETIME_MS,
      },
      place: {
        proxyKey,
        proxyRowId: row.id,
        spiffeId,
        adsPort: this.options.adsPort(),
        namespace,
        workload,
        service: service ?? workload,
        workloadVersion: workloadVersion ?? "",
        serviceAccount,
      },
    };
  }

  private async tokenOf({ joinToken, workload }: JoinAsked): Promise<WorkloadJoinTokenRow> {
    const token = await this.options.data.workloadJoinTokens.findByHash(hashJoinToken(joinToken));
    const more = "Make a new one: Proxies & identity, Let a machine join.";
    if (!token) throw new Refusal(401, "join_token_unknown", `This join token is not known here. ${more}`);
    if (token.usedAt) {
      const by = `${token.proxyKey ?? "a proxy"} at ${token.usedAt.toISOString()}`;
      throw new Refusal(
        401,
        "join_token_used",
        `This join token was used by ${by}; each lets one machine join. ${more}`,
      );
    }
    if (token.withdrawnAt) throw new Refusal(401, "join_token_withdrawn", `This join token was withdrawn. ${more}`);
    if (token.expiresAt.getTime() <= this.options.now()) {
      throw new Refusal(
        401,
        "join_token_expired",
        `This join token expired at ${token.expiresAt.toISOString()}; by the control plane's clock it is ${new Date(this.options.now()).toISOString()}. ${more}`,
      );
    }
    if (token.namespace !== workload.namespace || token.workload !== workload.name) {
      throw new Refusal(
        403,
        "join_token_of_other_workload",
        `This join token is for ${token.namespace}/${token.workload}, not for ${workload.namespace}/${workload.name}. Correct --workload, or make a token for that workload.`,
      );
    }
    return token;
  }

  /** The design that the environment runs. While another is being rolled out nobody can say which that will be. */
  private async designOf(environmentId: string): Promise<Design> {
    const { data, designs, world } = this.options;
    const isOpen = (await data.deployments.listOpen()).some((each) => each.environmentId === environmentId);
    if (isOpen) {
      throw new Refusal(503, "deployment_under_way", "A deployment is under way. Try again when it is done.");
    }
    const last = await data.deployments.lastDone(environmentId);
    const design = last && (await designs.load(last.id));
    if (!design || !world.environment(environmentId)) {
      throw new Refusal(
        409,
        "nothing_deployed",
        "Nothing was deployed to this environment. Deploy a revision, then join.",
      );
    }
    return design;
  }

  /** A machine that joins again takes the place of what it was; a live proxy keeps its own. */
  private async requireFree({ address, ports }: JoinAsked): Promise<void> {
    const { registry } = this.options;
    for (const entry of registry.all()) {
      const { host, inboundPort, desired } = entry.row;
      if (host !== address || inboundPort !== ports.inbound || desired === "stopped") continue;
      if (entry.row.origin === "agent" || entry.connections.size > 0) {
        throw new Refusal(
          409,
          "address_taken",
          `${address}:${ports.inbound} is where ${entry.proxyKey} listens. Choose another --inbound-port, or end that proxy first.`,
        );
      }
      registry.patch(entry, { desired: "stopped", ready: false });
    }
    await registry.flush();
  }
}

function seedOf({ document, revisionNumber }: Design, proxyKey: string, { workload, app }: JoinAsked): ProxySeed {
  const named = `${workload.namespace}/${workload.name}`;
  const binding = app ? ({ kind: "address", host: app.host, port: app.port } as const) : ({ kind: "none" } as const);
  const seeds = desiredProxies(document, {
    instances: [{ id: proxyKey, workload, app: binding }],
    externals: [],
    gateways: [],
  });
  const seed = seeds.find((each) => each.proxyKey === proxyKey);
  if (!seed) {
    throw new Refusal(
      409,
      "workload_not_running",
      `Revision ${revisionNumber}, which runs, has no workload ${named} with a sidecar. Add it to the design and deploy, or correct --workload.`,
    );
  }
  if (seed.service !== null && !app) {
    throw new Refusal(
      400,
      "app_needed",
      `${named} serves ${seed.service}: say where its app listens with --app-port, and --app-host if that is not 127.0.0.1.`,
    );
  }
  return seed;
}

function requireReachable({ address, peerAddress }: JoinAsked): void {
  const refused = (why: string) =>
    new Refusal(
      400,
      "address_unusable",
      `${address} ${why}. Give --address with the IP address of this machine at which other proxies reach it.`,
    );
  if (isIP(address) === 0) throw refused("is not an IP address");
  if (/^(0\.0\.0\.0|::|::0|22[4-9]\.|23\d\.|255\.|ff)/i.test(address))
    throw refused("is not the address of one machine");
  if (isLoopback(address) && !isLoopback(peerAddress)) throw refused("is reached from its own machine only");
}

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./i.test(address) || address === "::1";
}

const usedMeanwhile = () =>
  new Refusal(401, "join_token_used", "This join token was used or withdrawn a moment ago. Make a new one.");
