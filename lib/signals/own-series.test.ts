import { expect, test } from "vitest";
import { SeriesCache } from "./exposition";
import { ownSeries } from "./own-series";
import { readScrape } from "./scrape";

const call = (reporter: string, source: string, destination: string) =>
  `istio_requests_total{reporter="${reporter}",source_workload="${source}",source_workload_namespace="shop",destination_workload="${destination}",destination_workload_namespace="shop"} 1`;

test("a machine tells of its own calls, in both directions, and of its process", () => {
  const page = [
    call("destination", "web", "cart"),
    call("source", "cart", "stock"),
    call("destination", "web", "stock"),
    call("source", "web", "cart"),
    call("somebody", "cart", "cart"),
    'istio_requests_total{reporter="source",note="source_workload=\\"cart\\"",source_workload="web",source_workload_namespace="shop"} 1',
    "istio_requests_total 7",
    'meshwright_tcp_connections_refused_total{reporter="destination",destination_workload="web"} 1',
    "process_cpu_seconds_total 3",
  ].join("\n");
  const told = ownSeries(readScrape(`${page}\n`), { namespace: "shop", workload: "cart" }, new SeriesCache());
  expect([...told.keys()]).toEqual([
    call("destination", "web", "cart").slice(0, -2),
    call("source", "cart", "stock").slice(0, -2),
    "process_cpu_seconds_total",
  ]);
});

test("the same workload of another namespace is another one", () => {
  const scrape = readScrape(`${call("source", "cart", "stock")}\n`);
  expect(ownSeries(scrape, { namespace: "staging", workload: "cart" }, new SeriesCache()).size).toBe(0);
});
