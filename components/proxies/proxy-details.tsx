"use client";
// One proxy: configuration, identity, resources, ports. Rule: a NACK shows every reason as the proxy gave it.
import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { ProxyDto } from "@/components/api-client";
import { CodeLine, Mono, StatusBadge, TimeAgo } from "@/components/ui";
import classes from "./proxies.module.css";
import { Revoke } from "./revoke";
import { proxyState } from "./words";

/** CPU and memory against the budget, in words. */
export function resourcesInWords(proxy: ProxyDto): { cpu: string; memory: string } {
  const resources =
    typeof proxy.resources === "object" && proxy.resources !== null ? (proxy.resources as Record<string, unknown>) : {};
  const number = (...names: string[]) =>
    names.map((name) => resources[name]).find((value): value is number => typeof value === "number");
  const cpu = number("cpuMillicores");
  const bytes = number("privateBytes", "privateMemoryBytes", "rssBytes", "residentBytes");
  const memory = number("privateMb", "residentMb") ?? (bytes === undefined ? undefined : bytes / 1024 ** 2);
  return {
    cpu: cpu === undefined ? "–" : `${cpu.toFixed(0)}${proxy.budget ? ` of ${proxy.budget.cpuMillicores}` : ""} mCPU`,
    memory: memory === undefined ? "–" : `${memory.toFixed(0)}${proxy.budget ? ` of ${proxy.budget.memoryMb}` : ""} MB`,
  };
}

export function ProxyDetails({ proxy }: { proxy: ProxyDto }) {
  const { status, word } = proxyState(proxy);
  const use = resourcesInWords(proxy);
  const rows: [string, ReactNode][] = [
    [
      "Configuration",
      <StatusBadge key="state" status={status}>
        {word}
      </StatusBadge>,
    ],
    ["Wanted digest", <Mono key="wanted">{proxy.desiredDigest ?? "–"}</Mono>],
    ["Running digest", <Mono key="running">{proxy.runningDigest ?? "–"}</Mono>],
    ["SPIFFE ID", <Mono key="spiffe">{proxy.spiffeId}</Mono>],
    ["Certificate serial", <Mono key="serial">{proxy.certificate?.serial ?? "–"}</Mono>],
    ["Certificate ends", <TimeAgo key="ends" at={proxy.certificate?.notAfter} />],
    ["Connected", <TimeAgo key="connected" at={proxy.connectedAt} />],
    ["Last seen", <TimeAgo key="seen" at={proxy.lastSeenAt} />],
    ["CPU", use.cpu],
    ["Memory", use.memory],
    ["Proxy version", proxy.version ?? "–"],
    ["Workload version", proxy.workloadVersion ?? "–"],
    ["Origin", proxy.origin === "joined" ? "joined: its machine reports to the control plane" : "an agent runs it"],
    ["Reached at", `${proxy.host}:${proxy.ports.inbound ?? "–"}`],
    ["Process", proxy.pid ? `pid ${proxy.pid} on ${proxy.host}` : "–"],
    [
      "Ports",
      `in ${proxy.ports.inbound ?? "–"}, out ${proxy.ports.outbound ?? "–"}, admin ${proxy.ports.admin ?? "–"}, app ${proxy.ports.app ?? "–"}`,
    ],
  ];
  return (
    <Stack gap="md">
      {proxy.nack ? (
        <div className={classes.nack}>
          <Text size="sm" fw={600}>
            It refused the configuration <TimeAgo at={proxy.nack.at} /> and runs the last good one.
          </Text>
          <ul>
            {proxy.nack.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </div>
      ) : null}
      <dl className={classes.facts}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Revoke proxy={proxy} />
      {proxy.ports.admin ? (
        <div>
          <Text size="xs" c="dimmed" mb={4}>
            {proxy.origin === "joined" ? "Ask it yourself, on its machine" : "Ask it yourself"}
          </Text>
          <CodeLine>{`curl http://127.0.0.1:${proxy.ports.admin}/meshwright/status`}</CodeLine>
        </div>
      ) : null}
    </Stack>
  );
}
