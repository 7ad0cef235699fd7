"use client";
// How a box is right now, what is found in its design, and who stands beside it.
import { Anchor, Stack, Text } from "@mantine/core";
import Link from "next/link";
import { sharedSearch, useMesh, writeParameters } from "@/components/shell";
import { StatusBadge, severityStatus } from "@/components/ui";
import { objectKey, parseKey, refKey } from "@/lib/mesh";
import { nameOf } from "../model/to-canvas";
import classes from "../topology.module.css";
import type { Topology } from "../use-topology";
import { Facts, LiveFacts, Section } from "./parts";
import type { InspectorProps } from "./props";

/** More than these are read on their own screen. */
const most = 5;
const shared = () => (typeof window === "undefined" ? "" : sharedSearch(window.location.search));

export function NowAndFindings({ topology, nodeKey }: { topology: Topology; nodeKey: string }) {
  const { mesh } = useMesh();
  const live = topology.live.services.get(nodeKey);
  const findings = topology.findings.filter((finding) => finding.refs.includes(nodeKey));
  const parts = parseKey(nodeKey);
  return (
    <>
      {parts?.kind === "Service" ? (
        <div className={classes.section}>
          <Anchor
            size="sm"
            component={Link}
            href={`/meshes/${mesh}/services/${parts.namespace}/${parts.name}${shared()}`}
          >
            Open the service's page
          </Anchor>
        </div>
      ) : null}
      {live ? (
        <Section
          title="Now"
          aside={
            <Anchor
              size="xs"
              component={Link}
              href={`/meshes/${mesh}/signals${writeParameters(shared(), { scope: "service", name: nodeKey })}`}
            >
              Signals
            </Anchor>
          }
        >
          <LiveFacts now={live.now} state={live.state} />
          {live.proxies.total > 0 ? (
            <Text size="xs" c="dimmed" mt={8}>
              {live.proxies.ready} of {live.proxies.total} proxies ready
              {live.proxies.nack > 0 ? `, ${live.proxies.nack} refused their configuration` : ""}
            </Text>
          ) : null}
        </Section>
      ) : null}
      {findings.length > 0 ? (
        <Section title="Findings">
          <Stack gap={8}>
            {findings.slice(0, most).map((finding) => (
              <div key={`${finding.code} ${finding.message}`}>
                <StatusBadge status={severityStatus[finding.severity]}>{finding.code}</StatusBadge>
                <Text size="sm" mt={4}>
                  {finding.message}
                </Text>
              </div>
            ))}
            <Anchor size="xs" component={Link} href={`/meshes/${mesh}/findings`}>
              Open the findings
            </Anchor>
          </Stack>
        </Section>
      ) : null}
    </>
  );
}

export function Neighbours({ topology, nodeKey, onSelect }: InspectorProps & { nodeKey: string }) {
  const dependencies = (topology.document?.objects ?? []).flatMap((object) =>
    object.kind === "Dependency" ? [object] : [],
  );
  const out = dependencies.filter((each) => refKey(each.spec.from, each) === nodeKey);
  const into = dependencies.filter((each) => refKey(each.spec.to, each) === nodeKey);
  const link = (key: string, name: string) => (
    <Anchor key={key} component="button" size="sm" onClick={() => onSelect([key])}>
      {name}
    </Anchor>
  );
  const list = (links: React.ReactNode[]) =>
    links.length > 0 ? <span className={classes.links}>{links}</span> : "nobody";
  return (
    <Section title="Dependencies">
      <Facts
        rows={[
          ["Called by", list(into.map((each) => link(objectKey(each), nameOf(refKey(each.spec.from, each)))))],
          ["Calls", list(out.map((each) => link(objectKey(each), nameOf(refKey(each.spec.to, each)))))],
        ]}
      />
    </Section>
  );
}
