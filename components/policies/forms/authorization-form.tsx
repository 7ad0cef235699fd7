"use client";
// The form for authorization: what is protected, what happens, and the rules of who may send what.
import { SegmentedControl, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type {
  AuthorizationOperation,
  AuthorizationPolicy,
  AuthorizationRule,
  AuthorizationSource,
  Path,
} from "@/lib/mesh";
import { Exceptions, NOT_OF_OPERATIONS, NOT_OF_SOURCES, RuleConditions } from "./exceptions";
import { ChoiceField, ListField, SwitchField } from "./fields";
import { useDescription, usePolicyForm } from "./form-context";
import { ClaimConditions, HeaderConditions } from "./header-conditions";
import { keyed } from "./keyed";
import { METHODS } from "./match-fields";
import { AddEntry, Entry, Row, Section } from "./parts";
import { RefsField, TargetField } from "./reference-fields";

export function AuthorizationForm({ policy }: { policy: AuthorizationPolicy }) {
  const form = usePolicyForm();
  const { target, action, authorizer, shadow, rules } = policy.spec;
  const authorizers = (form.index.mesh?.spec.authorizers ?? []).map(({ name }) => name);
  /** An authorizer belongs to the action custom alone, and nothing of that is in shadow. */
  const setAction = (next: string) => {
    const { authorizer: known, shadow: isShadow, ...rest } = policy.spec;
    const asked = known ?? authorizers[0];
    const more = next === "custom" ? { authorizer: asked } : { shadow: isShadow };
    form.set(["spec"], { ...rest, action: next, ...more });
  };
  return (
    <>
      <Section title="What is protected">
        <TargetField value={target} hasGateways={action === "custom" || target.gateway !== undefined} />
      </Section>
      <Section title="What happens">
        <SegmentedControl
          size="xs"
          disabled={form.isReadOnly}
          aria-label="Action"
          value={action}
          onChange={setAction}
          data={[
            { value: "allow", label: "Allow" },
            { value: "deny", label: "Deny" },
            { value: "audit", label: "Audit" },
            // somebody has to be there to ask
            { value: "custom", label: "Ask", disabled: action !== "custom" && authorizers.length === 0 },
          ]}
        />
        <Text size="xs" c="dimmed">
          {useDescription(["spec", "action"])}
          {authorizers.length === 0 ? " Whom to ask is added in Settings, Authorizers." : null}
        </Text>
        {action === "custom" ? (
          <ChoiceField
            path={["spec", "authorizer"]}
            label="Authorizer"
            value={authorizer}
            choices={authorizers}
            isRequired
          />
        ) : (
          <SwitchField path={["spec", "shadow"]} label="Only in shadow" value={shadow} />
        )}
      </Section>
      <Section title="Rules" hint="Any of them has to match.">
        {rules.length === 0 ? (
          <Text size="sm" c="dimmed">
            {action === "allow" ? "No rule: it grants nothing." : "No rule: it matches nothing."}
          </Text>
        ) : null}
        {keyed(rules).map(({ key, item: rule, at: i }) => (
          <Entry
            key={key}
            list={["spec", "rules"]}
            at={i}
            count={rules.length}
            name={`rule ${i + 1}`}
            title={`Rule ${i + 1}`}
            copy={rule}
          >
            <Rule path={["spec", "rules", i]} rule={rule} />
          </Entry>
        ))}
        <AddEntry list={["spec", "rules"]} count={rules.length} entry={{}}>
          Add a rule
        </AddEntry>
      </Section>
    </>
  );
}

function Rule({ path, rule }: { path: Path; rule: AuthorizationRule }) {
  const { index } = usePolicyForm();
  return (
    <>
      <Alternatives<AuthorizationSource> list={[...path, "from"]} items={rule.from} name="callers" title="Callers">
        {(source, at) => (
          <>
            <RefsField
              path={[...at, "services"]}
              label="Services and gateways"
              value={source.services}
              placeholder="any caller"
              description=""
            />
            <ListField
              path={[...at, "namespaces"]}
              label="Namespaces"
              description=""
              value={source.namespaces}
              choices={index.namespaces}
            />
            <ListField path={[...at, "principals"]} label="Principals" value={source.principals} placeholder="any" />
            <Row>
              <ListField
                path={[...at, "addresses"]}
                label="Addresses"
                value={source.addresses}
                placeholder="any, as 10.0.0.0/8"
                isVerbatim
              />
              <ListField
                path={[...at, "clientAddresses"]}
                label="Clients' addresses"
                value={source.clientAddresses}
                placeholder="any"
                isVerbatim
              />
            </Row>
            <Exceptions value={source} fields={NOT_OF_SOURCES} at={at} />
            <Row>
              <ListField
                path={[...at, "requestPrincipals"]}
                label="Tokens"
                value={source.requestPrincipals}
                placeholder="none needed"
                isVerbatim
              />
              <ListField
                path={[...at, "notRequestPrincipals"]}
                label="Not tokens"
                value={source.notRequestPrincipals}
                isVerbatim
              />
            </Row>
            <ClaimConditions path={[...at, "claims"]} conditions={source.claims} />
          </>
        )}
      </Alternatives>
      <Alternatives<AuthorizationOperation> list={[...path, "to"]} items={rule.to} name="operations" title="Operations">
        {(operation, at) => (
          <>
            <Row>
              <ListField
                path={[...at, "methods"]}
                label="Methods"
                description=""
                value={operation.methods}
                choices={METHODS}
              />
              <ListField path={[...at, "ports"]} label="Ports" description="" value={operation.ports} isNumeric />
            </Row>
            <ListField
              path={[...at, "paths"]}
              label="Paths"
              value={operation.paths}
              placeholder="any, as /admin or /admin/*"
            />
            <ListField path={[...at, "hosts"]} label="Hosts" description="" value={operation.hosts} />
            <Exceptions value={operation} fields={NOT_OF_OPERATIONS} at={at} />
            <HeaderConditions path={[...at, "headers"]} conditions={operation.headers} />
          </>
        )}
      </Alternatives>
      <RuleConditions path={[...path, "when"]} conditions={rule.when} />
    </>
  );
}

/** What a rule takes any of: the fields themselves while there is one, entries of a list when there are several. */
function Alternatives<T extends object>(props: {
  list: Path;
  items: readonly T[] | undefined;
  /** In lower case, with its number the name of an entry. */
  name: string;
  title: string;
  children: (item: T | Record<string, never>, at: Path) => ReactNode;
}) {
  const { list, items = [], name, title, children } = props;
  if (items.length <= 1) return children(items[0] ?? {}, [...list, 0]);
  return keyed<T>(items).map(({ key, item, at: i }) => (
    <Entry
      key={key}
      list={list}
      at={i}
      count={items.length}
      name={`${name} ${i + 1}`}
      title={i === 0 ? title : `or ${name}`}
    >
      {children(item, [...list, i])}
    </Entry>
  ));
}
