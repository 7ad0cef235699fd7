"use client";
// The form of a TCP route: its rules in order, each with the connections that it takes and where they go.
import type { Path, TcpMatch, TcpRoute, TcpRule } from "@/lib/mesh";
import { tcpRuleEffect } from "@/lib/mesh/policies";
import { NumberField, TextField } from "./fields";
import { keyed } from "./keyed";
import { MatchList } from "./match-fields";
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
    <MatchList
      path={path}
      matches={matches}
      entry={NEW_MATCH}
      things="connections"
      words={["Every connection that reaches this rule.", "Connections", "or connections"]}
    >
      {(at, match) => (
        <Row>
          <NumberField path={[...at, "port"]} label="To port" value={match.port} placeholder="any" />
        </Row>
      )}
    </MatchList>
  );
}
