"use client";
// The form of a route: its rules in order, each with its matches, what happens, and how long it may take.
import { Button, SegmentedControl } from "@mantine/core";
import { type Path, RETRY_CONDITIONS, type Retries, type Route, type RouteRule } from "@/lib/mesh";
import { ruleEffect } from "@/lib/mesh/policies";
import { CorsFields } from "./cors-fields";
import { FaultFields } from "./fault-fields";
import { ChoiceField, ListField, NumberField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { HeaderFields } from "./header-fields";
import { Matches, SCHEMES } from "./match-fields";
import { MirrorFields } from "./mirror-fields";
import { OrderedRules } from "./ordered-rules";
import { More, Row, Section } from "./parts";
import { RedirectFields } from "./redirect-fields";
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
              description="For all tries together."
              value={rule.timeoutMs}
              suffix="ms"
              placeholder="none"
            />
            <NumberField
              path={[...path, "idleTimeoutMs"]}
              label="Idle timeout"
              description="Given up when no byte moves."
              value={rule.idleTimeoutMs}
              suffix="ms"
              placeholder={`default ${isGateway ? "5 min" : "1 h"}`}
            />
          </Row>
          <Row>
            <NumberField
              path={[...path, "retries", "attempts"]}
              label="Retries"
              description="Tries after the first; 0: none."
              value={rule.retries?.attempts}
              placeholder="default 2"
            />
            {rule.retries ? (
              <NumberField
                path={[...path, "retries", "perTryTimeoutMs"]}
                label="Timeout of a try"
                description="Of each of them."
                value={rule.retries.perTryTimeoutMs}
                suffix="ms"
                placeholder="as the rule"
              />
            ) : null}
          </Row>
          {rule.retries ? <RetryFields path={[...path, "retries"]} retries={rule.retries} /> : null}
          <RedirectFields path={[...path, "internalRedirects"]} redirects={rule.internalRedirects} />
          <More label="New path or host on the way" isSet={rule.rewrite !== undefined}>
            <Rewrite path={[...path, "rewrite"]} rewrite={rule.rewrite} />
          </More>
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

function RetryFields({ path, retries }: { path: Path; retries: Retries }) {
  const form = usePolicyForm();
  const { backoff, ignorePreviousHosts: isLeftOut } = retries;
  return (
    <>
      <ListField
        path={[...path, "on"]}
        label="Tried again on"
        description="Conditions of Envoy, or status codes. By default where the callee has not begun."
        value={retries.on}
        choices={RETRY_CONDITIONS}
        placeholder="default"
      />
      <More
        label="When and where it is tried again"
        isSet={backoff !== undefined || isLeftOut !== undefined || retries.remoteLocalities !== undefined}
      >
        <Row>
          <NumberField
            path={[...path, "backoff", "baseMs"]}
            label="First wait, up to"
            description="The next ones grow up to threefold."
            value={backoff?.baseMs}
            suffix="ms"
            placeholder="default 25 ms"
          />
          {backoff ? (
            <NumberField
              path={[...path, "backoff", "maxMs"]}
              label="No wait longer than"
              description="By default ten times the first."
              value={backoff.maxMs}
              suffix="ms"
              placeholder={`default ${backoff.baseMs * 10} ms`}
            />
          ) : null}
        </Row>
        <ChoiceField
          path={[...path, "ignorePreviousHosts"]}
          label="Hosts that were tried already"
          description=""
          value={isLeftOut === undefined ? undefined : String(isLeftOut)}
          choices={PREVIOUS_HOSTS}
          placeholder="avoided, but not with a hash (default)"
          onChoose={(choice) =>
            form.set([...path, "ignorePreviousHosts"], choice === undefined ? undefined : choice === "true")
          }
        />
        <SwitchField
          path={[...path, "remoteLocalities"]}
          label="Other localities after every two tries"
          description="Those that come after the ones that were tried."
          value={retries.remoteLocalities}
        />
      </More>
    </>
  );
}

const PREVIOUS_HOSTS = [
  { value: "true", label: "avoided, for up to five choices" },
  { value: "false", label: "chosen as any other" },
];

function Rewrite({ path, rewrite }: { path: Path; rewrite: RouteRule["rewrite"] }) {
  return (
    <>
      <Row>
        {rewrite?.pathRegex ? null : (
          <TextField
            path={[...path, "path"]}
            label="Path becomes"
            description="Of a prefix, the prefix alone."
            value={rewrite?.path}
            placeholder="unchanged"
          />
        )}
        <TextField
          path={[...path, "host"]}
          label="Host becomes"
          description="As the destination sees it."
          value={rewrite?.host}
          placeholder="unchanged"
        />
      </Row>
      {rewrite?.path === undefined ? <PathParts path={[...path, "pathRegex"]} parts={rewrite?.pathRegex} /> : null}
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
          <ChoiceField
            path={[...path, "scheme"]}
            label="Scheme"
            description=""
            value={action.scheme}
            choices={SCHEMES}
            placeholder="as called"
          />
          <TextField path={[...path, "host"]} label="Host" description="" value={action.host} placeholder="as called" />
          <NumberField
            path={[...path, "port"]}
            label="Port"
            description=""
            value={action.port}
            placeholder="as called"
          />
          <NumberField
            path={[...path, "code"]}
            label="Status"
            description=""
            value={action.code}
            placeholder="default 301"
          />
          <TextField
            path={[...path, "path"]}
            label="Path becomes"
            description="All of it."
            value={action.path}
            placeholder="as called"
          />
          <TextField
            path={[...path, "prefixRewrite"]}
            label="Prefix becomes"
            description="The part that matched."
            value={action.prefixRewrite}
            placeholder="as called"
          />
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
          <TextField
            path={[...path, "match"]}
            label="Parts of the path"
            description="An expression (RE2)."
            value={parts.match}
          />
          <TextField
            path={[...path, "substitution"]}
            label="Become"
            description="\1 is the first group."
            value={parts.substitution}
            placeholder="nothing"
          />
        </Row>
      ) : null}
      <Button
        size="compact-xs"
        variant="subtle"
        disabled={form.isReadOnly}
        onClick={() => set(parts ? undefined : { match: "^/v([0-9]+)/", substitution: "/api/\\1/" })}
        className={classes.add}
      >
        {parts ? "Leave the path as it is" : "Replace parts of the path"}
      </Button>
    </>
  );
}
