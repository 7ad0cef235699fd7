// What the database tells by NOTIFY, handed to whom it concerns. The rule: a notice only says where to look; what is there is read
// again, and after a lost connection everything is.

import { type Listener, listen } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";
import type { World } from "./registry/world";
import type { LeaderWork } from "./rollout/leader-work";

interface ChangeTargets {
  world: World;
  rollouts: LeaderWork;
  removals: LeaderWork;
  checks: LeaderWork;
  rotations: LeaderWork;
  refreshDenyList(): Promise<void>;
  /** Another control plane may have changed the keys. */
  refreshKeys(): Promise<void>;
  logger: Logger;
}

export function listenForChanges(
  url: string,
  { world, rollouts, removals, checks, rotations, refreshDenyList, refreshKeys, logger }: ChangeTargets,
): Listener {
  const failed = (what: string) => (error: unknown) =>
    logger.warn({ reason: error instanceof Error ? error.message : String(error) }, what);
  return listen({
    url,
    channels: ["meshwright_deployment", "meshwright_proxy", "meshwright_binding", "meshwright_check", "meshwright_ca"],
    onNotice({ channel, payload }) {
      if (channel === "meshwright_deployment") {
        rollouts.look();
        removals.look();
      } else if (channel === "meshwright_check") {
        checks.look();
      } else if (channel === "meshwright_ca") {
        void refreshKeys().catch(failed("the keys of the certificate authority cannot be read"));
        rotations.look();
      } else {
        world.reloadProxies(payload);
        void refreshDenyList().catch(failed("the deny list cannot be read"));
      }
    },
    onGap() {
      // The first time too: what changed between the first read and the first LISTEN was told to nobody.
      void world.load().catch(failed("the state cannot be read again"));
      for (const work of [rollouts, removals, checks, rotations]) work.look();
      void refreshKeys().catch(failed("the keys of the certificate authority cannot be read"));
    },
    onError: failed("the connection for notices was lost"),
  });
}
