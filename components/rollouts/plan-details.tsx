"use client";
// A plan proxy by proxy. Rule: proxies that stay as they are are counted, not listed.
import { Text } from "@mantine/core";
import type { DeploymentPlanDto } from "@/components/api-client";
import { absent, type Column, DataTable, Mono, type Status, StatusBadge } from "@/components/ui";

const words: Record<string, { word: string; status: Status }> = {
  create: { word: "starts", status: "ok" },
  update: { word: "new configuration", status: "attention" },
  retire: { word: "drains and ends", status: "failing" },
};

type Row = DeploymentPlanDto["proxies"][number] & { wave: number };

const columns: readonly Column<Row>[] = [
  { title: "Proxy", cell: ({ proxyKey }) => <Mono>{proxyKey}</Mono> },
  {
    title: "What happens",
    folded: "aside",
    cell: ({ change }) => (
      <StatusBadge status={words[change]?.status ?? "unmeasured"}>{words[change]?.word ?? change}</StatusBadge>
    ),
  },
  { title: "Wave", cell: ({ wave }) => (wave < 0 ? absent : wave + 1) },
  { title: "Added", isNumber: true, cell: ({ resources }) => <Count names={resources?.added} /> },
  { title: "Changed", isNumber: true, cell: ({ resources }) => <Count names={resources?.changed} /> },
  { title: "Removed", isNumber: true, cell: ({ resources }) => <Count names={resources?.removed} /> },
];

function Count({ names }: { names: readonly string[] | undefined }) {
  return <span title={names?.join("\n")}>{names ? names.length : absent}</span>;
}

export function PlanDetails({ plan }: { plan: DeploymentPlanDto }) {
  const touched = plan.proxies.filter((proxy) => proxy.change !== "keep");
  const waveOf = (proxyKey: string) => plan.waves.findIndex((wave) => wave.includes(proxyKey));
  return (
    <>
      {plan.summary.map((sentence) => (
        <Text key={sentence} size="sm">
          {sentence}
        </Text>
      ))}
      {touched.length > 0 ? (
        <DataTable
          label="Plan by proxy"
          columns={columns}
          rows={touched.map((proxy) => ({ ...proxy, wave: waveOf(proxy.proxyKey) }))}
          keyOf={({ proxyKey }) => proxyKey}
          minWidth={600}
        />
      ) : null}
    </>
  );
}
