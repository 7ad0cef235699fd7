"use client";
// "Does every proxy run what it should, as who it says it is?"
import { Anchor, Drawer, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { type ProxyDto, useProxies } from "@/components/api-client";
import { useMesh, useUrlParameters, useUrlState } from "@/components/shell";
import {
  Answer,
  absent,
  type Column,
  DataTable,
  EmptyState,
  LoadingRows,
  Mono,
  Page,
  Panel,
  ReadingState,
  readingAnswer,
  StatusBadge,
  shortDigest,
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
            <DataTable
              label="Proxies"
              columns={columnsOf(now, (proxy) => set({ proxy: proxy.proxyKey }))}
              rows={shown}
              keyOf={({ id }) => id}
              minWidth={920}
              highlightOnHover
            />
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

function columnsOf(now: number, onOpen: (proxy: ProxyDto) => void): Column<ProxyDto>[] {
  return [
    {
      title: "Proxy",
      cell: (proxy) => (
        <>
          <Anchor component="button" size="sm" fw={500} onClick={() => onOpen(proxy)}>
            {proxy.workload}/{proxy.proxyKey.split("/").at(-1)}
          </Anchor>
          <Text size="xs" c="dimmed">
            {proxy.namespace}
            {proxy.origin === "joined" ? `, joined from ${proxy.host}` : ""}
          </Text>
        </>
      ),
    },
    { title: "Configuration", folded: "aside", cell: (proxy) => <Configuration proxy={proxy} /> },
    {
      title: "Certificate ends",
      isWhole: true,
      cell: ({ certificate }) =>
        certificate?.notAfter ? (
          <StatusBadge status={certificateStatus(certificate.notAfter, now)}>
            <TimeAgo at={certificate.notAfter} />
          </StatusBadge>
        ) : (
          absent
        ),
    },
    {
      title: "Running digest",
      isWhole: true,
      cell: ({ runningDigest }) => <Mono title={runningDigest ?? undefined}>{shortDigest(runningDigest)}</Mono>,
    },
    { title: "Version", cell: ({ version }) => version ?? absent },
    { title: "CPU", isWhole: true, cell: (proxy) => resourcesInWords(proxy).cpu },
    { title: "Memory", isWhole: true, cell: (proxy) => resourcesInWords(proxy).memory },
    { title: "Seen", isWhole: true, cell: ({ lastSeenAt }) => <TimeAgo at={lastSeenAt} /> },
  ];
}

function Configuration({ proxy }: { proxy: ProxyDto }) {
  const { status, word } = proxyState(proxy);
  return (
    <>
      <StatusBadge status={status}>{word}</StatusBadge>
      {proxy.nack ? (
        <Text size="xs" c="var(--mw-failing)" lineClamp={2} mt={2} maw={260}>
          {proxy.nack.reasons[0]}
        </Text>
      ) : null}
    </>
  );
}
