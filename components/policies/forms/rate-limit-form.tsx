"use client";
// The form of a rate limit: limits in order, each with which requests it counts and how many there may be; and of new connections.
import { Button } from "@mantine/core";
import type { ConnectionRate, Path, RateLimit, RequestLimit } from "@/lib/mesh";
import { limitText } from "@/lib/mesh/diff/words";
import { withScope } from "@/lib/mesh/policies";
import { ChoiceField, NumberField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { keyed } from "./keyed";
import { Match } from "./match-fields";
import { AddEntry, AddField, Entry, Row, Section } from "./parts";
import { ServiceField } from "./reference-fields";

const NEW_LIMIT: RequestLimit = { match: { path: { type: "pathPrefix", value: "/" } }, requests: 100, perMs: 1000 };
const NEW_RATE: ConnectionRate = { connections: 100, perMs: 1000 };
const SCOPES = [
  { value: "instance", label: "Each instance counts for itself" },
  { value: "global", label: "All instances share one count" },
];
const WHEN_AWAY = [
  { value: "allow", label: "Let requests through" },
  { value: "deny", label: "Refuse requests" },
];
const KEYS = [
  { value: "caller", label: "Each caller" },
  { value: "header", label: "Each value of a header" },
];
const NEW_HEADER = "x-user";
const NEW_MATCH: RequestLimit["match"] = { path: { type: "pathPrefix", value: "/" } };

export function RateLimitForm({ policy }: { policy: RateLimit }) {
  const { service, scope, whenAway, limits = [], connectionRate, shadow, tellsCallers } = policy.spec;
  const form = usePolicyForm();
  const isShared = scope === "global";
  const chooseScope = (value: string | undefined) =>
    form.set(["spec"], withScope(policy.spec, value === "global" || value === "instance" ? value : undefined));
  return (
    <>
      <Section title="For calls to">
        <ServiceField path={["spec", "service"]} label="Service" value={service} />
      </Section>
      <Section title="Who counts" hint="One count for all instances is kept by the control plane, which sidecars ask.">
        <Row>
          <ChoiceField
            path={["spec", "scope"]}
            label="Scope"
            value={scope}
            choices={SCOPES}
            placeholder="each instance counts for itself"
            onChoose={chooseScope}
          />
          {isShared || whenAway !== undefined ? (
            <ChoiceField
              path={["spec", "whenAway"]}
              label="While nobody can be asked"
              value={whenAway}
              choices={WHEN_AWAY}
              placeholder="let requests through"
            />
          ) : null}
        </Row>
      </Section>
      <Section title="Limits" hint="Tried in order; the first that matches counts. What none matches is not limited.">
        {keyed(limits, (limit) => limit.name ?? "").map(({ key, item: limit, at: i }) => (
          <Entry
            key={key}
            list={["spec", "limits"]}
            at={i}
            count={limits.length}
            name={`limit ${i + 1}`}
            title={`${i + 1}. ${limitText(limit)}`}
            isOrdered
            isLastNeeded={connectionRate === undefined}
            copy={limit}
          >
            <Limit path={["spec", "limits", i]} limit={limit} isShared={isShared} />
          </Entry>
        ))}
        <AddEntry list={["spec", "limits"]} count={limits.length} entry={NEW_LIMIT}>
          Add a limit
        </AddEntry>
      </Section>
      <Section
        title="New connections"
        hint="Each instance counts for itself, each TCP port too; one more is closed. HTTP requests come over few connections of sidecars."
      >
        <ConnectionRateFields rate={connectionRate} isOnly={limits.length === 0} />
      </Section>
      <Section title="What callers see">
        <SwitchField path={["spec", "tellsCallers"]} label="Tell callers what is left" value={tellsCallers} />
        <SwitchField path={["spec", "shadow"]} label="Only count" value={shadow} />
      </Section>
    </>
  );
}

function ConnectionRateFields({ rate, isOnly }: { rate: ConnectionRate | undefined; isOnly: boolean }) {
  const form = usePolicyForm();
  const path = ["spec", "connectionRate"];
  if (!rate) return <AddField onClick={() => form.set(path, NEW_RATE)}>Limit new connections</AddField>;
  return (
    <>
      <Row>
        <NumberField
          path={[...path, "connections"]}
          label="Connections"
          description="New ones in a period."
          value={rate.connections}
        />
        <NumberField
          path={[...path, "perMs"]}
          label="Period of connections"
          description="50 ms or longer."
          value={rate.perMs}
          suffix="ms"
        />
        <NumberField
          path={[...path, "burst"]}
          label="Connections at once"
          description="After a quiet time."
          value={rate.burst}
          placeholder="as the connections"
        />
      </Row>
      {isOnly || form.isReadOnly ? null : (
        <Button className={classes.add} size="compact-xs" variant="subtle" onClick={() => form.set(path, undefined)}>
          Limit no connections
        </Button>
      )}
    </>
  );
}

function Limit({ path, limit, isShared }: { path: Path; limit: RequestLimit; isShared: boolean }) {
  const form = usePolicyForm();
  return (
    <>
      <Row>
        <NumberField
          path={[...path, "requests"]}
          label="Requests"
          description={isShared ? "In a period, all instances." : "In a period, each instance."}
          value={limit.requests}
        />
        <NumberField
          path={[...path, "perMs"]}
          label="Period"
          description="50 ms or longer."
          value={limit.perMs}
          suffix="ms"
        />
        {isShared && limit.burst === undefined ? null : (
          <NumberField
            path={[...path, "burst"]}
            label="At once"
            description="After a quiet time."
            value={limit.burst}
            placeholder="as the requests"
          />
        )}
      </Row>
      {isShared || limit.per ? <Key path={[...path, "per"]} per={limit.per} /> : null}
      {limit.match ? (
        <Match path={[...path, "match"]} match={limit.match} />
      ) : (
        <AddField onClick={() => form.set([...path, "match"], NEW_MATCH)}>Only some requests</AddField>
      )}
      <TextField path={[...path, "name"]} label="Name" value={limit.name} placeholder="no name" />
    </>
  );
}

function Key({ path, per }: { path: Path; per: RequestLimit["per"] }) {
  const form = usePolicyForm();
  const choose = (type: string | undefined) => {
    if (type === undefined) form.set(path, undefined);
    else form.set(path, type === "caller" ? { type: "caller" } : { type: "header", name: NEW_HEADER });
  };
  return (
    <Row>
      <ChoiceField
        path={[...path, "type"]}
        label="A budget for"
        value={per?.type}
        choices={KEYS}
        placeholder="all requests together"
        onChoose={choose}
      />
      {per?.type === "header" ? <TextField path={[...path, "name"]} label="Header" value={per.name} /> : null}
    </Row>
  );
}
