"use client";
// The form of a TCP route: its rules in order, each with the connections that it takes and where they go.
import type { Path, TcpMatch, TcpRoute, TcpRule } from "@/lib/mesh";
import { tcpRuleEffect } from "@/lib/mesh/policies";
import { NumberField, TextField } from "./fields";
import { MatchList } from "./match-fields";
import { OrderedRules } from "./ordered-rules";
import { Row, Section } from "./parts";
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
      <OrderedRules
        rules={rules}
        hint="Tried in order; the first that matches decides. What none takes goes to the service."
        entry={plain}
        effect={(rule) => tcpRuleEffect(rule, service.name)}
      >
        {(path, rule) => (
          <>
            <Matches path={[...path, "matches"]} matches={rule.matches} />
            <Split path={[...path, "destinations"]} destinations={rule.destinations} />
            <TextField path={[...path, "name"]} label="Name" value={rule.name} placeholder="no name" />
          </>
        )}
      </OrderedRules>
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
