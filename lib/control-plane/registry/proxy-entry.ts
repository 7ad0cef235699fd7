// One proxy in memory: its row, its streams, what it refused, what it should hold and what it last said.

import { z } from "zod";
import type { ProxyRow } from "@/lib/data/system";
import type { AdsClient, AdsConnection } from "../ads/ads-server";
import { type Rejection, Rejections } from "../ads/rejections";
import { isTypeUrl, type Snapshot } from "../ads/snapshot";
import type { ProxyStatus } from "./proxy-status";

const storedRejection = z.object({
  typeUrl: z.string(),
  message: z.string(),
  resources: z.array(z.string()),
  isNamed: z.boolean(),
  at: z.number(),
});

export class ProxyEntry implements AdsClient {
  readonly rejections = new Rejections();
  readonly connections = new Set<AdsConnection>();
  current: Snapshot | null = null;
  /** The deployment `current` was compiled from. */
  currentDeploymentId: string | null = null;
  /** Digest of the snapshot the proxy has accepted whole on its present stream. */
  syncedDigest: string | null = null;
  /** Somebody deploys: what it had refused is sent once more with its next configuration, also where that is the one it has. */
  isToTryAgain = false;
  /** Why no configuration could be compiled for it. */
  compileProblem: string | null = null;
  status: ProxyStatus | null = null;
  probeFailures = 0;
  /** When a proxy that joined last reported to this control plane; 0: not yet. */
  lastHeardAt = 0;

  constructor(public row: ProxyRow) {
    const stored = storedRejection.safeParse(row.nack).data;
    if (stored && isTypeUrl(stored.typeUrl)) {
      this.rejections.restore({ ...stored, typeUrl: stored.typeUrl });
    }
  }

  get proxyKey(): string {
    return this.row.proxyKey;
  }

  snapshot(): Snapshot | null {
    return this.current;
  }

  /** True once the proxy runs what it should and is ready: by its own word, not by what was sent. */
  isInForce(deploymentId: string): boolean {
    const isPublished = this.current !== null && this.currentDeploymentId === deploymentId;
    return isPublished && this.row.ready && this.saidDigest === this.current?.digest;
  }

  /** What it said that it runs. One that joined says it to one control plane; the others read it in its row. */
  private get saidDigest(): string | null | undefined {
    return this.row.origin === "joined" ? this.row.runningDigest : this.status?.digest;
  }

  /** Its machine joined and is switched off or cut off: nobody can bring it back from here, so nobody waits for it. */
  get isAway(): boolean {
    return this.row.origin === "joined" && !this.row.ready && this.connections.size === 0;
  }

  lastRejection(): Rejection | null {
    return this.rejections.last;
  }
}
