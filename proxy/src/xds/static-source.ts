// Configuration from a file, once. One rule: everything is read and checked before the data path hears of it.

import { toBinary } from "@bufbuild/protobuf";
import { type Bootstrap, BootstrapSchema } from "../contract/messages";
import type { Violation } from "../contract/violations";
import type { Identity, IdentityProvider } from "../identity";
import type { ProxyPlan, Secret } from "../plan/types";
import { type DumpedConfig, envoyDump } from "./config-dump";
import type { ConfigConsumer, ConfigSource, ConfigStatus, OwnIdentity, PlanOrigin } from "./config-source";
import { ConfigurationError } from "./configuration-error";
import { digestOf, versionOf } from "./digest";
import { readSecret } from "./secrets";

/** Secret name that stands for the proxy's own certificate. */
export const IDENTITY_SECRET = "identity";

export class StaticSource implements ConfigSource {
  private isApplied = false;

  constructor(
    private readonly bootstrap: Bootstrap,
    private readonly plan: ProxyPlan,
    private readonly secrets: ReadonlyMap<string, Secret>,
    private readonly identity: IdentityProvider | null,
  ) {}

  async start(consumer: ConfigConsumer): Promise<void> {
    await this.identity?.start();
    const secrets = new Map(this.secrets);
    const own = this.identity?.current();
    if (own) {
      secrets.set(IDENTITY_SECRET, identitySecret(own));
    }
    const result = await consumer.onPlan(this.plan, secrets, () => this.origin());
    if (!result.ok) {
      throw new ConfigurationError(result.violations);
    }
    this.isApplied = true;
    this.identity?.onChange((next) => {
      secrets.set(IDENTITY_SECRET, identitySecret(next));
      consumer.onSecrets(new Map(secrets), [IDENTITY_SECRET], () => this.origin());
    });
  }

  private origin(): PlanOrigin {
    const bootstrap = toBinary(BootstrapSchema, this.bootstrap);
    return { kind: "static", bootstrap, identity: ownIdentity(this.identity?.current() ?? null) };
  }

  status(): ConfigStatus {
    const { listeners, routeConfigs, clusters, secretNames } = this.plan;
    const version = (key: string): string => versionOf(Buffer.from(key));
    return {
      configSource: "static",
      connectedToControlPlane: false,
      digest: digestOf([
        ...listeners.map(({ name, contentKey }) => ({ kind: "listener" as const, name, version: version(contentKey) })),
        ...Array.from(clusters.values(), ({ name, contentKey }) => ({
          kind: "cluster" as const,
          name,
          version: version(contentKey),
        })),
      ]),
      resources: {
        listeners: listeners.map(({ name }) => name),
        routes: [...routeConfigs.keys()],
        clusters: [...clusters.keys()],
        endpoints: [],
        secrets: secretNames,
      },
      lastNack: null,
      waitingFor: this.isApplied ? [] : ["the first start of the listeners"],
    };
  }

  configDump(): readonly DumpedConfig[] {
    return envoyDump(this.bootstrap, {});
  }

  stop(): Promise<void> {
    this.identity?.stop();
    return Promise.resolve();
  }
}

export const ownIdentity = (identity: Identity | null): OwnIdentity | null =>
  identity && { chainPem: identity.chainPem, privateKeyPem: identity.privateKeyPem };

export function identitySecret({ chainPem, privateKeyPem }: OwnIdentity): Secret {
  return { kind: "certificate", name: IDENTITY_SECRET, chainPem, privateKeyPem };
}

/** Every secret of the plan that can be had now; those in `elsewhere` come later. */
export function readSecrets(
  plan: ProxyPlan,
  elsewhere: readonly string[],
): { secrets: Map<string, Secret>; violations: Violation[] } {
  const secrets = new Map<string, Secret>();
  const violations: Violation[] = [];
  for (const name of plan.secretNames) {
    const source = plan.secretSources.get(name);
    const read = source ? readSecret(name, source) : null;
    if (read?.ok) {
      secrets.set(name, read.secret);
    } else if (read) {
      violations.push(read.violation);
    } else if (!elsewhere.includes(name)) {
      violations.push({
        path: `secret ${JSON.stringify(name)}`,
        message: "there is no such secret; add it to static_resources.secrets",
      });
    }
  }
  return { secrets, violations };
}
