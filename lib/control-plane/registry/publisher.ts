// Compiles and publishes: design + binding + endpoints -> one snapshot per proxy. A proxy whose configuration cannot
// be compiled keeps what it has, and says why. One rule: compile is a pure function of what is passed here; nothing
// else may change what a proxy gets.

import type {
  CompileInput,
  CompileResult,
  CompileWarning,
  EnvironmentBinding,
  InstanceEndpoint,
} from "@/lib/compile/types";
import { NO_ROLLOUT } from "@/lib/compile/types";
import type { Logger } from "@/lib/observability/logger";
import { ResourcePool, type Snapshot } from "../ads/snapshot";
import type { Design, Designs } from "./designs";
import { encodeSnapshot, type SharedSecrets } from "./encode-snapshot";
import type { ProxyEntry } from "./proxy-entry";
import type { Registry } from "./registry";

export type Compile = (input: CompileInput, proxyId: string) => CompileResult;

export interface PublisherOptions {
  registry: Registry;
  designs: Designs;
  compile: Compile;
  secrets: () => SharedSecrets;
  bindingOf(environmentId: string): EnvironmentBinding | null;
  logger: Logger;
}

export type Compiled = { ok: true; snapshot: Snapshot; warnings: CompileWarning[] } | { ok: false; problems: string[] };

export class Publisher {
  private readonly pools = new Map<string, ResourcePool>();

  constructor(private readonly options: PublisherOptions) {}

  publishEnvironment(environmentId: string): void {
    const { registry, designs } = this.options;
    const entries = registry.inEnvironment(environmentId);
    const endpoints = endpointsOf(entries);
    const pool = this.poolOf(environmentId);
    for (const entry of entries) {
      const design = designs.get(entry.row.deploymentId);
      if (!design || !hasPorts(entry) || entry.row.desired === "stopped") {
        continue;
      }
      const compiled = this.compile(environmentId, design, entry.proxyKey, endpoints, pool);
      if (!compiled.ok) {
        const problem = compiled.problems.join("; ");
        if (problem !== entry.compileProblem) {
          this.options.logger.error(
            { proxy: entry.proxyKey, problem },
            "a proxy's configuration does not compile; it keeps what it has",
          );
        }
        entry.compileProblem = problem;
      } else {
        entry.compileProblem = null;
        entry.currentDeploymentId = design.deploymentId;
        if (entry.current?.digest !== compiled.snapshot.digest) {
          registry.publish(entry, compiled.snapshot);
        }
      }
    }
    pool.endRound();
  }

  /** What a proxy would get from another design, without giving it. */
  preview(
    environmentId: string,
    design: Omit<Design, "deploymentId">,
    proxyKey: string,
    extra: readonly InstanceEndpoint[] = [],
  ): Compiled {
    const endpoints = [...endpointsOf(this.options.registry.inEnvironment(environmentId)), ...extra];
    return this.compile(environmentId, design, proxyKey, endpoints, new ResourcePool());
  }

  private compile(
    environmentId: string,
    design: Omit<Design, "deploymentId">,
    proxyKey: string,
    endpoints: InstanceEndpoint[],
    pool: ResourcePool,
  ): Compiled {
    const binding = this.options.bindingOf(environmentId);
    if (!binding) {
      return { ok: false, problems: ["the environment has no binding: choose what its workloads run"] };
    }
    const { document, digest } = design;
    const result = this.options.compile(
      { document, digest, binding, endpoints, rollout: NO_ROLLOUT, overrides: {} },
      proxyKey,
    );
    return result.ok
      ? {
          ok: true,
          snapshot: encodeSnapshot(result.resources, this.options.secrets(), pool),
          warnings: result.warnings,
        }
      : { ok: false, problems: result.violations.map((violation) => `${violation.path}: ${violation.message}`) };
  }

  private poolOf(environmentId: string): ResourcePool {
    const pool = this.pools.get(environmentId) ?? new ResourcePool();
    this.pools.set(environmentId, pool);
    return pool;
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
