// The control plane's way from a revision to snapshots, without database and streams: for property tests and for the benchmark of the model.
// One rule: registry, designs and publisher are the product's own; only what they read from and write to is made up.

import { randomUUID } from "node:crypto";
import { compileToBytes } from "@/lib/compile";
import type { ProxyRow } from "@/lib/data/system";
import { bindingForDocument, desiredProxies, localEndpoints, type ProxySeed } from "@/lib/deploy";
import type { MeshDocument } from "@/lib/mesh";
import { silentLogger } from "@/lib/observability/logger";
import { Designs } from "../registry/designs";
import type { Compile, OwnSecrets } from "../registry/kept-configurations";
import { Publisher } from "../registry/publisher";
import { Registry } from "../registry/registry";

export const ENVIRONMENT = "environment";

export class Publishing {
  readonly registry = new Registry({
    writeProxy: async () => undefined,
    denyList: { isDenied: () => false },
    proxyOfSerial: () => null,
    now: () => 0,
    logger: silentLogger(),
  });
  private readonly documents = new Map<string, MeshDocument>();
  readonly designs = new Designs({
    deployments: { findById: async (id: string) => ({ id, revisionId: id }) },
    revisions: {
      findById: async <D>(id: string) => {
        const document = this.documents.get(id);
        return document ? { number: 1, digest: id, document: document as unknown as D } : null;
      },
    },
  });
  secrets = { bundlePem: "bundle", denyListJson: "{}" };
  ownSecrets: OwnSecrets = new Map();
  binding = bindingForDocument({ objects: [] });
  readonly publisher: Publisher;

  constructor(compile: Compile = compileToBytes) {
    this.publisher = new Publisher({
      registry: this.registry,
      designs: this.designs,
      compile,
      secrets: () => this.secrets,
      ownSecretsOf: () => this.ownSecrets,
      bindingOf: () => this.binding,
      logger: silentLogger(),
    });
  }

  /** Every replica and gateway of the design, ready and on a port of its own; rows that are there stay as they are. */
  place(document: MeshDocument, deploymentId: string): void {
    this.binding = bindingForDocument(document, this.binding);
    const known = new Map(this.registry.all().map(({ row }) => [row.id, row]));
    const ports = new Map(localEndpoints(document, this.binding).map((each) => [each.proxyId, each.inboundPort]));
    const rows = desiredProxies(document, this.binding).map((seed) => {
      const row = known.get(seed.proxyKey) ?? rowOf(seed, ports.get(seed.proxyKey) ?? 1);
      return { ...row, deploymentId };
    });
    this.registry.load(ENVIRONMENT, rows);
  }

  /** A revision comes as it comes from the database: with no object of the one before. Its deployment has this id. */
  async take(document: MeshDocument): Promise<string> {
    const id = randomUUID();
    this.documents.set(id, document);
    await this.designs.load(id);
    this.documents.delete(id);
    return id;
  }

  publish(): void {
    this.publisher.publishEnvironment(ENVIRONMENT);
  }

  stop(): void {
    this.registry.stop();
  }
}

function rowOf(seed: ProxySeed, firstPort: number): ProxyRow {
  return {
    id: seed.proxyKey,
    environmentId: ENVIRONMENT,
    agentId: null,
    origin: "agent",
    deploymentId: null,
    proxyKey: seed.proxyKey,
    namespace: seed.namespace,
    workload: seed.workload,
    service: seed.service,
    serviceAccount: seed.serviceAccount,
    spiffeId: seed.spiffeId,
    workloadVersion: seed.workloadVersion,
    appSpec: {},
    desired: "running",
    host: "127.0.0.1",
    inboundPort: firstPort,
    outboundPort: firstPort + 1,
    adminPort: firstPort + 2,
    appPort: firstPort + 3,
    pid: null,
    state: "ack",
    ready: true,
    draining: false,
    desiredDigest: null,
    runningDigest: null,
    nack: null,
    proxyVersion: null,
    certSerial: null,
    certNotAfter: null,
    resources: null,
    connectedAt: null,
    lastSeenAt: null,
  };
}
