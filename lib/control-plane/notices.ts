// What the database tells by NOTIFY, handed to whom it concerns. The rule: a notice only says where to look; what is there is read
// again, and after a lost connection everything is.

import { type Listener, listen } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { CheckRuns } from "./probe/check-runs";
import type { World } from "./registry/world";
import type { MeshRemovals } from "./rollout/mesh-removals";
import type { Rollouts } from "./rollout/rollouts";

interface ChangeTargets {
  world: World;
  rollouts: Rollouts;
  removals: MeshRemovals;
  checks: CheckRuns;
  refreshDenyList(): Promise<void>;
  logger: Logger;
}

export function listenForChanges(
  url: string,
  { world, rollouts, removals, checks, refreshDenyList, logger }: ChangeTargets,
): Listener {
  const failed = (what: string) => (error: unknown) =>
    logger.warn({ reason: error instanceof Error ? error.message : String(error) }, what);
  return listen({
    url,
    channels: ["meshwright_deployment", "meshwright_proxy", "meshwright_binding", "meshwright_check"],
    onNotice({ channel, payload }) {
      if (channel === "meshwright_deployment") {
        rollouts.look();
        removals.look();
      } else if (channel === "meshwright_check") {
        checks.look();
      } else {
        world.reloadProxies(payload);
        void refreshDenyList().catch(failed("the deny list cannot be read"));
      }
    },
    onGap() {
      // The first time too: what changed between the first read and the first LISTEN was told to nobody.
      void world.load().catch(failed("the state cannot be read again"));
      rollouts.look();
      removals.look();
      checks.look();
    },
    onError: failed("the connection for notices was lost"),
  });
}
