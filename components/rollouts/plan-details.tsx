"use client";
// A plan proxy by proxy. Rule: proxies that stay as they are are counted, not listed.
import { Table, Text } from "@mantine/core";
import type { DeploymentPlanDto } from "@/components/api-client";
import { Mono, type Status, StatusBadge, TableScroll } from "@/components/ui";

const words: Record<string, { word: string; status: Status }> = {
  create: { word: "starts", status: "ok" },
  update: { word: "new configuration", status: "attention" },
  retire: { word: "drains and ends", status: "failing" },
};

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
        <TableScroll label="Plan by proxy">
          <Table miw={600}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Proxy</Table.Th>
                <Table.Th>What happens</Table.Th>
                <Table.Th>Wave</Table.Th>
                <Table.Th ta="right">Added</Table.Th>
                <Table.Th ta="right">Changed</Table.Th>
                <Table.Th ta="right">Removed</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {touched.map((proxy) => {
                const wave = waveOf(proxy.proxyKey);
                const word = words[proxy.change];
                return (
                  <Table.Tr key={proxy.proxyKey}>
                    <Table.Td>
                      <Mono>{proxy.proxyKey}</Mono>
                    </Table.Td>
                    <Table.Td>
                      <StatusBadge status={word?.status ?? "unmeasured"}>{word?.word ?? proxy.change}</StatusBadge>
                    </Table.Td>
                    <Table.Td>{wave < 0 ? "–" : wave + 1}</Table.Td>
                    <ResourceCount names={proxy.resources?.added} />
                    <ResourceCount names={proxy.resources?.changed} />
                    <ResourceCount names={proxy.resources?.removed} />
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </TableScroll>
      ) : null}
    </>
  );
}

function ResourceCount({ names }: { names: readonly string[] | undefined }) {
  return (
    <Table.Td ta="right" title={names?.join("\n")}>
      {names ? names.length : "–"}
    </Table.Td>
  );
}
