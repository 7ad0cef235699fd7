"use client";
// The sidecars of a service and who they say they are.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import type { ProxyDto } from "@/components/api-client";
import { certificateStatus, proxyState, resourcesInWords } from "@/components/proxies";
import { writeParameters } from "@/components/shell";
import {
  type Column,
  DataTable,
  EmptyState,
  LoadingRows,
  Mono,
  Panel,
  StatusBadge,
  TimeAgo,
  useNow,
} from "@/components/ui";

export function ServiceProxies(props: {
  proxies: readonly ProxyDto[];
  isReading: boolean;
  mesh: string;
  search: string;
}) {
  const now = useNow(10_000) || Date.now();
  const columns: Column<ProxyDto>[] = [
    {
      title: "Proxy",
      cell: (proxy) => (
        <>
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
        </>
      ),
    },
    {
      title: "Configuration",
      folded: "aside",
      cell: (proxy) => <StatusBadge status={proxyState(proxy).status}>{proxyState(proxy).word}</StatusBadge>,
    },
    { title: "SPIFFE ID", folded: "line", cell: ({ spiffeId }) => <Mono>{spiffeId}</Mono> },
    {
      title: "Certificate ends",
      cell: ({ certificate }) => (
        <StatusBadge status={certificateStatus(certificate?.notAfter, now)}>
          <TimeAgo at={certificate?.notAfter} />
        </StatusBadge>
      ),
    },
    { title: "CPU", isWhole: true, cell: (proxy) => resourcesInWords(proxy).cpu },
    { title: "Memory", isWhole: true, cell: (proxy) => resourcesInWords(proxy).memory },
  ];
  return (
    <Panel title={`Proxies and certificates (${props.proxies.length})`} flush>
      {props.isReading ? (
        <LoadingRows rows={2} />
      ) : props.proxies.length === 0 ? (
        <EmptyState title="No proxy runs for it">
          Give its workload an app and deploy: a sidecar with a certificate of its own starts beside each instance.
        </EmptyState>
      ) : (
        <DataTable
          label="Proxies and certificates"
          columns={columns}
          rows={props.proxies}
          keyOf={({ id }) => id}
          minWidth={760}
        />
      )}
    </Panel>
  );
}
