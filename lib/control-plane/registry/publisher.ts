// Compiles and publishes: design + binding + endpoints -> one snapshot per proxy. A proxy whose configuration cannot
// be compiled keeps what it has, and says why. One rule: compile is a pure function of what is passed here; nothing
// else may change what a proxy gets.

import type { EnvironmentBinding, InstanceEndpoint } from "@/lib/compile/types";
import type { Logger } from "@/lib/observability/logger";
import type { Design, Designs } from "./designs";
import type { SharedSecrets } from "./encode-snapshot";
import {
  type Compile,
  type Compiled,
  KeptConfigurations,
  type OwnSecrets,
  type Surroundings,
} from "./kept-configurations";
import type { ProxyEntry } from "./proxy-entry";
import type { Registry } from "./registry";

export interface PublisherOptions {
  registry: Registry;
  designs: Designs;
  compile: Compile;
  secrets: () => SharedSecrets;
  ownSecretsOf(environmentId: string): OwnSecrets;
  bindingOf(environmentId: string): EnvironmentBinding | null;
  logger: Logger;
}

const NO_BINDING: Compiled = {
  ok: false,
  problems: ["the environment has no binding: choose what its workloads run"],
};

export class Publisher {
  private readonly environments = new Map<string, KeptConfigurations>();

  constructor(private readonly options: PublisherOptions) {}

  publishEnvironment(environmentId: string): void {
    const { registry, designs } = this.options;
    const entries = registry.inEnvironment(environmentId);
    const surroundings = this.surroundingsOf(environmentId, endpointsOf(entries));
    const round = surroundings && this.keptOf(environmentId).round(surroundings);
    for (const entry of entries) {
      const design = designs.get(entry.row.deploymentId);
      if (!design || !hasPorts(entry) || entry.row.desired === "stopped") {
        continue;
      }
      this.give(entry, design.deploymentId, round?.configurationOf(design, entry.proxyKey) ?? NO_BINDING);
    }
    round?.end();
  }

  /** What proxies would get from another design, without giving it. */
  preview(
    environmentId: string,
    design: Omit<Design, "deploymentId">,
    extra: readonly InstanceEndpoint[] = [],
  ): (proxyKey: string) => Compiled {
    const endpoints = [...endpointsOf(this.options.registry.inEnvironment(environmentId)), ...extra];
    const surroundings = this.surroundingsOf(environmentId, endpoints);
    return surroundings ? this.keptOf(environmentId).preview(design, surroundings) : () => NO_BINDING;
  }

  private give(entry: ProxyEntry, deploymentId: string, compiled: Compiled): void {
    if (!compiled.ok) {
      const problem = compiled.problems.join("; ");
      if (problem !== entry.compileProblem) {
        this.options.logger.error(
          { proxy: entry.proxyKey, problem },
          "a proxy's configuration does not compile; it keeps what it has",
        );
      }
      entry.compileProblem = problem;
      return;
    }
    entry.compileProblem = null;
    entry.currentDeploymentId = deploymentId;
    const isAgain = entry.isToTryAgain && entry.lastRejection() !== null;
    entry.isToTryAgain = false;
    if (isAgain) {
      entry.rejections.forget();
    }
    if (isAgain || entry.current?.digest !== compiled.snapshot.digest) {
      this.options.registry.publish(entry, compiled.snapshot);
    }
  }

  private surroundingsOf(environmentId: string, endpoints: InstanceEndpoint[]): Surroundings | null {
    const binding = this.options.bindingOf(environmentId);
    const { secrets, ownSecretsOf } = this.options;
    return binding && { binding, endpoints, secrets: secrets(), ownSecrets: ownSecretsOf(environmentId) };
  }

  private keptOf(environmentId: string): KeptConfigurations {
    const kept = this.environments.get(environmentId) ?? new KeptConfigurations(this.options.compile);
    this.environments.set(environmentId, kept);
    return kept;
  }
}

export function hasPorts(entry: ProxyEntry): boolean {
  const { inboundPort, outboundPort, adminPort } = entry.row;
  return inboundPort !== null && outboundPort !== null && adminPort !== null;
}

/** Where every instance listens and whether it may be called. In the order of keys, so that equal worlds compile equally. */
export function endpointsOf(entries: readonly ProxyEntry[]): InstanceEndpoint[] {
  return entries
    .flatMap(({ row }) => {
      const { inboundPort, outboundPort, adminPort } = row;
      if (inboundPort === null || outboundPort === null || adminPort === null || row.desired === "stopped") {
        return [];
      }
      const { proxyKey, namespace, workload, host } = row;
      const appPort = row.appPort === null ? {} : { appPort: row.appPort };
      const draining = row.draining || row.desired === "draining";
      return [
        {
          proxyId: proxyKey,
          namespace,
          workload,
          host,
          inboundPort,
          outboundPort,
          adminPort,
          ...appPort,
          ready: row.ready,
          draining,
        },
      ];
    })
    .sort((a, b) => (a.proxyId < b.proxyId ? -1 : 1));
}
