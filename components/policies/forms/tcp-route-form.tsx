"use client";
// The form of a TCP route: its rules in order, each with the connections that it takes and where they go.
import { Text } from "@mantine/core";
import type { Path, TcpMatch, TcpRoute, TcpRule } from "@/lib/mesh";
import { tcpRuleEffect } from "@/lib/mesh/policies";
import { NumberField, TextField } from "./fields";
import { keyed } from "./keyed";
import { Caller } from "./match-fields";
import { AddEntry, Entry, Row, Section } from "./parts";
import { ServiceField } from "./reference-fields";
import { Split } from "./split";

const NEW_MATCH: TcpMatch = { caller: { labels: { version: "v1" } } };

export function TcpRouteForm({ route }: { route: TcpRoute }) {
  const { rules, service } = route.spec;
  const plain: TcpRule = { matches: [], destinations: [{ service, weight: 100 }] };
  return (
    <>
      <Section title="For connections to" hint="On the ports of this service that speak TCP.">
        <ServiceField path={["spec", "service"]} label="Service" value={service} />
      </Section>
      <Section
        title="Rules"
        hint="Tried in order; the first that matches decides. What none takes goes to the service."
      >
        {keyed(rules, (rule) => rule.name ?? "").map(({ key, item: rule, at: i }) => (
          <Entry
            key={key}
            list={["spec", "rules"]}
            at={i}
            count={rules.length}
            name={rule.name ? `rule ${rule.name}` : `rule ${i + 1}`}
            title={`${i + 1}. ${tcpRuleEffect(rule, service.name)}`}
            isOrdered
            isLastNeeded
            copy={{ ...rule, name: rule.name ? `${rule.name}-copy` : undefined }}
          >
            <Matches path={["spec", "rules", i, "matches"]} matches={rule.matches} />
            <Split path={["spec", "rules", i, "destinations"]} destinations={rule.destinations} />
            <TextField path={["spec", "rules", i, "name"]} label="Name" value={rule.name} placeholder="no name" />
          </Entry>
        ))}
        <AddEntry list={["spec", "rules"]} count={rules.length} entry={plain}>
          Add a rule
        </AddEntry>
      </Section>
    </>
  );
}

function Matches({ path, matches }: { path: Path; matches: readonly TcpMatch[] }) {
  return (
    <>
      {matches.length === 0 ? (
        <Text size="xs" c="dimmed">
          Every connection that reaches this rule.
        </Text>
      ) : null}
      {keyed(matches).map(({ key, item: match, at: i }) => (
        <Entry
          key={key}
          list={path}
          at={i}
          count={matches.length}
          name={`match ${i + 1}`}
          title={i === 0 ? "Connections" : "or connections"}
          copy={match}
        >
          <Row>
            <NumberField path={[...path, i, "port"]} label="To port" value={match.port} placeholder="any" />
          </Row>
          <Caller path={[...path, i, "caller"]} caller={match.caller} />
        </Entry>
      ))}
      <AddEntry list={path} count={matches.length} entry={NEW_MATCH}>
        {matches.length === 0 ? "Only some connections" : "Or other connections"}
      </AddEntry>
    </>
  );
}
