// What the admin interface tells of a data plane, be it in this process or in several. Rule: plain data, so that it can come from elsewhere.

import type { DataPlane } from "../listener/data-plane";
import type { ObservedShape } from "../telemetry/observed-shapes";
import { renderRequestMetrics } from "../telemetry/request-metrics";
import { renderSaturation, type SaturationFacts } from "../telemetry/saturation";
import type { TapRequest } from "../telemetry/tap";
import { watch } from "../telemetry/tap";
import { type ClusterStatus, clusterStatuses } from "./clusters-page";
import { envoyStats } from "./envoy-stats";
import type { ListenerStatus } from "./server-info";

export interface ShapesPage {
  readonly seq: number;
  readonly shapes: readonly ObservedShape[];
}

/** A line for a watcher; false: it is too slow, the line was not taken. */
export type TellLine = (line: string) => boolean;

export interface AdminView {
  readonly isDraining: boolean;
  /** Draining, or health checks are told to fail. */
  readonly isFailed: boolean;
  /** Processes that did not answer soon: what they say now is not in what is told. */
  readonly silentWorkers: readonly number[];
  failHealthChecks(isFailed: boolean): void;
  /** By Envoy's names. */
  stats(): Promise<ReadonlyMap<string, number>>;
  /** Prometheus text. */
  metrics(facts: SaturationFacts): Promise<string>;
  clusters(): Promise<readonly ClusterStatus[]>;
  /** With the ports in use. */
  listeners(): readonly ListenerStatus[];
  shapes(since: number): Promise<ShapesPage>;
  /** Begins to watch; returns how to end it, null when there are too many watchers. */
  tap(request: TapRequest, tell: TellLine): (() => void) | null;
}

export function viewOf(dataPlane: DataPlane): AdminView {
  return {
    get isDraining() {
      return dataPlane.isDraining;
    },
    get isFailed() {
      return dataPlane.isFailed;
    },
    silentWorkers: [],
    failHealthChecks(isFailed) {
      dataPlane.hasFailedHealthChecks = isFailed;
    },
    stats: () => Promise.resolve(envoyStats(dataPlane)),
    metrics: (facts) => {
      const { metrics, tcp } = dataPlane.telemetry;
      const connections = tcp.render();
      const requests = renderRequestMetrics(metrics);
      const all = [requests, ...(connections === "" ? [] : [connections]), renderSaturation(dataPlane, facts), ""];
      return Promise.resolve(all.join("\n"));
    },
    clusters: () => Promise.resolve(clusterStatuses(dataPlane)),
    listeners: () =>
      Array.from(dataPlane.listeners, ([name, { plan, port }]) => ({ name, address: plan.address.address, port })),
    shapes: (since) => Promise.resolve(dataPlane.telemetry.shapes.read(since)),
    tap: (request, tell) => watch(dataPlane.telemetry.taps, request, tell),
  };
}
