// What flows, in words: requests, TCP connections, or both. Rule: connections are never told as requests; they have no latency.
import { absent, formatCount, formatPercent, formatRate } from "./format";
import type { Status } from "./status-words";

/** Per second, in the time that is told; `failedRatio` is null without a connection. */
export interface TcpTraffic {
  connectionsPerSecond: number;
  failedConnections: number;
  failedRatio: number | null;
  receivedBytesPerSecond: number;
  sentBytesPerSecond: number;
}

export interface Traffic {
  requestsPerSecond: number | null;
  errorRatio: number | null;
  tcp?: TcpTraffic | null;
}

/** "12/s", "0.5 conn/s", or both. */
export function formatTraffic({ requestsPerSecond, tcp }: Traffic): string {
  if (!tcp) return formatRate(requestsPerSecond);
  const connections = formatRate(tcp.connectionsPerSecond).replace("/s", " conn/s");
  return requestsPerSecond ? `${formatRate(requestsPerSecond)} + ${connections}` : connections;
}

/** Requests and TCP connections; null where neither was measured. */
export const callsPerSecond = ({
  requestsPerSecond,
  tcp,
}: Pick<Traffic, "requestsPerSecond" | "tcp">): number | null =>
  requestsPerSecond === null && !tcp ? null : (requestsPerSecond ?? 0) + (tcp?.connectionsPerSecond ?? 0);

/** Bytes per second in either direction. */
export function formatByteRate(bytesPerSecond: number | null | undefined): string {
  if (bytesPerSecond === null || bytesPerSecond === undefined) return absent;
  const text = formatCount(bytesPerSecond);
  return /\D$/.test(text) ? `${text.slice(0, -1)} ${text.slice(-1)}B/s` : `${text} B/s`;
}

export const bytesPerSecond = (tcp: TcpTraffic | null | undefined): number | null =>
  tcp ? tcp.receivedBytesPerSecond + tcp.sentBytesPerSecond : null;

/** The worse of failed requests and failed connections, 0..1; null where neither was seen. */
export function failureRatio({ errorRatio, tcp }: Traffic): number | null {
  const failed = tcp?.failedRatio ?? null;
  return errorRatio === null || failed === null ? (errorRatio ?? failed) : Math.max(errorRatio, failed);
}

/** How well what fails at this ratio is. */
export const failureStatus = (ratio: number): Extract<Status, "ok" | "attention" | "failing"> =>
  ratio >= 0.05 ? "failing" : ratio >= 0.01 ? "attention" : "ok";

/** Only connections were seen: there is no latency to tell. */
export const isTcpOnly = ({ requestsPerSecond, tcp }: Traffic): boolean => Boolean(tcp) && !requestsPerSecond;

/** "3 failed (12 %)", for connections. */
export function failedInWords({ failedConnections, failedRatio }: TcpTraffic): string {
  return failedConnections === 0 ? "none" : `${failedConnections} (${formatPercent(failedRatio)})`;
}
