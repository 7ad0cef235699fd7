import { expect, test } from "vitest";
import { inboundLabels } from "./labels";
import { TcpMetrics } from "./tcp-metrics";

const node = {
  ...{ id: "p", cluster: "ledger", workload: "ledger-v1", namespace: "shop", service: "ledger", version: "v1" },
  ...{ serviceAccount: "ledger", zone: "", metadata: {} },
};
const labels = inboundLabels(
  node,
  "spiffe://td/ns/shop/sa/ledger",
  { spiffeId: "spiffe://td/ns/shop/sa/web", subject: "" },
  true,
);

test("without connections there is nothing to tell", () => {
  const metrics = new TcpMetrics();
  expect(metrics.render()).toBe("");
  expect(metrics.series(labels)).toBe(metrics.series(labels));
});

test("connections are told as Istio tells them: opened, closed by flags, bytes both ways", () => {
  const metrics = new TcpMetrics();
  const series = metrics.series(labels);
  series.opened += 2;
  series.receivedBytes += 6;
  series.sentBytes += 72;
  series.close("-");
  series.close("-");
  series.fail("UF,URX");
  const lines = metrics.render().split("\n");
  const of = (name: string) => lines.filter((line) => line.startsWith(`${name}{`));
  expect(of("istio_tcp_connections_opened_total")).toEqual([expect.stringMatching(/request_protocol="tcp".* 3$/)]);
  expect(of("istio_tcp_connections_closed_total")).toEqual([
    expect.stringMatching(/source_workload="web".*response_flags="-"} 2$/),
    expect.stringMatching(/response_flags="UF,URX"} 1$/),
  ]);
  expect(of("istio_tcp_received_bytes_total")).toEqual([expect.stringMatching(/} 6$/)]);
  expect(of("istio_tcp_sent_bytes_total")).toEqual([expect.stringMatching(/} 72$/)]);
  expect(lines.filter((line) => line.startsWith("# TYPE"))).toHaveLength(4);
});

test("who is refused is told apart from what was opened, and only where somebody was", () => {
  const metrics = new TcpMetrics();
  const series = metrics.series(labels);
  expect(metrics.render()).not.toContain("refused");
  series.refused++;
  expect(metrics.render()).toMatch(/^meshwright_tcp_connections_refused_total\{.*source_workload="web".*\} 1$/m);
  expect(metrics.render()).toMatch(/^istio_tcp_connections_opened_total\{.*\} 0$/m);
});
