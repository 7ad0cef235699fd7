// What rollouts work with: passed in whole, so that a run needs nothing else.

import type { DeploymentPatch, DeploymentRow, DeploymentState, SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { Designs } from "../registry/designs";
import type { ProxyEntry } from "../registry/proxy-entry";
import type { Publisher } from "../registry/publisher";
import type { Registry } from "../registry/registry";
import type { World } from "../registry/world";

export interface RolloutsOptions {
  data: SystemData;
  world: World;
  registry: Registry;
  designs: Designs;
  publisher: Publisher;
  /** Ends a proxy's identity and forgets its row. */
  removeProxy(entry: ProxyEntry): Promise<void>;
  now: () => number;
  logger: Logger;
}

/** What a run needs: the options and the few writes all runs share. */
export interface RolloutContext extends RolloutsOptions {
  setState(deployment: DeploymentRow, state: DeploymentState, patch?: DeploymentPatch): Promise<void>;
  finish(deployment: DeploymentRow, state: DeploymentState, error: unknown): Promise<void>;
  appendEvent(deployment: DeploymentRow, kind: string, payload: unknown): Promise<void>;
}
