"use client";
// The sidecars of a service and who they say they are.
import { Anchor, Table, Text } from "@mantine/core";
import Link from "next/link";
import type { ProxyDto } from "@/components/api-client";
import { certificateStatus, proxyState, resourcesInWords } from "@/components/proxies";
import { writeParameters } from "@/components/shell";
import { EmptyState, LoadingRows, Mono, Panel, StatusBadge, TableScroll, TimeAgo, useNow } from "@/components/ui";

export function ServiceProxies(props: {
  proxies: readonly ProxyDto[];
  isReading: boolean;
  mesh: string;
  search: string;
}) {
  const now = useNow(10_000) || Date.now();
  return (
    <Panel title={`Proxies and certificates (${props.proxies.length})`} flush>
      {props.isReading ? (
        <LoadingRows rows={2} />
      ) : props.proxies.length === 0 ? (
        <EmptyState title="No proxy runs for it">
          Give its workload an app and deploy: a sidecar with a certificate of its own starts beside each instance.
        </EmptyState>
      ) : (
        <TableScroll label="Proxies and certificates">
          <Table miw={760}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Proxy</Table.Th>
                <Table.Th>Configuration</Table.Th>
                <Table.Th>SPIFFE ID</Table.Th>
                <Table.Th>Certificate ends</Table.Th>
                <Table.Th>CPU</Table.Th>
                <Table.Th>Memory</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {props.proxies.map((proxy) => {
                const { status, word } = proxyState(proxy);
                const use = resourcesInWords(proxy);
                return (
                  <Table.Tr key={proxy.id}>
                    <Table.Td>
                      <Anchor
                        component={Link}
                        href={`/meshes/${props.mesh}/proxies${writeParameters(props.search, { proxy: proxy.proxyKey })}`}
                        size="sm"
                        fw={500}
                      >
                        {proxy.workload}/{proxy.proxyKey.split("/").at(-1)}
                      </Anchor>
                      {proxy.nack ? (
                        <Text size="xs" c="var(--mw-failing)" lineClamp={2}>
                          {proxy.nack.reasons[0]}
                        </Text>
                      ) : null}
                    </Table.Td>
                    <Table.Td>
                      <StatusBadge status={status}>{word}</StatusBadge>
                    </Table.Td>
                    <Table.Td>
                      <Mono>{proxy.spiffeId}</Mono>
                    </Table.Td>
                    <Table.Td>
                      <StatusBadge status={certificateStatus(proxy.certificate?.notAfter, now)}>
                        <TimeAgo at={proxy.certificate?.notAfter} />
                      </StatusBadge>
                    </Table.Td>
                    <Table.Td>{use.cpu}</Table.Td>
                    <Table.Td>{use.memory}</Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </TableScroll>
      )}
    </Panel>
  );
}
