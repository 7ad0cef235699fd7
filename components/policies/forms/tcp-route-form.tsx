"use client";
// The form of a TCP route: its rules in order, each with the connections that it takes and where they go.
import { Choose } from "@/components/ui";
import {
  isConnectionListener,
  type Path,
  type TcpMatch,
  type TcpRoute,
  type TcpRule,
  tcpTargetKey,
  tcpTargetOf,
} from "@/lib/mesh";
import { tcpRuleEffect } from "@/lib/mesh/policies";
import { ListField, NumberField, TextField } from "./fields";
import { useDescription, usePolicyForm } from "./form-context";
import { MatchList } from "./match-fields";
import { OrderedRules } from "./ordered-rules";
import { Row, Section } from "./parts";
import { optionOf, optionsOf } from "./reference-fields";
import { Split } from "./split";
import { refOfKey } from "./target";

const AT_SERVICE: TcpMatch = { caller: { labels: { version: "v1" } } };
const AT_GATEWAY: TcpMatch = { serverNames: ["app.example.com"] };

export function TcpRouteForm({ route }: { route: TcpRoute }) {
  const form = usePolicyForm();
  const { rules, gateway } = route.spec;
  const target = tcpTargetOf(route);
  const [first] = form.index.all("Service");
  const service = gateway
    ? (rules[0]?.destinations[0]?.service ?? { name: first?.metadata.name ?? "" })
    : (route.spec.service ?? { name: target.name });
  const plain: TcpRule = { matches: [], destinations: [{ service, weight: 100 }] };
  const listeners = form.index.find("Gateway", tcpTargetKey(route))?.spec.listeners.filter(isConnectionListener);
  return (
    <>
      <Section
        title="For connections to"
        hint={
          gateway
            ? "At the listeners of this gateway that carry TCP, or pass TLS on."
            : "On the ports of this service that speak TCP."
        }
      >
        <Target route={route} />
      </Section>
      <OrderedRules
        rules={rules}
        hint={`Tried in order; the first that matches decides. What none takes ${gateway ? "is closed" : "goes to the service"}.`}
        entry={plain}
        effect={(rule) => tcpRuleEffect(rule, target.name)}
      >
        {(path, rule) => (
          <>
            <Matches
              path={[...path, "matches"]}
              matches={rule.matches}
              hosts={gateway ? (listeners ?? []).flatMap(({ hosts }) => hosts) : null}
            />
            <Split path={[...path, "destinations"]} destinations={rule.destinations} />
            <TextField path={[...path, "name"]} label="Name" value={rule.name} placeholder="no name" />
          </>
        )}
      </OrderedRules>
    </>
  );
}

/** A service, or a gateway that carries connections. */
function Target({ route }: { route: TcpRoute }) {
  const form = usePolicyForm();
  const own = route.metadata.namespace;
  const words = useDescription(["spec", route.spec.gateway ? "gateway" : "service"]);
  const { service: _, gateway: __, ...rest } = route.spec;
  return (
    <Choose
      label={route.spec.gateway ? "Gateway" : "Service"}
      description={words}
      size="xs"
      allowDeselect={false}
      disabled={form.isReadOnly}
      chosen={optionOf(form.index, tcpTargetKey(route), own)}
      options={() => optionsOf(form.index, ["Service", "Gateway"], own)}
      onChange={(next) => {
        const ref = next ? refOfKey(next, own) : undefined;
        if (!ref) return;
        const { kind, ...named } = ref;
        form.set(["spec"], kind === "Gateway" ? { gateway: named, ...rest } : { service: named, ...rest });
      }}
    />
  );
}

/** `hosts`: of the gateway's listeners; null for a service. */
function Matches({
  path,
  matches,
  hosts,
}: {
  path: Path;
  matches: readonly TcpMatch[];
  hosts: readonly string[] | null;
}) {
  return (
    <MatchList
      path={path}
      matches={matches}
      entry={hosts ? AT_GATEWAY : AT_SERVICE}
      things="connections"
      words={["Every connection that reaches this rule.", "Connections", "or connections"]}
      hasCallers={hosts === null}
    >
      {(at, match) => (
        <>
          <Row>
            <NumberField path={[...at, "port"]} label="To port" value={match.port} placeholder="any" />
          </Row>
          <ListField
            path={[...at, "serverNames"]}
            label="TLS for these server names"
            value={match.serverNames}
            choices={hosts ?? []}
            placeholder="any"
          />
        </>
      )}
    </MatchList>
  );
}
