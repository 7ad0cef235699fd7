// A directory for tests of ADS with real clients: lets in whom the test says, and writes down what they answer.
import type { AdsConnection, AdsDirectory } from "../ads/ads-server";
import { type Rejection, Rejections } from "../ads/rejections";
import type { Snapshot } from "../ads/snapshot";

export interface Recorded {
  connections: AdsConnection[];
  /** Type URLs, one for each ACK. */
  acked: string[];
  rejected: Rejection[];
  /** Digests that a client came to hold. */
  synced: string[];
}

export function recordingDirectory(
  snapshot: () => Snapshot,
  isLetIn: (spiffeId: string) => boolean = () => true,
): Recorded & { directory: AdsDirectory } {
  const recorded: Recorded = { connections: [], acked: [], rejected: [], synced: [] };
  const rejections = new Rejections();
  const directory: AdsDirectory = {
    isLoaded: () => true,
    authorize: (node, peer) =>
      isLetIn(peer.spiffeId) ? { proxyKey: node.id, rejections, snapshot } : "not this proxy",
    connected: (connection) => recorded.connections.push(connection),
    disconnected: () => undefined,
    acknowledged: (_connection, typeUrl) => recorded.acked.push(typeUrl),
    refused: (_connection, rejection) => recorded.rejected.push(rejection),
    timedOut: () => undefined,
    synced: (_connection, digest) => recorded.synced.push(digest),
  };
  return { ...recorded, directory };
}
