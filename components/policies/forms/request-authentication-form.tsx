"use client";
// The form of a request authentication: whose callers' tokens are looked at, and whose tokens count.
import type { JwtRule, Path, RequestAuthentication } from "@/lib/mesh";
import { jwtRuleText } from "@/lib/mesh/policies/effect-authentication";
import { ListField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import { keyed } from "./keyed";
import { AddEntry, AddField, Entry, Row, Section } from "./parts";
import { TargetField } from "./reference-fields";

const NEW_RULE: JwtRule = {
  issuer: "https://issuer.example",
  jwksUri: "https://issuer.example/.well-known/jwks.json",
};

export function RequestAuthenticationForm({ policy }: { policy: RequestAuthentication }) {
  const { target, jwtRules } = policy.spec;
  return (
    <>
      <Section title="Whose callers">
        <TargetField value={target} />
      </Section>
      <Section
        title="Whose tokens count"
        hint="Any other token gets 401. A request without one passes: who has to have one says an authorization policy."
      >
        {keyed(jwtRules, ({ issuer }) => issuer).map(({ key, item: rule, at: i }) => (
          <Entry
            key={key}
            list={["spec", "jwtRules"]}
            at={i}
            count={jwtRules.length}
            name={`issuer ${i + 1}`}
            title={jwtRuleText(rule)}
            isLastNeeded
            copy={rule}
          >
            <Rule path={["spec", "jwtRules", i]} rule={rule} />
          </Entry>
        ))}
        <AddEntry list={["spec", "jwtRules"]} count={jwtRules.length} entry={NEW_RULE}>
          Add an issuer
        </AddEntry>
      </Section>
    </>
  );
}

function Rule({ path, rule }: { path: Path; rule: JwtRule }) {
  return (
    <>
      <Row>
        <TextField path={[...path, "issuer"]} label="Issuer" value={rule.issuer} />
        <ListField
          path={[...path, "audiences"]}
          label="Audiences"
          value={rule.audiences}
          placeholder="any"
          isVerbatim
        />
      </Row>
      <Keys path={path} rule={rule} />
      <ListField path={[...path, "fromParams"]} label="Query parameters" value={rule.fromParams} isVerbatim />
      <ListField path={[...path, "fromCookies"]} label="Cookies" value={rule.fromCookies} isVerbatim />
      <Headers path={[...path, "fromHeaders"]} headers={rule.fromHeaders} />
      <SwitchField path={[...path, "forward"]} label="The app gets the token" value={rule.forward} />
      <TextField
        path={[...path, "outputPayloadToHeader"]}
        label="Payload as header"
        value={rule.outputPayloadToHeader}
        placeholder="not told"
      />
      <Claims path={[...path, "outputClaimToHeaders"]} claims={rule.outputClaimToHeaders} />
    </>
  );
}

/** The one or the other; changing over keeps the rest of the rule. */
function Keys({ path, rule }: { path: Path; rule: JwtRule }) {
  const form = usePolicyForm();
  const { jwks, jwksUri, ...rest } = rule;
  if (jwks === undefined) {
    return (
      <>
        <TextField path={[...path, "jwksUri"]} label="Where the keys are" value={jwksUri} />
        <AddField onClick={() => form.set(path, { ...rest, jwks: '{"keys": []}' })}>
          Write the keys here instead
        </AddField>
      </>
    );
  }
  return (
    <>
      <TextField path={[...path, "jwks"]} label="Public keys" value={jwks} />
      <AddField onClick={() => form.set(path, { ...rest, jwksUri: NEW_RULE.jwksUri })}>Fetch the keys instead</AddField>
    </>
  );
}

function Headers({ path, headers = [] }: { path: Path; headers: JwtRule["fromHeaders"] }) {
  return (
    <>
      {keyed(headers).map(({ key, item: { name, prefix }, at: i }) => (
        <Entry key={key} list={path} at={i} count={headers.length} name={`header ${i + 1}`} title="Token in a header">
          <Row>
            <TextField path={[...path, i, "name"]} label="Header" value={name} />
            <TextField path={[...path, i, "prefix"]} label="Prefix" value={prefix} placeholder="none" />
          </Row>
        </Entry>
      ))}
      <AddEntry list={path} count={headers.length} entry={{ name: "authorization", prefix: "Bearer " }}>
        Add a header that holds the token
      </AddEntry>
    </>
  );
}

function Claims({ path, claims = [] }: { path: Path; claims: JwtRule["outputClaimToHeaders"] }) {
  return (
    <>
      {keyed(claims).map(({ key, item: { header, claim }, at: i }) => (
        <Entry key={key} list={path} at={i} count={claims.length} name={`claim ${i + 1}`} title="Claim as header">
          <Row>
            <TextField path={[...path, i, "claim"]} label="Claim" value={claim} />
            <TextField path={[...path, i, "header"]} label="Header" value={header} />
          </Row>
        </Entry>
      ))}
      <AddEntry list={path} count={claims.length} entry={{ claim: "sub", header: "x-user" }}>
        Add a claim for the app
      </AddEntry>
    </>
  );
}
