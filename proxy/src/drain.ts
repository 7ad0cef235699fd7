// Orderly end: inbound listeners stop first and finish their requests; outbound ones serve the app until the deadline.
// Rule: one deadline for everything; whoever asks a second time gets an end now.

import type { DataPlane } from "./listener/data-plane";

export const drainDeadlineMs = 5000;
const pollMs = 25;

export async function drain(dataPlane: DataPlane, deadlineMs: number = drainDeadlineMs): Promise<void> {
  dataPlane.isDraining = true;
  const deadline = performance.now() + deadlineMs;
  const inbound = [...dataPlane.listeners.values()].filter((listener) => listener.plan.trafficDirection === "inbound");
  for (const listener of inbound) listener.drain();
  // The app may still be calling others to answer what is in flight: outbound stays open while anyone is busy.
  while (performance.now() < deadline && isBusy(dataPlane)) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  for (const listener of dataPlane.listeners.values()) listener.destroy();
  for (const cluster of dataPlane.clusters.values()) cluster.close();
}

function isBusy(dataPlane: DataPlane): boolean {
  for (const listener of dataPlane.listeners.values()) if (listener.busy > 0) return true;
  return false;
}
