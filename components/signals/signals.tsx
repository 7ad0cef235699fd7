"use client";
// Latency, traffic, errors, saturation: of the mesh, a service, a dependency. Rule: scope and name are in the URL.
import { Anchor, Breadcrumbs, SegmentedControl, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { get, keys, type TopologyDto, useSignals } from "@/components/api-client";
import { rangeWord, useMesh, useUrlParameters, useView } from "@/components/shell";
import { Answer, EmptyState, LoadingRows, Page, ReadingState, readingAnswer, TimeAgo } from "@/components/ui";
import { Charts } from "./charts";
import classes from "./signals.module.css";
import { Rows, Versions } from "./tables";
import { signalsAnswer } from "./words";

const scopes = ["mesh", "service", "dependency"] as const;
type Scope = (typeof scopes)[number];

const nameOf = (key: string) => key.split("/")[2] ?? key;

export function Signals() {
  const { mesh, environment, isLoading } = useMesh();
  const { view } = useView();
  const { search, set } = useUrlParameters();
  const scope: Scope = scopes.find((each) => each === search.get("scope")) ?? "mesh";
  const name = search.get("name") ?? undefined;
  const ready = scope === "mesh" || name !== undefined;
  const signals = useSignals(mesh, ready ? environment?.name : undefined, {
    scope,
    name: scope === "mesh" ? undefined : name,
    range: view.range,
  });
  const topology = useTopologyList(mesh, environment?.name, view.range);
  const services = topology.data?.services ?? [];
  const dependencies = topology.data?.dependencies ?? [];
  const lines = dependencies.map((each) => ({
    ...each,
    id: each.key ?? `${each.source}>${each.target}`,
    title: `${nameOf(each.source)} → ${nameOf(each.target)}`,
  }));
  const title =
    scope === "mesh"
      ? "the mesh"
      : scope === "service"
        ? nameOf(name ?? "")
        : (lines.find((line) => line.id === name)?.title ?? "This dependency");
  const answer = ready
    ? signals.error && !signals.data
      ? readingAnswer(signals, "the signals")
      : signalsAnswer(title, signals.data)
    : { status: "unmeasured" as const, text: `Choose a ${scope}.` };
  const go = (next: Scope, key?: string) => set({ scope: next === "mesh" ? null : next, name: key ?? null }, true);
  const options =
    scope === "service"
      ? services.map((each) => ({ value: each.key, label: nameOf(each.key) }))
      : lines.map((line) => ({ value: line.id, label: line.title }));

  return (
    <Page>
      <Answer
        eyebrow={`Signals, ${rangeWord[view.range]}`}
        status={answer.status}
        answer={answer.text}
        detail={
          signals.data?.lastScrapeAt ? (
            <>
              Measured <TimeAgo at={signals.data.lastScrapeAt} />
            </>
          ) : null
        }
        actions={
          <>
            <SegmentedControl
              size="xs"
              aria-label="Scope"
              value={scope}
              onChange={(value) => {
                const next = scopes.find((each) => each === value) ?? "mesh";
                go(next, next === "service" ? services[0]?.key : next === "dependency" ? lines[0]?.id : undefined);
              }}
              data={[
                { value: "mesh", label: "Mesh" },
                { value: "service", label: "Service" },
                { value: "dependency", label: "Dependency" },
              ]}
            />
            {scope !== "mesh" ? (
              <Select
                size="xs"
                w={220}
                searchable
                aria-label={`Which ${scope}`}
                data={options}
                value={name ?? null}
                onChange={(value) => value && go(scope, value)}
              />
            ) : null}
          </>
        }
      />
      {scope !== "mesh" ? (
        <Breadcrumbs separatorMargin={6} className={classes.crumbs}>
          <Anchor component="button" size="sm" onClick={() => go("mesh")}>
            The mesh
          </Anchor>
          <Text size="sm">{title}</Text>
        </Breadcrumbs>
      ) : null}
      <ReadingState of={signals} />
      {signals.error && !signals.data ? null : signals.data ? (
        <Charts signals={signals.data} title={title} />
      ) : isLoading || (ready && environment) ? (
        <LoadingRows rows={2} height={180} />
      ) : (
        <EmptyState title={environment ? `Choose a ${scope}` : "No environment yet"}>
          {environment ? "Its charts appear here." : "Deploy the design once; its proxies are measured from then on."}
        </EmptyState>
      )}
      {signals.data && signals.data.versions.length > 1 ? <Versions versions={signals.data.versions} /> : null}
      <Rows
        title="Services, worst first"
        rows={services.map((each) => ({ ...each, id: each.key, title: nameOf(each.key) }))}
        onOpen={(id) => go("service", id)}
      />
      <Rows title="Dependencies, worst first" rows={lines} onOpen={(id) => go("dependency", id)} />
    </Page>
  );
}

function useTopologyList(mesh: string, environment: string | undefined, range: string) {
  const question = { at: "draft", environment: environment ?? "", range };
  return useQuery({
    queryKey: keys.mesh(mesh, "topology", question),
    queryFn: ({ signal }) => get<TopologyDto>(`/meshes/${mesh}/topology?${new URLSearchParams(question)}`, signal),
    enabled: environment !== undefined,
    refetchInterval: 5000,
  });
}
