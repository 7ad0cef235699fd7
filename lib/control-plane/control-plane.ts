// Wires the control plane together and starts it in the one safe order: certificate authority, whole state, ADS,
// enrollment, internal API, and last the leader's work. Stops in the opposite order.

import type { Clock } from "@/lib/clock";
import { controlPlaneSpiffeId } from "@/lib/control-plane/ca/spiffe-id";
import { createSystemData, type ProxyRow, type SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { SidecarBudget } from "@/lib/signals";
import { AdsServer } from "./ads/ads-server";
import { Authority, LEAF_LIFETIME_MS } from "./ca/authority";
import { EnrollServer } from "./ca/enroll-server";
import { createEnrollStore } from "./ca/enroll-store";
import { Revocations } from "./ca/revocations";
import { startHousekeeping } from "./housekeeping";
import { AgentDesk } from "./internal-api/agents";
import { metricsRoute } from "./internal-api/metrics";
import { sealingRoute } from "./internal-api/sealing";
import { InternalApi } from "./internal-api/server";
import { statusRoutes } from "./internal-api/status-routes";
import { JoinDesk } from "./joining/join-desk";
import { JoinedProxies } from "./joining/joined-proxies";
import { Journal } from "./journal";
import { listenForChanges } from "./notices";
import { CheckRuns } from "./probe/check-runs";
import { Counters } from "./ratelimit/counters";
import { countingProxies } from "./ratelimit/counting-proxies";
import { CountExchange } from "./ratelimit/exchange";
import { Designs } from "./registry/designs";
import { GatewayCertificates } from "./registry/gateway-certificates";
import type { Compile } from "./registry/kept-configurations";
import { Prober } from "./registry/prober";
import type { ProxyEntry } from "./registry/proxy-entry";
import { Publisher } from "./registry/publisher";
import { Registry } from "./registry/registry";
import { World } from "./registry/world";
import { Leader } from "./rollout/leader";
import { MeshRemovals } from "./rollout/mesh-removals";
import { Rollouts } from "./rollout/rollouts";
import { RootRotations } from "./rollout/root-rotations";
import { Scraper, type ScraperDesign } from "./telemetry/scraper";

export interface ControlPlaneOptions {
  databaseUrl: string;
  sealingKey: Buffer;
  internalSecret: string;
  /** Of this machine only: the internal API. */
  host: string;
  /** Where proxies find ADS and enrollment. Default `host`. */
  meshHost?: string | undefined;
  internalPort: number;
  adsPort: number;
  enrollPort: number;
  /** Of the control plane's own identity; workloads have those of their meshes. */
  trustDomain: string;
  compile: Compile;
  /** Where an agent of this machine keeps its proxies and their access logs; absent: on other machines. */
  home?: string | undefined;
  clock: Clock;
  logger: Logger;
}

export interface RunningControlPlane {
  internalPort: number;
  adsPort: number;
  enrollPort: number;
  authority: Authority;
  registry: Registry;
  world: World;
  scraper: Scraper;
  data: SystemData;
  stop(): Promise<void>;
}

/** Our own certificate is renewed at half of its life, like everybody's. */
const OWN_RENEWAL_MS = LEAF_LIFETIME_MS / 2;

export async function startControlPlane(options: ControlPlaneOptions): Promise<RunningControlPlane> {
  const { clock, logger, trustDomain } = options;
  const meshHost = options.meshHost ?? options.host;
  const now = () => clock.now();
  const data = createSystemData(options.databaseUrl);
  const authority = new Authority({ store: data.caKeys, sealingKey: options.sealingKey, trustDomain, clock });
  await authority.load();

  const revocations = new Revocations(data, now);
  const registry = new Registry({
    writeProxy: (rowId, patch) => data.proxies.update(rowId, patch),
    denyList: revocations,
    proxyOfSerial: (serial) => revocations.proxyOfSerial(serial),
    now,
    logger,
  });
  const designs = new Designs(data);
  const certificates = new GatewayCertificates({ data, sealingKey: options.sealingKey, logger });
  const world: World = new World({
    data,
    registry,
    designs,
    certificates,
    publisher: () => publisher,
    revocations,
    logger,
  });
  const publisher = new Publisher({
    registry,
    designs,
    compile: options.compile,
    secrets: () => ({
      bundlePem: authority.bundlePem(),
      denyListJson: revocations.document(authority.taintedIssuers()),
    }),
    ownSecretsOf: (environmentId) => certificates.secretsOf(environmentId),
    bindingOf: (environmentId) => world.environment(environmentId)?.binding ?? null,
    logger,
  });
  const journal = new Journal({
    data,
    meshOf: (environmentId) => world.environment(environmentId)?.meshId ?? null,
    logger,
  });
  registry.subscribe((event) => {
    if (event.type === "rejected") {
      const { environmentId, proxyKey } = event.entry.row;
      const { typeUrl, message, resources } = event.rejection;
      journal.append(environmentId, "proxy.config.refused", proxyKey, { typeUrl, message, resources });
    }
  });
  const refreshDenyList = async () => {
    if (await revocations.refresh()) {
      registry.dropDenied();
      world.buildAll();
    }
  };
  const removeProxy = async (entry: ProxyEntry) => {
    const { environmentId, proxyKey, id } = entry.row;
    await data.certificates.revokeOfProxy(environmentId, proxyKey, new Date(now()));
    await data.proxies.remove(id);
    journal.append(environmentId, "proxy.removed", proxyKey, { spiffeId: entry.row.spiffeId });
    await refreshDenyList();
    registry.load(environmentId, await data.proxies.listByEnvironment(environmentId));
  };

  // A proxy that has no configuration yet is of the design that its environment runs.
  const certificateTtlOf = (row: ProxyRow) =>
    (designs.get(row.deploymentId) ?? world.currentDesign(row.environmentId))?.certificateTtlMs ?? LEAF_LIFETIME_MS;
  let ownIdentity = await authority.issueServerIdentity();
  const counters = new Counters();
  const exchange = new CountExchange(counters, data.rateLimits, now, logger);
  const rateLimits = { proxyOf: countingProxies(registry, designs), counters, now };
  const joined: JoinedProxies = new JoinedProxies({
    registry,
    removeProxy,
    isLeader: () => leader.isLeader,
    now,
    logger,
  });
  const joinDesk = new JoinDesk({ data, registry, world, designs, journal, adsPort: () => adsPort, now });
  const ads = new AdsServer({ directory: registry, rateLimits, clock, logger }, ownIdentity, authority.bundlePem());
  const enroll = new EnrollServer(
    {
      authority,
      store: createEnrollStore(data, certificateTtlOf),
      denyList: revocations,
      joining: {
        admit: (asked) => joinDesk.admit(asked),
        report: (peer, body) => joined.report(peer, body),
        signals: (peer, page) => joined.signals(peer, page),
      },
      clock,
      logger,
      onIssued: (identity, issued) => {
        revocations.noteIssued(issued.serial, identity.proxyRowId);
        const entry = registry.find(identity.proxyRowId);
        if (entry?.row.origin === "joined") {
          registry.patch(entry, { certSerial: issued.serial, certNotAfter: issued.notAfter });
        }
        const { serial, notAfter } = issued;
        journal.append(identity.environmentId, "certificate.issued", identity.proxyKey, {
          spiffeId: identity.spiffeId,
          serial,
          notAfter,
        });
      },
    },
    ownIdentity,
  );
  const prober = new Prober(registry, now);
  const scraper = new Scraper({
    data,
    registry,
    designOf: (id) => scraperDesign(world, id),
    pageOf: (entry) => joined.pageOf(entry),
    now,
    logger,
  });
  const takeOwnIdentity = async () => {
    ownIdentity = await authority.issueServerIdentity();
    ads.useIdentity(ownIdentity, authority.bundlePem());
    enroll.useIdentity(ownIdentity);
  };
  const keysChanged = async () => {
    await takeOwnIdentity();
    world.buildAll();
  };
  const rotations = new RootRotations({ data, authority, registry, keysChanged, now, logger });
  const removals = new MeshRemovals({ data, world, registry, removeProxy, now, logger });
  const rollouts = new Rollouts({ data, world, registry, designs, publisher, removeProxy, now, logger });
  const home = options.home ?? null;
  const checks = new CheckRuns({ data, world, registry, authority, journal, home, now, logger });
  const leaderWork = [rollouts, removals, checks, rotations];

  const adsPort = await ads.listen(options.adsPort, meshHost);
  const enrollPort = await enroll.listen(options.enrollPort, meshHost);
  const desk = new AgentDesk({
    data,
    registry,
    adsUrl: hostAndPort(meshHost, adsPort),
    enrollUrl: `https://${hostAndPort(meshHost, enrollPort)}`,
    bundlePem: () => authority.bundlePem(),
    controlPlaneSpiffeId: controlPlaneSpiffeId(trustDomain),
    gatewayPorts: () => world.gatewayPorts(),
    removeProxy,
    now,
  });
  const leader: Leader = new Leader({
    databaseUrl: options.databaseUrl,
    data,
    address: `http://${options.host}:${options.internalPort}`,
    onGained: () => {
      scraper.start();
      for (const work of leaderWork) work.lead();
    },
    onLost: () => {
      void scraper.stop().catch(() => undefined);
      for (const work of leaderWork) void work.stop();
    },
    now,
    logger,
  });
  const status = statusRoutes({
    data,
    registry,
    world,
    designs,
    publisher,
    scraper,
    isLeader: () => leader.isLeader,
    connectedAgents: () => desk.connectedAgents(),
    now,
  });
  const metrics = metricsRoute({
    registry,
    world,
    authority,
    scraper,
    isLeader: () => leader.isLeader,
    connectedAgents: () => desk.connectedAgents(),
    now,
  });
  const sealing = sealingRoute(options.sealingKey);
  const api = new InternalApi([...status, metrics, sealing, ...desk.routes()], options.internalSecret, logger);
  const internalPort = await api.listen(options.internalPort, options.host);

  const listener = listenForChanges(options.databaseUrl, {
    world,
    rollouts,
    removals,
    checks,
    rotations,
    refreshDenyList,
    refreshKeys: async () => {
      if (await authority.load()) await keysChanged();
    },
    logger,
  });
  const stopHousekeeping = startHousekeeping({ data, authority, now, logger });
  const renewal = setInterval(() => {
    takeOwnIdentity().catch((error: unknown) =>
      logger.error({ reason: String(error) }, "the own certificate was not renewed"),
    );
  }, OWN_RENEWAL_MS);
  await world.load();
  joined.start();
  prober.start(); // on every replica: each answers for the endpoints it serves
  leader.start();
  exchange.start();

  return {
    internalPort,
    adsPort,
    enrollPort,
    authority,
    registry,
    world,
    scraper,
    data,
    async stop() {
      stopHousekeeping();
      clearInterval(renewal);
      await listener.stop();
      for (const work of leaderWork) await work.stop();
      prober.stop();
      joined.stop();
      await scraper
        .stop()
        .catch((error: unknown) => logger.warn({ reason: String(error) }, "the last minute could not be written"));
      await leader.stop();
      world.stop();
      await api.close();
      ads.close();
      await exchange.stop();
      await enroll.close();
      await registry.flush();
      registry.stop();
      await data.close();
    },
  };
}

/** As in a URL: an IPv6 address in brackets. */
function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function scraperDesign(world: World, environmentId: string): ScraperDesign | null {
  const design = world.currentDesign(environmentId);
  if (!design) {
    return null;
  }
  const budgets = new Map<string, SidecarBudget>(
    design.document.objects.flatMap((object) =>
      object.kind === "Workload"
        ? [[`${object.metadata.namespace}/${object.metadata.name}`, object.spec.sidecar ?? {}] as const]
        : [],
    ),
  );
  return {
    directory: design.directory,
    budgetOf: (proxyKey) => budgets.get(proxyKey.slice(0, proxyKey.lastIndexOf("/"))) ?? {},
  };
}
