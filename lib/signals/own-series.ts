// What a proxy that brings its page itself may say: only about calls that its own workload made or took.
// The rule: the workload is the one that its certificate was issued for, never what the page says.
import type { SeriesCache } from "./exposition";
import type { Scrape } from "./scrape";

export type OwnWorkload = { namespace: string; workload: string };

/** Without series of calls in which another workload would be the reporter. Series of the process itself stay. */
export function ownSeries(scrape: Scrape, own: OwnWorkload, cache: SeriesCache): Scrape {
  return new Map([...scrape].filter(([key]) => !isOfTwoParties(key) || isOwn(cache.of(key).labels, own)));
}

const isOfTwoParties = (key: string) =>
  key.startsWith("istio_") || key.startsWith("meshwright_tcp_connections_refused_total");

function isOwn(labels: Readonly<Record<string, string>>, { namespace, workload }: OwnWorkload): boolean {
  const { reporter } = labels;
  if (reporter !== "source" && reporter !== "destination") return false;
  return labels[`${reporter}_workload`] === workload && labels[`${reporter}_workload_namespace`] === namespace;
}
