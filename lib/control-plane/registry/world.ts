// The control plane's picture of what should run: environments with their bindings, proxies, and the designs they are
// served from. Read whole at the start and after every lost database connection, in parts when told of a change.
// One rule: nothing is served before the first whole read.

import { z } from "zod";
import type { EnvironmentBinding } from "@/lib/compile/types";
import type { EnvironmentRow, SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { Revocations } from "../ca/revocations";
import { Debounce } from "./debounce";
import type { Design, Designs } from "./designs";
import type { GatewayCertificates } from "./gateway-certificates";
import type { Publisher } from "./publisher";
import type { Registry } from "./registry";

const app = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("echo") }),
  z.object({ kind: z.literal("demo"), name: z.string() }),
  z.object({ kind: z.literal("address"), host: z.string(), port: z.number().int() }),
  z.object({ kind: z.literal("none") }),
]);
const bindingSchema = z.object({
  instances: z
    .array(z.object({ id: z.string(), workload: z.object({ namespace: z.string(), name: z.string() }), app }))
    .default([]),
  externals: z
    .array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        endpoints: z.array(z.object({ host: z.string(), port: z.number().int() })),
      }),
    )
    .default([]),
  gateways: z
    .array(
      z.object({
        namespace: z.string(),
        name: z.string(),
        publicPort: z.number().int().optional(),
        listenerPorts: z.record(z.string(), z.number().int()).optional(),
        certificates: z
          .record(
            z.string(),
            z.union([
              z.object({ stored: z.literal(true), ca: z.literal(true).optional() }),
              z.object({ chain: z.string(), key: z.string(), ca: z.string().optional() }),
            ]),
          )
          .optional(),
      }),
    )
    .default([]),
});

/** With what joined: `binding` is what a person bound and, after that, the instances of machines that came by themselves. */
export interface Environment extends Omit<EnvironmentRow, "binding"> {
  binding: EnvironmentBinding;
}

export interface WorldOptions {
  data: SystemData;
  registry: Registry;
  designs: Designs;
  certificates: GatewayCertificates;
  publisher: () => Publisher;
  revocations: Revocations;
  logger: Logger;
}

export class World {
  private environments = new Map<string, Environment>();
  /** What people bound, without who joined. */
  private readonly bound = new Map<string, EnvironmentBinding>();
  private readonly builds = new Map<string, Debounce>();
  private readonly reloads = new Map<string, Debounce>();

  constructor(private readonly options: WorldOptions) {
    options.registry.subscribe((event) => {
      if (event.type === "endpoints") {
        this.build(event.environmentId, event.isUrgent);
      }
    });
  }

  environment(id: string): Environment | null {
    return this.environments.get(id) ?? null;
  }

  /** Reads an environment's proxies at once, and publishes: whoever was just let in is known when it connects. */
  async refreshProxies(environmentId: string): Promise<void> {
    await this.loadProxies(environmentId);
    this.options.publisher().publishEnvironment(environmentId);
  }

  all(): Environment[] {
    return [...this.environments.values()];
  }

  /** Ports of machines that are bound for gateways and their listeners, in all environments. */
  gatewayPorts(): number[] {
    const bound = this.all().flatMap(({ binding }) =>
      binding.gateways.flatMap(({ publicPort, listenerPorts = {} }) => [
        publicPort ?? 0,
        ...Object.values(listenerPorts),
      ]),
    );
    return [...new Set(bound)].filter((port) => port > 0).sort((a, b) => a - b);
  }

  /** Reads everything. The first time, publishes before anybody is let in. */
  async load(): Promise<void> {
    const { data, registry, certificates, revocations } = this.options;
    await revocations.refresh();
    const rows = await data.environments.list();
    const gone = [...this.environments.keys()].filter((id) => !rows.some((row) => row.id === id));
    for (const id of gone) {
      this.environments.delete(id);
      this.bound.delete(id);
      certificates.forget(id);
      registry.load(id, []);
    }
    for (const row of rows) {
      await certificates.load(row.id);
      this.setEnvironment(row);
      await revocations.loadIssued(row.id);
      await this.loadProxies(row.id);
      this.options.publisher().publishEnvironment(row.id);
    }
    registry.markLoaded();
  }

  /** Told that something about an environment's proxies changed. */
  reloadProxies(environmentId: string): void {
    this.debounced(this.reloads, environmentId, async () => {
      const row = await this.options.data.environments.findById(environmentId);
      if (row) {
        await this.options.certificates.load(environmentId);
        this.setEnvironment(row);
      }
      await this.loadProxies(environmentId);
    }).request();
  }

  /** Compiles and publishes soon; at once when endpoints went away. */
  build(environmentId: string, isUrgent = false): void {
    this.debounced(this.builds, environmentId, () =>
      this.options.publisher().publishEnvironment(environmentId),
    ).request(isUrgent);
  }

  buildAll(): void {
    for (const id of this.environments.keys()) {
      this.build(id, true);
    }
  }

  /** The design most of an environment's proxies run: what names in its metrics mean. */
  currentDesign(environmentId: string): Design | null {
    const counts = new Map<string, number>();
    for (const { row } of this.options.registry.inEnvironment(environmentId)) {
      if (row.deploymentId !== null) {
        counts.set(row.deploymentId, (counts.get(row.deploymentId) ?? 0) + 1);
      }
    }
    const [most] = [...counts].sort((a, b) => b[1] - a[1]);
    return most ? this.options.designs.get(most[0]) : null;
  }

  stop(): void {
    for (const debounce of [...this.builds.values(), ...this.reloads.values()]) {
      debounce.stop();
    }
  }

  private setEnvironment(row: EnvironmentRow): void {
    const binding = bindingSchema.safeParse(row.binding);
    if (!binding.success) {
      this.options.logger.error(
        { environment: row.name, problems: z.prettifyError(binding.error) },
        "an environment's binding cannot be read; its last one stays",
      );
    }
    const told = binding.data ?? this.bound.get(row.id) ?? { instances: [], externals: [], gateways: [] };
    const bound = this.options.certificates.deliverable(row.id, told);
    this.bound.set(row.id, bound);
    this.environments.set(row.id, { ...row, binding: this.withJoined(row.id, bound) });
  }

  private withJoined(environmentId: string, bound: EnvironmentBinding): EnvironmentBinding {
    const joined = this.options.registry
      .inEnvironment(environmentId)
      .filter(({ row }) => row.origin === "joined" && row.desired !== "stopped")
      .map(({ row }) => ({
        id: row.proxyKey,
        workload: { namespace: row.namespace, name: row.workload },
        app: app.safeParse(row.appSpec).data ?? { kind: "none" as const },
      }));
    return joined.length === 0 ? bound : { ...bound, instances: [...bound.instances, ...joined] };
  }

  private async loadProxies(environmentId: string): Promise<void> {
    const { data, registry, designs } = this.options;
    const rows = await data.proxies.listByEnvironment(environmentId);
    for (const row of rows) {
      if (row.deploymentId !== null) {
        await designs.load(row.deploymentId);
      }
    }
    registry.load(environmentId, rows);
    const environment = this.environments.get(environmentId);
    const bound = this.bound.get(environmentId);
    if (environment && bound) environment.binding = this.withJoined(environmentId, bound);
  }

  private debounced(from: Map<string, Debounce>, environmentId: string, run: () => void | Promise<void>): Debounce {
    const known = from.get(environmentId);
    if (known) {
      return known;
    }
    const onError = (error: unknown) =>
      this.options.logger.error(
        { environmentId, reason: error instanceof Error ? error.message : String(error) },
        "an environment could not be read or built",
      );
    const debounce = new Debounce(run, { onError, quietMs: from === this.reloads ? 20 : 100 });
    from.set(environmentId, debounce);
    return debounce;
  }
}
