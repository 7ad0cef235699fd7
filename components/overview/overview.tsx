"use client";
// "Is this mesh all right, and what waits for me?"
import { Anchor, Skeleton, Text } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import {
  type FindingsDto,
  get,
  isOpen,
  keys,
  type TopologyDto,
  useDeployments,
  useFindings,
  useProxies,
  useReviews,
  useSignals,
} from "@/components/api-client";
import { useDraft } from "@/components/draft";
import { rangeWord, sharedSearch, useMesh, useView, writeParameters } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorState,
  failureRatio,
  LoadingRows,
  Page,
  Panel,
  ReadingHead,
  StatusIcon,
  shortDigest,
  statusWord,
  TimeAgo,
  useNow,
} from "@/components/ui";
import { factsOf, type OverviewFacts, overviewAnswer, postureOf } from "./answer";
import classes from "./overview.module.css";
import { RecentChanges } from "./recent-changes";
import { StartList } from "./start-list";
import { Tiles } from "./tiles";
import { waitingRows } from "./waiting";

export function Overview() {
  const { mesh, environment } = useMesh();
  const { view } = useView();
  const now = useNow(10_000);
  const search = sharedSearch(`?${useSearchParams().toString()}`);
  const draft = useDraft(mesh);
  const [isStarted, setStarted] = useLocalStorage({ key: `meshwright-started-${mesh}`, defaultValue: false });
  const signals = useSignals(mesh, environment?.name, { scope: "mesh", range: view.range });
  const proxies = useProxies(mesh, environment?.name);
  const deployments = useDeployments(mesh, environment?.name);
  const findings = useFindings(mesh, "draft");
  const question = { at: "draft", environment: environment?.name ?? "", range: "5m" };
  const topology = useQuery({
    queryKey: keys.mesh(mesh, "topology", question),
    queryFn: ({ signal }) => get<TopologyDto>(`/meshes/${mesh}/topology?${new URLSearchParams(question)}`, signal),
    enabled: environment !== undefined,
    refetchInterval: 5000,
  });

  if (draft.error && !draft.snapshot) {
    return (
      <Page>
        <ReadingHead eyebrow={`Overview of ${mesh}`} of={draft} what="this mesh" />
        <ErrorState error={draft.error} onRetry={draft.reload} />
      </Page>
    );
  }
  if (!draft.snapshot || (environment && !deployments.data && !deployments.error)) {
    return (
      <Page>
        <ReadingHead eyebrow={`Overview of ${mesh}`} of={draft} what="this mesh" />
        <div className={classes.tiles}>
          {["latency", "traffic", "errors", "saturation"].map((name) => (
            <Skeleton key={name} height={150} />
          ))}
        </div>
        <LoadingRows />
      </Page>
    );
  }

  const open = deployments.data?.items.find(isOpen);
  const isNew =
    !isStarted &&
    draft.snapshot.document.objects.filter((object) => object.kind === "Service").length <= 2 &&
    !hasHistory(deployments.data?.items ?? []);
  if (isNew) {
    const last = deployments.data?.items[0];
    const failed = last && (last.state === "failed" || last.state === "restored") ? last : undefined;
    return (
      <Page>
        <StartList
          draft={draft}
          snapshot={draft.snapshot}
          proxies={proxies.data?.items ?? []}
          topology={topology.data}
          open={open}
          failed={failed}
          onFinish={() => setStarted(true)}
        />
      </Page>
    );
  }

  const facts: OverviewFacts = {
    signals: factsOf(signals.data),
    services: (topology.data?.services ?? []).map((each) => ({
      name: each.key.split("/")[2] ?? each.key,
      state: each.state,
      errorRatio: failureRatio(each.now),
    })),
    proxies: (proxies.data?.items ?? []).map((proxy) => ({
      ...proxy,
      certificateNotAfter: proxy.certificate?.notAfter ?? null,
    })),
    openDeployment: open ? { revision: open.revision, state: open.state } : null,
    isReading: environment !== undefined && (signals.isPending || proxies.isPending),
    isRunning: Boolean(environment?.running) || (proxies.data?.items.length ?? 0) > 0,
  };
  const answer = overviewAnswer(facts, now || Date.now());
  return (
    <Page>
      <Answer
        eyebrow={`Overview of ${mesh}`}
        status={answer.status}
        answer={answer.text}
        detail={
          environment?.running ? (
            <>
              {environment.name} runs r{environment.running.revision}{" "}
              <span title={environment.running.digest}>({shortDigest(environment.running.digest)})</span>,{" "}
              {rangeWord[view.range]}
              {signals.data?.lastScrapeAt ? (
                <>
                  , measured <TimeAgo at={signals.data.lastScrapeAt} />
                </>
              ) : null}
            </>
          ) : (
            <>
              Nothing runs in {environment?.name ?? "any environment"}.{" "}
              <Anchor component={Link} underline="always" href={`/meshes/${mesh}/rollouts${search}`}>
                Deploy the draft
              </Anchor>
            </>
          )
        }
      />
      <Tiles
        isReading={environment !== undefined && signals.isPending}
        signals={signals.data}
        href={`/meshes/${mesh}/signals${search}`}
      />
      <div className={classes.columns}>
        <Panel
          title="Security posture"
          aside={
            <Anchor size="sm" component={Link} href={`/meshes/${mesh}/checklist${search}`}>
              Checklist
            </Anchor>
          }
          flush
        >
          <ul className={classes.rows}>
            {postureOf(facts, now || Date.now()).map((row) => (
              <li key={row.label}>
                <StatusIcon status={row.status} label={row.status === "unmeasured" ? "not measured" : row.status} />
                <div className={classes.rowText}>
                  <Text size="sm">{row.label}</Text>
                  <Text size="xs" c="dimmed">
                    {row.hint}
                  </Text>
                </div>
                <span className={classes.figure}>{row.value}</span>
              </li>
            ))}
          </ul>
        </Panel>
        <Waiting mesh={mesh} search={search} findings={findings.data} />
      </div>
      <RecentChanges mesh={mesh} />
    </Page>
  );
}

/** The start list stays until something ran for longer than the first try. */
function hasHistory(deployments: readonly { state: string }[]): boolean {
  return deployments.filter((each) => each.state === "done").length > 1;
}

function Waiting({ mesh, search, findings }: { mesh: string; search: string; findings: FindingsDto | undefined }) {
  const reviews = useReviews(mesh, "open");
  const now = useNow(60_000);
  const rows = waitingRows(reviews.data?.items ?? [], findings?.items ?? [], now || Date.now());
  return (
    <Panel
      title="What waits"
      aside={
        <Anchor size="sm" component={Link} href={`/meshes/${mesh}/findings${search}`}>
          Findings
        </Anchor>
      }
      flush
    >
      {!findings || reviews.isPending ? (
        <LoadingRows rows={3} />
      ) : rows.length === 0 ? (
        <EmptyState title="Nothing waits">
          No review waits for you, and no analyzer has anything to say about the draft.
        </EmptyState>
      ) : (
        <ul className={classes.rows}>
          {rows.map((row) => (
            <li key={row.id}>
              <StatusIcon status={row.mark} label={statusWord[row.mark]} />
              <div className={classes.rowText}>
                <Anchor
                  component={Link}
                  size="sm"
                  href={`/meshes/${mesh}/${row.path}${writeParameters(search, row.shows)}`}
                >
                  {row.title}
                </Anchor>
                <Text size="xs" c="dimmed" lineClamp={2}>
                  {row.detail}
                </Text>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
