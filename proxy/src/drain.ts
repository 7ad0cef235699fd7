// Orderly end: inbound listeners stop first and finish their requests; outbound ones serve the app while it holds connections to
// them, until the deadline. Rule: one deadline for everything; whoever asks a second time gets an end now.

import type { DataPlane } from "./listener/data-plane";
import type { Listener } from "./listener/listener";

export const drainDeadlineMs = 5000;
const pollMs = 25;
/** Before the deadline, who is still connected is told to go: what is under way then can end. */
const lastCallMs = 500;
/** For what is left to tell of requests, where nothing is left of the deadline. */
const lastExportMs = 250;

export async function drain(dataPlane: DataPlane, deadlineMs: number = drainDeadlineMs): Promise<void> {
  dataPlane.isDraining = true;
  const deadline = performance.now() + deadlineMs;
  const all = () => [...dataPlane.listeners.values()];
  for (const listener of all().filter(isInbound)) listener.drain();
  await untilIdle(() => all().some(isNeeded), deadline - lastCallMs);
  for (const listener of all()) listener.drain();
  await untilIdle(() => all().some((listener) => listener.connections > 0), deadline);
  for (const listener of all()) listener.destroy();
  const limitMs = Math.max(deadline - performance.now(), lastExportMs);
  await Promise.all([dataPlane.spans.flush(limitMs), dataPlane.otlpLogs.flush(limitMs)]);
  for (const cluster of dataPlane.clusters.values()) cluster.close();
}

const isInbound = (listener: Listener): boolean => listener.plan.trafficDirection === "inbound";

/** An app with an open connection may call again, to answer what is in flight or to end its own work. */
const isNeeded = (listener: Listener): boolean => (isInbound(listener) ? listener.busy > 0 : listener.connections > 0);

async function untilIdle(isBusy: () => boolean, deadline: number): Promise<void> {
  while (performance.now() < deadline && isBusy()) await new Promise((resolve) => setTimeout(resolve, pollMs));
}
