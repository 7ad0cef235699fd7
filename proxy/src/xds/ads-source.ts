// Configuration by ADS. What was accepted and what is in force are two sets: the accepted one comes into force as one
// plan when nothing in it waits any more (endpoints of clusters, routes of listeners, secrets).
// One rule: whatever goes wrong, the plan in force stays.

import { type DescMessage, type JsonObject, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import { type Bootstrap, type Node, NodeSchema } from "../contract/messages";
import { registry } from "../contract/registry";
import { RESOURCE_KINDS, RESOURCE_SCHEMAS, type ResourceKind, TYPE_URLS } from "../contract/resource-types";
import { formatViolation, type Violation } from "../contract/violations";
import type { Identity, IdentityProvider } from "../identity";
import { plan } from "../plan/plan";
import type { OverloadPlan, ProxyPlan, Secret, SocketAddress } from "../plan/types";
import { acceptUpdate } from "./accept-update";
import { AdsClient } from "./ads-client";
import { type DumpedConfig, type DumpedResource, envoyDump } from "./config-dump";
import type { ConfigConsumer, ConfigSource, ConfigStatus, PlanOrigin } from "./config-source";
import { type ControlPlaneAt, withControlPlane } from "./control-plane-cluster";
import { DENY_LIST_SECRET, parseDenyList } from "./deny-list";
import { digestOf } from "./digest";
import type { GrpcTarget } from "./grpc-stream";
import { loadLastKnownGood, saveLastKnownGood } from "./last-known-good";
import { withoutKeys } from "./redact";
import { ResourceSet } from "./resource-set";
import { readSdsSecrets } from "./sds";
import { IDENTITY_SECRET, identitySecret, ownIdentity, readSecrets } from "./static-source";
import { missingFrom } from "./warming";
import type { AdsUpdate, Wire } from "./wire";

export interface AdsSourceOptions {
  /** For /config_dump. */
  readonly bootstrap: Bootstrap;
  readonly wire: Wire;
  readonly node: Node;
  readonly admin: SocketAddress | null;
  /** The cluster of this proxy, by CDS; else no zone is preferred. */
  readonly localCluster?: string;
  readonly overload?: OverloadPlan | null;
  readonly address: SocketAddress;
  /** Of the bootstrap's cluster with this address. */
  readonly clusterName: string;
  readonly identity: IdentityProvider | null;
  readonly controlPlaneSpiffeId: string;
  /** null: nothing is kept on disk. */
  readonly lastKnownGoodPath: string | null;
  readonly log: (message: string) => void;
  /** How long a missing endpoint or route answer is waited for (Envoy default 15 s). */
  readonly warmingMs?: number;
}

const WARMING_MS = 15_000;
/** A plan that the data path refused (a port in use) is offered again. */
const RETRY_APPLY_MS = 5_000;
const BUNDLE_SECRET = "bundle";

const isOfListener = ({ resource, path }: Violation): boolean =>
  resource?.kind === "listener" || path.startsWith('listener "');

const schemaOf = (kind: ResourceKind): DescMessage => RESOURCE_SCHEMAS[kind];

export class AdsSource implements ConfigSource {
  private readonly client: AdsClient;
  private consumer: ConfigConsumer | null = null;
  private accepted = ResourceSet.empty;
  private inForce: ResourceSet | null = null;
  private inForcePlan: ProxyPlan | null = null;
  /** Secrets that the plan in force serves with. */
  private delivered: ReadonlyMap<string, Secret> = new Map();
  /** The accepted set is not in force yet. */
  private isPending = true;
  private isLive = false;
  private isConnected = false;
  private lastNack: ConfigStatus["lastNack"] = null;
  private readonly received = new Set<ResourceKind>();
  /** Names the server said do not exist, or that did not come in time. */
  private readonly absent = new Map<ResourceKind, Set<string>>();
  private warmingTimer: NodeJS.Timeout | null = null;
  private retryTimer: NodeJS.Timeout | null = null;
  private markStarted: () => void = () => {};

  constructor(private readonly options: AdsSourceOptions) {
    this.client = new AdsClient({
      wire: options.wire,
      node: options.node,
      target: () => this.target(),
      log: options.log,
      held: (kind) => this.accepted.of(kind),
      onUpdate: (update) => this.handle(update),
      onConnection: (isConnected) => {
        this.isConnected = isConnected;
      },
      onDenied: () => options.identity?.renewNow(),
    });
  }

  async start(consumer: ConfigConsumer): Promise<void> {
    this.consumer = consumer;
    const started = new Promise<void>((resolve) => {
      this.markStarted = resolve;
    });
    await this.options.identity?.start();
    this.options.identity?.onChange(() => this.deliverSecrets([IDENTITY_SECRET]));
    await this.startFromLastKnownGood();
    this.subscribeFor(null);
    this.client.start();
    await started;
  }

  status(): ConfigStatus {
    const set = this.effective();
    return {
      configSource: this.isLive || !this.inForce ? "live" : "last-known-good",
      connectedToControlPlane: this.isConnected,
      digest: digestOf(set.versions()),
      resources: {
        listeners: set.names("listener"),
        routes: set.names("route"),
        clusters: set.names("cluster"),
        endpoints: set.names("endpoint"),
        secrets: set.names("secret"),
      },
      lastNack: this.lastNack,
      waitingFor: this.isPending ? this.missing() : [],
    };
  }

  configDump(): readonly DumpedConfig[] {
    const set = this.effective();
    const kinds = RESOURCE_KINDS.map((kind) => {
      const held = set.of(kind) as ReadonlyMap<string, { version: string; message: Message }>;
      const dumped = Array.from(held, ([name, { version, message }]): DumpedResource => {
        const json = toJson(schemaOf(kind), message, { registry, useProtoFieldName: true });
        return { name, version, json: withoutKeys(json) as JsonObject };
      });
      return [kind, dumped] as const;
    });
    return envoyDump(this.options.bootstrap, Object.fromEntries(kinds));
  }

  stop(): Promise<void> {
    this.client.stop();
    this.options.identity?.stop();
    for (const timer of [this.warmingTimer, this.retryTimer]) {
      if (timer) {
        clearTimeout(timer);
      }
    }
    return Promise.resolve();
  }

  /** What is in force; secrets take effect as they come. */
  private effective(): ResourceSet {
    return (this.inForce ?? ResourceSet.empty).taking(this.accepted, ["secret"]);
  }

  private target(): Omit<GrpcTarget, "path"> {
    const { address, identity, controlPlaneSpiffeId } = this.options;
    const own: Identity | null = identity?.current() ?? null;
    return {
      host: address.address,
      port: address.port,
      tls:
        own && identity
          ? { ...own, trustBundlePem: identity.trustBundle(), serverSpiffeId: controlPlaneSpiffeId }
          : null,
    };
  }

  private async startFromLastKnownGood(): Promise<void> {
    const path = this.options.lastKnownGoodPath;
    const stored = path === null ? "nothing is kept on disk" : loadLastKnownGood(path);
    if (typeof stored === "string") {
      this.options.log(`${stored}: waiting for the control plane`);
      return;
    }
    const planned = this.plan(stored);
    const secrets = readSdsSecrets(stored.messages("secret"));
    if (!planned.ok || !secrets.ok) {
      this.options.log(
        "the last known good configuration is not supported by this version: waiting for the control plane",
      );
      return;
    }
    this.accepted = stored;
    this.received.add("listener").add("cluster");
    this.deliverDenyList();
    this.subscribeFor(planned.plan);
    if (this.missing(planned.plan).length === 0 && (await this.apply(planned.plan, stored)).length === 0) {
      this.options.log("started with the last known good configuration");
    }
  }

  private async handle(update: AdsUpdate): Promise<string | null> {
    const { kind } = update;
    if (!kind) {
      return null;
    }
    const violations = await this.take(kind, update);
    if (violations.length === 0) {
      this.isLive = true;
      return null;
    }
    return this.noteRefusal(update.typeUrl, violations);
  }

  private noteRefusal(typeUrl: string, violations: readonly Violation[]): string {
    const message = violations.map(formatViolation).join("\n");
    this.lastNack = { at: new Date().toISOString(), typeUrl, message };
    this.options.log(`configuration refused: ${message}`);
    return message;
  }

  private async take(kind: ResourceKind, update: AdsUpdate): Promise<readonly Violation[]> {
    const acceptance = acceptUpdate(this.accepted, kind, update);
    if (!acceptance.ok) {
      return acceptance.violations;
    }
    const previous = this.accepted;
    const { candidate, changed, removed } = acceptance;
    if (kind === "secret") {
      return this.takeSecrets(candidate, [...changed, ...removed]);
    }
    const planned = this.plan(candidate);
    if (!planned.ok) {
      return planned.violations;
    }
    this.accepted = candidate;
    this.isPending = true;
    this.received.add(kind);
    this.noteAbsent(kind, changed, removed);
    this.subscribeFor(planned.plan);
    const violations = await this.applyWhenWarm(planned.plan);
    if (violations.length > 0 && kind !== "listener" && violations.every(isOfListener)) {
      // What came is right and is kept: a listener that cannot be opened is tried again, and must find it here.
      this.noteRefusal(TYPE_URLS.listener, violations);
      return [];
    }
    if (violations.length > 0) {
      this.accepted = previous;
      this.isPending = this.inForce !== null && digestOf(previous.versions()) !== digestOf(this.effective().versions());
      this.subscribeFor(this.inForcePlan);
    }
    return violations;
  }

  private async takeSecrets(candidate: ResourceSet, changed: readonly string[]): Promise<readonly Violation[]> {
    const read = readSdsSecrets(candidate.messages("secret"));
    if (!read.ok) {
      return read.violations;
    }
    this.accepted = candidate;
    const bundle = read.secrets.get(BUNDLE_SECRET);
    if (bundle?.kind === "validation" && changed.includes(BUNDLE_SECRET)) {
      this.options.identity?.updateBundle(bundle.trustedCaPem);
    }
    if (changed.includes(DENY_LIST_SECRET)) {
      this.deliverDenyList();
    }
    if (this.inForce) {
      this.deliverSecrets(changed);
      this.save();
    }
    const planned = this.isPending ? this.plan(this.accepted) : null;
    return planned?.ok ? this.applyWhenWarm(planned.plan) : [];
  }

  private controlPlane(): ControlPlaneAt {
    const { clusterName, address, identity, controlPlaneSpiffeId } = this.options;
    return { clusterName, address, spiffeId: identity ? controlPlaneSpiffeId : "" };
  }

  private plan(set: ResourceSet) {
    const { node, admin, localCluster = "", overload = null } = this.options;
    const planned = plan(set.forPlan(), { node, admin, localCluster, overload, areSecretsDiscovered: true });
    return planned.ok ? { ...planned, plan: withControlPlane(planned.plan, this.controlPlane()) } : planned;
  }

  /** Names that an answer settled: those that came, and those that do not exist. */
  private noteAbsent(kind: ResourceKind, changed: readonly string[], removed: readonly string[]): void {
    const absent = this.absent.get(kind) ?? new Set();
    for (const name of changed) {
      absent.delete(name);
    }
    for (const name of removed) {
      absent.add(name);
    }
    this.absent.set(kind, absent);
  }

  private subscribeFor(current: ProxyPlan | null): void {
    for (const [kind, names] of wantedBy(current)) this.client.subscribe(kind, names);
  }

  private missing(current?: ProxyPlan): string[] {
    const planned = current ? null : this.plan(this.accepted);
    const wanted = current ?? (planned?.ok ? planned.plan : null);
    return missingFrom({
      plan: wanted,
      accepted: this.accepted,
      received: this.received,
      absent: this.absent,
      hasIdentity: (this.options.identity?.current() ?? null) !== null,
    });
  }

  private async applyWhenWarm(current: ProxyPlan): Promise<readonly Violation[]> {
    if (this.missing(current).length === 0) {
      return this.apply(current, this.accepted);
    }
    this.warmingTimer ??= setTimeout(() => void this.stopWaiting(), this.options.warmingMs ?? WARMING_MS);
    await this.applyEndpointsOnly();
    return [];
  }

  /** Endpoints of clusters in force must not wait for others that still warm. */
  private async applyEndpointsOnly(): Promise<void> {
    if (!this.inForce) {
      return;
    }
    const set = this.inForce.taking(this.accepted, ["endpoint", "secret"]);
    const planned = this.plan(set);
    if (planned.ok && digestOf(set.versions()) !== digestOf(this.inForce.versions())) {
      await this.apply(planned.plan, set);
    }
  }

  private async stopWaiting(): Promise<void> {
    this.warmingTimer = null;
    const missing = this.missing();
    this.options.log(`going on without ${missing.join(", ")}`);
    const planned = this.plan(this.accepted);
    if (!planned.ok) {
      return;
    }
    this.noteAbsent(
      "endpoint",
      [],
      [...planned.plan.clusters.values()].flatMap(({ edsName }) =>
        edsName && !this.accepted.of("endpoint").has(edsName) ? [edsName] : [],
      ),
    );
    this.noteAbsent(
      "route",
      [],
      planned.plan.listeners.flatMap(({ filterChains }) =>
        filterChains.flatMap(({ network }) =>
          network.kind === "http" && !this.accepted.of("route").has(network.routeConfig) ? [network.routeConfig] : [],
        ),
      ),
    );
    if (this.missing(planned.plan).length === 0) {
      await this.apply(planned.plan, this.accepted);
    }
  }

  private async apply(current: ProxyPlan, set: ResourceSet): Promise<readonly Violation[]> {
    const { secrets, violations } = this.secretsFor(current);
    if (violations.length > 0 || !this.consumer) {
      return violations;
    }
    const result = await this.consumer.onPlan(current, secrets, () => this.origin(set));
    if (!result.ok) {
      this.retryTimer ??= setTimeout(() => {
        this.retryTimer = null;
        const planned = this.plan(this.accepted);
        if (planned.ok) {
          void this.applyWhenWarm(planned.plan);
        }
      }, RETRY_APPLY_MS);
      return result.violations;
    }
    this.inForce = set;
    this.inForcePlan = current;
    this.delivered = secrets;
    if (set === this.accepted) {
      // Nobody tells that a name is gone which is not asked for any more.
      for (const [kind, names] of wantedBy(current)) this.accepted = this.accepted.keeping(kind, names);
      this.inForce = this.accepted;
      this.isPending = false;
      if (this.warmingTimer) {
        clearTimeout(this.warmingTimer);
        this.warmingTimer = null;
      }
    }
    this.save();
    this.markStarted();
    return [];
  }

  private secretsFor(current: ProxyPlan): { secrets: Map<string, Secret>; violations: readonly Violation[] } {
    const sds = readSdsSecrets(this.accepted.messages("secret"));
    const elsewhere = [IDENTITY_SECRET, ...(sds.ok ? sds.secrets.keys() : [])];
    const { secrets, violations } = readSecrets(current, elsewhere);
    for (const [name, secret] of sds.ok ? sds.secrets : []) {
      secrets.set(name, secret);
    }
    const own = this.options.identity?.current();
    if (own) {
      secrets.set(IDENTITY_SECRET, identitySecret(own));
    }
    return { secrets, violations };
  }

  /** Of a set, with the secrets that are accepted now. */
  private origin(set: ResourceSet): PlanOrigin {
    const { node, admin, localCluster = "", overload = null, identity } = this.options;
    const held = set.taking(this.accepted, ["secret"]);
    return {
      kind: "ads",
      resources: RESOURCE_KINDS.flatMap((kind) =>
        Array.from(held.of(kind), ([name, { bytes }]) => [kind, name, bytes] as const),
      ),
      node: toBinary(NodeSchema, node),
      admin,
      localCluster,
      overload,
      controlPlane: this.controlPlane(),
      identity: ownIdentity(identity?.current() ?? null),
    };
  }

  /** A certificate whose file cannot be read just now goes on serving as it was. */
  private deliverSecrets(changed: readonly string[]): void {
    if (!this.inForcePlan) return;
    const { secrets, violations } = this.secretsFor(this.inForcePlan);
    if (violations.length > 0) {
      for (const [name, secret] of this.delivered) if (!secrets.has(name)) secrets.set(name, secret);
      for (const { path, message } of violations)
        this.options.log(`${path}: ${message}; the one before goes on serving`);
    }
    this.delivered = secrets;
    const set = this.inForce ?? this.accepted;
    this.consumer?.onSecrets(secrets, changed, () => this.origin(set));
  }

  private deliverDenyList(): void {
    const message = this.accepted.of("secret").get(DENY_LIST_SECRET)?.message;
    const read = message ? readSdsSecrets(new Map([[DENY_LIST_SECRET, message]])) : null;
    const secret = read?.ok ? read.secrets.get(DENY_LIST_SECRET) : undefined;
    if (secret?.kind === "generic") {
      const list = parseDenyList(secret.value);
      this.consumer?.onDenyList(list);
      this.options.identity?.renewIfIssuedBy(list.renewIssuers);
    }
  }

  private save(): void {
    const path = this.options.lastKnownGoodPath;
    if (path !== null && this.inForce) {
      try {
        saveLastKnownGood(path, this.effective());
      } catch (error) {
        this.options.log(`the last known good configuration was not saved: ${(error as Error).message}`);
      }
    }
  }
}

/** Names that a plan asks for, of the kinds that are asked for by name. */
function wantedBy(current: ProxyPlan | null): readonly ["secret" | "endpoint" | "route", ReadonlySet<string>][] {
  const secrets = (current?.secretNames ?? []).filter(
    (name) => name !== IDENTITY_SECRET && !current?.secretSources.has(name),
  );
  const endpoints = current ? [...current.clusters.values()].flatMap(({ edsName }) => edsName ?? []) : [];
  const routes = (current?.listeners ?? []).flatMap(({ filterChains }) =>
    filterChains.flatMap(({ network }) =>
      network.kind === "http" && !network.routeConfig.startsWith("inline:") ? [network.routeConfig] : [],
    ),
  );
  return [
    ["secret", new Set([BUNDLE_SECRET, DENY_LIST_SECRET, ...secrets])],
    ["endpoint", new Set(endpoints)],
    ["route", new Set(routes)],
  ];
}
