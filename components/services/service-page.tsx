"use client";
// One stop for the owner of a service: is it all right, who calls it, what applies to it, what runs it, what happened.
// Rule: everything is read of one design (the URL's `at`); a name that it does not know is said, with the way back.
import { Anchor, Button, Group, Text } from "@mantine/core";
import { IconTopologyStar3 } from "@tabler/icons-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useProxies, useSignals } from "@/components/api-client";
import { ServiceAdoption } from "@/components/modes";
import { Tiles } from "@/components/overview";
import { rangeWord, sharedSearch, useMesh, useView, writeParameters } from "@/components/shell";
import {
  Answer,
  EmptyState,
  ErrorState,
  LoadingRows,
  Page,
  Panel,
  ReadingHead,
  StatusBadge,
  severityStatus,
  TimeAgo,
} from "@/components/ui";
import { keyOf, type Service } from "@/lib/mesh";
import { serviceAnswer } from "./model/answer";
import { effectiveOn, stepOf } from "./model/effective";
import { Dependencies } from "./parts/dependencies";
import { History } from "./parts/history";
import { Policies } from "./parts/policies";
import { ServiceProxies } from "./parts/proxies";
import { VersionsTable } from "./parts/versions";
import classes from "./services.module.css";
import { useDesign } from "./use-design";

export function ServicePage({ namespace, name }: { namespace: string; name: string }) {
  const { mesh, environment } = useMesh();
  const { view } = useView();
  const search = sharedSearch(`?${useSearchParams().toString()}`);
  const key = keyOf("Service", namespace, name);
  const { topology, findings } = useDesign();
  const signals = useSignals(mesh, environment?.name, { scope: "service", name: key, range: view.range });
  const proxies = useProxies(mesh, environment?.name);
  if (topology.error && !topology.data) {
    return (
      <Page>
        <ReadingHead eyebrow={`Service in ${namespace}`} of={topology} what={name} />
        <ErrorState error={topology.error} onRetry={() => void topology.refetch()} />
      </Page>
    );
  }
  if (!topology.data) {
    return (
      <Page>
        <ReadingHead eyebrow={`Service in ${namespace}`} of={topology} what={name} />
        <LoadingRows rows={3} height={150} />
      </Page>
    );
  }
  const service = topology.data.document.objects.find(
    (object): object is Service =>
      object.kind === "Service" && object.metadata.name === name && object.metadata.namespace === namespace,
  );
  if (!service) return <Unknown mesh={mesh} name={name} search={search} />;
  const live = topology.data.services.find((each) => each.key === key);
  const mine = (findings.data?.items ?? []).filter((finding) => !finding.accepted && finding.refs.includes(key));
  const own = (proxies.data?.items ?? []).filter((proxy) => proxy.service === name && proxy.namespace === namespace);
  const answer = serviceAnswer(name, live, mine.length);
  const step = stepOf(topology.data.document, service);
  return (
    <Page>
      <Answer
        eyebrow={`Service in ${namespace}, ${rangeWord[view.range]}`}
        status={answer.status}
        answer={answer.text}
        detail={
          <span className={classes.facts}>
            <span>{service.spec.owner ? `Owner: ${service.spec.owner}` : "No owner"}</span>
            {service.spec.criticality ? <span>Criticality: {service.spec.criticality}</span> : null}
            {service.spec.dataClass ? <span>Data: {service.spec.dataClass}</span> : null}
            <span>Mode: {step}</span>
            {topology.data.measuredAt ? (
              <span>
                Measured <TimeAgo at={topology.data.measuredAt} />
              </span>
            ) : null}
          </span>
        }
        actions={
          <Group gap={8}>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconTopologyStar3 size={14} />}
              component={Link}
              href={`/meshes/${mesh}/topology${writeParameters(search, { sel: key })}`}
            >
              On the topology
            </Button>
          </Group>
        }
      />
      <Tiles
        isReading={environment !== undefined && signals.isPending}
        signals={signals.data}
        href={`/meshes/${mesh}/signals${writeParameters(search, { scope: "service", name: key })}`}
      />
      {mine.length > 0 ? (
        <Panel
          title={`Findings (${mine.length})`}
          aside={
            <Anchor
              size="sm"
              component={Link}
              href={`/meshes/${mesh}/findings${writeParameters(search, { object: key })}`}
            >
              Open them
            </Anchor>
          }
          flush
        >
          <ul className={classes.history}>
            {mine.slice(0, 4).map((finding) => (
              <li key={`${finding.code} ${finding.message}`}>
                <Text size="sm">{finding.message}</Text>
                <StatusBadge status={severityStatus[finding.severity]}>{finding.code}</StatusBadge>
              </li>
            ))}
          </ul>
        </Panel>
      ) : null}
      <div className={classes.columns}>
        <Dependencies title="Who calls it" side="source" serviceKey={key} topology={topology.data} search={search} />
        <Dependencies title="Whom it calls" side="target" serviceKey={key} topology={topology.data} search={search} />
      </div>
      <Policies mesh={mesh} search={search} rows={effectiveOn(topology.data.document, service)} />
      {view.at === "draft" ? (
        <Panel title="Adoption" hint="Where it stands in the draft, and what the next step would break.">
          <ServiceAdoption service={key} />
        </Panel>
      ) : null}
      <VersionsTable document={topology.data.document} service={service} signals={signals.data} />
      <ServiceProxies
        proxies={own}
        isReading={environment !== undefined && proxies.isPending}
        mesh={mesh}
        search={search}
      />
      <History mesh={mesh} namespace={namespace} name={name} />
    </Page>
  );
}

function Unknown({ mesh, name, search }: { mesh: string; name: string; search: string }) {
  return (
    <Page>
      <Answer eyebrow="Service" status="note" answer={`There is no service ${name} in what you look at.`} />
      <EmptyState
        title="It may have been renamed or deleted"
        action={
          <Button variant="default" component={Link} href={`/meshes/${mesh}/services${search}`}>
            All services
          </Button>
        }
      >
        The bar above says which state of the design this is; another revision may still have it.
      </EmptyState>
    </Page>
  );
}
