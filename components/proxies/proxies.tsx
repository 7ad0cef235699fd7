"use client";
// "Does every proxy run what it should, as who it says it is?"
import { Anchor, Drawer, Table, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type ProxyDto, useProxies } from "@/components/api-client";
import { useMesh, useUrlParameters, useUrlState } from "@/components/shell";
import {
  Answer,
  EmptyState,
  LoadingRows,
  Mono,
  Page,
  Panel,
  ReadingState,
  readingAnswer,
  StatusBadge,
  shortDigest,
  TableScroll,
  TimeAgo,
  useNow,
} from "@/components/ui";
import { JoinPanel } from "./join-panel";
import { ProxyDetails, resourcesInWords } from "./proxy-details";
import { TrustPanel } from "./trust-panel";
import { certificateStatus, proxiesAnswer, proxyState } from "./words";

export function Proxies() {
  const { mesh, environment, isLoading } = useMesh();
  const { search, set } = useUrlParameters();
  const now = useNow(10_000) || Date.now();
  const proxies = useProxies(mesh, environment?.name);
  const all = proxies.data?.items ?? [];
  const [text, setText] = useUrlState("q");
  const query = text.toLowerCase();
  const shown = all
    .filter((proxy) => proxy.proxyKey.toLowerCase().includes(query))
    .sort((a, b) => rank(a) - rank(b) || a.proxyKey.localeCompare(b.proxyKey));
  const opened = all.find((proxy) => proxy.proxyKey === search.get("proxy"));
  const answer =
    proxies.data || (!environment && !isLoading) ? proxiesAnswer(all, now) : readingAnswer(proxies, "the proxies");
  return (
    <Page>
      <Answer
        eyebrow={`Proxies & identity in ${environment?.name ?? "…"}`}
        status={answer.status}
        answer={answer.text}
      />
      <ReadingState of={proxies} />
      {proxies.error && !proxies.data ? null : (
        <Panel
          title="Inventory"
          aside={
            <TextInput
              size="xs"
              aria-label="Search proxies"
              placeholder="Search"
              leftSection={<IconSearch size={14} />}
              value={text}
              onChange={(event) => setText(event.currentTarget.value || null)}
            />
          }
          flush
        >
          {proxies.isLoading || isLoading ? (
            <LoadingRows />
          ) : shown.length === 0 ? (
            <EmptyState title={all.length === 0 ? "No proxy yet" : "No proxy of that name"}>
              {all.length === 0
                ? "Deploy a revision: each workload with an app gets a proxy and a certificate of its own."
                : "Change the search."}
            </EmptyState>
          ) : (
            <TableScroll label="Proxies">
              <Table miw={920} highlightOnHover>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Proxy</Table.Th>
                    <Table.Th>Configuration</Table.Th>
                    <Table.Th>Certificate ends</Table.Th>
                    <Table.Th>Running digest</Table.Th>
                    <Table.Th>Version</Table.Th>
                    <Table.Th>CPU</Table.Th>
                    <Table.Th>Memory</Table.Th>
                    <Table.Th>Seen</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {shown.map((proxy) => (
                    <ProxyRow key={proxy.id} proxy={proxy} now={now} onOpen={() => set({ proxy: proxy.proxyKey })} />
                  ))}
                </Table.Tbody>
              </Table>
            </TableScroll>
          )}
        </Panel>
      )}
      <JoinPanel proxies={all} />
      <TrustPanel />
      <Drawer
        opened={opened !== undefined}
        onClose={() => set({ proxy: null })}
        position="right"
        size="md"
        title={opened?.proxyKey}
      >
        {opened ? <ProxyDetails proxy={opened} /> : null}
      </Drawer>
    </Page>
  );
}

function rank(proxy: ProxyDto): number {
  return { failing: 0, attention: 1, stale: 2, unmeasured: 3, ok: 4, note: 5 }[proxyState(proxy).status];
}

function ProxyRow({ proxy, now, onOpen }: { proxy: ProxyDto; now: number; onOpen: () => void }) {
  const { status, word } = proxyState(proxy);
  const use = resourcesInWords(proxy);
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component="button" size="sm" fw={500} onClick={onOpen}>
          {proxy.workload}/{proxy.proxyKey.split("/").at(-1)}
        </Anchor>
        <Text size="xs" c="dimmed">
          {proxy.namespace}
          {proxy.origin === "joined" ? `, joined from ${proxy.host}` : ""}
        </Text>
      </Table.Td>
      <Table.Td maw={260}>
        <StatusBadge status={status}>{word}</StatusBadge>
        {proxy.nack ? (
          <Text size="xs" c="var(--mw-failing)" lineClamp={2} mt={2}>
            {proxy.nack.reasons[0]}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>
        {proxy.certificate?.notAfter ? (
          <StatusBadge status={certificateStatus(proxy.certificate.notAfter, now)}>
            <TimeAgo at={proxy.certificate.notAfter} />
          </StatusBadge>
        ) : (
          "–"
        )}
      </Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>
        <Mono title={proxy.runningDigest ?? undefined}>{shortDigest(proxy.runningDigest)}</Mono>
      </Table.Td>
      <Table.Td>{proxy.version ?? "–"}</Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>{use.cpu}</Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>{use.memory}</Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>
        <TimeAgo at={proxy.lastSeenAt} />
      </Table.Td>
    </Table.Tr>
  );
}
