"use client";
// The form of localities: whom callers prefer because of where they are. Rule: shares that are not 100 together stay, and are told.
import { ActionIcon, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { PLACE_LABELS, serviceRefKey, type TrafficLocality, type TrafficPolicy } from "@/lib/mesh";
import { ChoiceField, ListField, NumberField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { keyed } from "./keyed";
import { inWay, nextShare, regionsOf, type Way, wayOf } from "./locality-ways";
import { AddEntry, AddField, Entry, Row, Section } from "./parts";

const AT = ["spec", "locality"];
const WAYS: { value: Way; label: string }[] = [
  { value: "nearest", label: "the nearest hosts" },
  { value: "labels", label: "hosts with the same labels" },
  { value: "shares", label: "fixed shares by locality" },
  { value: "off", label: "nobody: places make no difference" },
];

export function LocalitySection({ policy }: { policy: TrafficPolicy }) {
  const form = usePolicyForm();
  const { locality, service } = policy.spec;
  const workloads = form.index.workloadsOf(serviceRefKey(service, policy));
  const places = [...new Set(workloads.flatMap(({ spec }) => spec.locality ?? []))].sort();
  const way = wayOf(locality);
  const hasLevels = way === "nearest" || way === "labels";
  const isGuarded = policy.spec.outlierDetection !== undefined || policy.spec.healthCheck !== undefined;
  return (
    <Section title="Localities" hint="Whom callers prefer because of where they run.">
      <ChoiceField
        path={AT}
        label="Callers prefer"
        description=""
        value={way}
        choices={WAYS}
        placeholder="nobody (default)"
        onChoose={(chosen) => form.set(AT, inWay(chosen as Way | undefined, locality, places))}
      />
      {way === "labels" ? (
        <ListField
          path={[...AT, "failoverPriority"]}
          label="Labels, the most important first"
          value={locality?.failoverPriority}
          choices={[...Object.values(PLACE_LABELS), "version"]}
        />
      ) : null}
      {way === "nearest" ? <Failover locality={locality} regions={regionsOf(places)} /> : null}
      {way === "shares" ? <Shares locality={locality} places={places} /> : null}
      {hasLevels && !isGuarded ? (
        <Text size="xs" c="var(--mw-attention)">
          Without outlier detection or a health check only hosts that are not ready give way to others.
        </Text>
      ) : null}
      {way !== undefined && way !== "off" && places.length === 0 ? (
        <Text size="xs" c="var(--mw-attention)">
          No workload of {service.name} says where it runs: its locality is a field of the workload.
        </Text>
      ) : null}
    </Section>
  );
}

type PartProps = { locality: TrafficLocality | undefined };

function Failover({ locality, regions }: PartProps & { regions: readonly string[] }) {
  const list = [...AT, "failover"];
  const entries = locality?.failover ?? [];
  const [from = "region-1", to = "region-2"] = regions;
  return (
    <>
      {keyed(entries).map(({ key, item, at }) => (
        <Entry
          key={key}
          list={list}
          at={at}
          count={entries.length}
          name={`failover ${at + 1}`}
          title={`From ${item.from}`}
        >
          <Row>
            <TextField path={[...list, at, "from"]} label="Callers in region" value={item.from} />
            <TextField path={[...list, at, "to"]} label="Then region" value={item.to} />
          </Row>
        </Entry>
      ))}
      <AddEntry list={list} count={entries.length} entry={{ from, to }}>
        Region that comes next
      </AddEntry>
    </>
  );
}

function Shares({ locality, places }: PartProps & { places: readonly string[] }) {
  const form = usePolicyForm();
  const list = [...AT, "distribute"];
  const entries = locality?.distribute ?? [];
  return (
    <>
      {keyed(entries).map(({ key, item: { from, to }, at }) => {
        const shares = Object.entries(to);
        const next = nextShare(to, places);
        const sum = shares.reduce((total, [, weight]) => total + weight, 0);
        return (
          <Entry
            key={key}
            list={list}
            at={at}
            count={entries.length}
            name={`shares ${at + 1}`}
            title={`From ${from === "*" ? "any place" : from}`}
            isOrdered
            isLastNeeded
          >
            <TextField
              path={[...list, at, "from"]}
              label="Callers in"
              description="region/zone/subzone; * is any. The first entry that fits counts."
              value={from}
            />
            {shares.map(([place, weight]) => (
              <div key={place} className={classes.withButton}>
                <NumberField
                  path={[...list, at, "to", place]}
                  label={`To ${place}`}
                  description=""
                  value={weight}
                  suffix="%"
                />
                <ActionIcon
                  aria-label={`Remove the share of ${place}`}
                  disabled={form.isReadOnly || shares.length === 1}
                  onClick={() => form.set([...list, at, "to", place], undefined)}
                >
                  <IconX size={16} />
                </ActionIcon>
              </div>
            ))}
            {sum === 100 ? null : (
              <Text size="xs" c="var(--mw-attention)">
                {sum} % together; it has to be 100.
              </Text>
            )}
            {next === null ? (
              <Text size="xs" c="dimmed">
                Other places can be written in the YAML.
              </Text>
            ) : (
              <AddField onClick={() => form.set([...list, at, "to", next[0]], next[1])}>Share of {next[0]}</AddField>
            )}
          </Entry>
        );
      })}
      <AddEntry list={list} count={entries.length} entry={inWay("shares", undefined, places)?.distribute?.[0]}>
        Shares for other callers
      </AddEntry>
    </>
  );
}
