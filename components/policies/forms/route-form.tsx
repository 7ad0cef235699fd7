"use client";
// The form of a route: its rules in order, each with its matches, what happens, and how long it may take.
import { Button, SegmentedControl } from "@mantine/core";
import { type Path, RETRY_CONDITIONS, type Route, type RouteRule } from "@/lib/mesh";
import { ruleEffect } from "@/lib/mesh/policies";
import { CorsFields } from "./cors-fields";
import { FaultFields } from "./fault-fields";
import { ListField, NumberField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import { HeaderFields } from "./header-fields";
import { Matches } from "./match-fields";
import { MirrorFields } from "./mirror-fields";
import { OrderedRules } from "./ordered-rules";
import { Row, Section } from "./parts";
import { RefField } from "./reference-fields";
import { Split } from "./split";

export function RouteForm({ route }: { route: Route }) {
  const { rules, target } = route.spec;
  const plain: RouteRule = {
    matches: [],
    action: { type: "forward", destinations: [{ service: { name: target.name }, weight: 100 }] },
  };
  return (
    <>
      <Section title="For calls to">
        <RefField
          path={["spec", "target"]}
          label="Target"
          value={target}
          kinds={["Service", "Gateway", "ExternalService"]}
        />
        {target.kind === "Gateway" ? (
          <ListField path={["spec", "hosts"]} label="Hosts" value={route.spec.hosts} placeholder="all of them" />
        ) : null}
      </Section>
      <OrderedRules
        rules={rules}
        hint="Tried in order; the first that matches decides."
        entry={plain}
        effect={(rule) => ruleEffect(rule, target.name)}
      >
        {(path, rule) => <Rule path={path} rule={rule} isGateway={target.kind === "Gateway"} />}
      </OrderedRules>
    </>
  );
}

function Rule({ path, rule, isGateway }: { path: Path; rule: RouteRule; isGateway: boolean }) {
  const retries = [...path, "retries"];
  return (
    <>
      <Matches path={[...path, "matches"]} matches={rule.matches} />
      <Action path={[...path, "action"]} rule={rule} />
      {rule.action.type === "forward" ? (
        <>
          <Row>
            <NumberField
              path={[...path, "timeoutMs"]}
              label="Timeout"
              value={rule.timeoutMs}
              suffix="ms"
              placeholder="none"
            />
            <NumberField
              path={[...retries, "attempts"]}
              label="Retries"
              value={rule.retries?.attempts}
              placeholder="none"
            />
          </Row>
          <NumberField
            path={[...path, "idleTimeoutMs"]}
            label="Given up without a byte for"
            value={rule.idleTimeoutMs}
            suffix="ms"
            placeholder={isGateway ? "five minutes" : "an hour"}
          />
          {rule.retries ? (
            <>
              <NumberField
                path={[...retries, "perTryTimeoutMs"]}
                label="Timeout of a try"
                value={rule.retries.perTryTimeoutMs}
                suffix="ms"
              />
              <Row>
                <NumberField
                  path={[...retries, "backoff", "baseMs"]}
                  label="Waits up to"
                  value={rule.retries.backoff?.baseMs}
                  suffix="ms"
                  placeholder="25"
                />
                {rule.retries.backoff ? (
                  <NumberField
                    path={[...retries, "backoff", "maxMs"]}
                    label="Waits at most"
                    value={rule.retries.backoff.maxMs}
                    suffix="ms"
                  />
                ) : null}
              </Row>
              <ListField
                path={[...retries, "on"]}
                label="Tried again on"
                value={rule.retries.on}
                choices={RETRY_CONDITIONS}
                placeholder="Envoy's default"
              />
              <SwitchField
                path={[...retries, "remoteLocalities"]}
                label="In other localities after two tries"
                value={rule.retries.remoteLocalities}
              />
            </>
          ) : null}
          <Row>
            {rule.rewrite?.pathRegex ? null : (
              <TextField
                path={[...path, "rewrite", "path"]}
                label="Path becomes"
                description=""
                value={rule.rewrite?.path}
                placeholder="unchanged"
              />
            )}
            <TextField
              path={[...path, "rewrite", "host"]}
              label="Host becomes"
              description=""
              value={rule.rewrite?.host}
              placeholder="unchanged"
            />
          </Row>
          {rule.rewrite?.path === undefined ? (
            <PathParts path={[...path, "rewrite", "pathRegex"]} parts={rule.rewrite?.pathRegex} />
          ) : null}
        </>
      ) : null}
      {rule.action.type === "forward" || rule.mirrors ? (
        <MirrorFields
          path={[...path, "mirrors"]}
          mirrors={rule.mirrors}
          destinations={rule.action.type === "forward" ? rule.action.destinations : []}
        />
      ) : null}
      {rule.action.type === "forward" || rule.fault ? (
        <FaultFields path={[...path, "fault"]} fault={rule.fault} />
      ) : null}
      {rule.action.type === "forward" || rule.cors ? <CorsFields path={[...path, "cors"]} cors={rule.cors} /> : null}
      <TextField path={[...path, "name"]} label="Name" value={rule.name} placeholder="no name" />
      <HeaderFields path={[...path, "headers"]} headers={rule.headers} of="of the rule" />
    </>
  );
}

function Action({ path, rule }: { path: Path; rule: RouteRule }) {
  const form = usePolicyForm();
  const { action } = rule;
  const change = (type: string) => {
    if (type === action.type) return;
    const name = form.object.kind === "Route" ? form.object.spec.target.name : "service";
    const made: Record<string, unknown> = {
      forward: { type, destinations: [{ service: { name }, weight: 100 }] },
      redirect: { type, path: "/" },
      respond: { type, status: 503 },
    };
    form.set(path, made[type]);
  };
  return (
    <>
      <SegmentedControl
        size="xs"
        disabled={form.isReadOnly}
        value={action.type}
        onChange={change}
        aria-label="What happens to the request"
        data={[
          { value: "forward", label: "Forward" },
          { value: "redirect", label: "Redirect" },
          { value: "respond", label: "Answer" },
        ]}
      />
      {action.type === "forward" ? <Split path={[...path, "destinations"]} destinations={action.destinations} /> : null}
      {action.type === "redirect" ? (
        <Row>
          <TextField path={[...path, "host"]} label="Host" value={action.host} placeholder="as called" />
          <TextField path={[...path, "path"]} label="Path" value={action.path} placeholder="as called" />
          <TextField
            path={[...path, "prefixRewrite"]}
            label="Prefix"
            value={action.prefixRewrite}
            placeholder="as called"
          />
          <NumberField path={[...path, "code"]} label="Status" value={action.code} placeholder="301" />
        </Row>
      ) : null}
      {action.type === "respond" ? (
        <Row>
          <NumberField path={[...path, "status"]} label="Status" value={action.status} />
          <TextField path={[...path, "body"]} label="Body" value={action.body} placeholder="empty" />
        </Row>
      ) : null}
    </>
  );
}

type Parts = NonNullable<NonNullable<RouteRule["rewrite"]>["pathRegex"]>;

/** Instead of a whole new path: every part of it that an expression takes. */
function PathParts({ path, parts }: { path: Path; parts: Parts | undefined }) {
  const form = usePolicyForm();
  const set = (value: Parts | undefined) => form.set(path, value);
  return (
    <>
      {parts ? (
        <Row>
          <TextField path={[...path, "match"]} label="Parts of the path" description="" value={parts.match} />
          <TextField path={[...path, "substitution"]} label="become" description="" value={parts.substitution} />
        </Row>
      ) : null}
      <Button
        size="compact-xs"
        variant="subtle"
        disabled={form.isReadOnly}
        onClick={() => set(parts ? undefined : { match: "^/v([0-9]+)/", substitution: "/api/\\1/" })}
        style={{ alignSelf: "flex-start" }}
      >
        {parts ? "Leave the path as it is" : "Replace parts of the path"}
      </Button>
    </>
  );
}
