"use client";
// "Who is asked whether a request may go on?" Job: the authorizers of the mesh, each once; policies with the action `custom` name them.
// Rule: what only one protocol has is there with it alone; a name that policies use stays theirs.
import { Text } from "@mantine/core";
import { plural } from "@/components/ui";
import type { Authorizer, MeshIndex, Path } from "@/lib/mesh";
import { ChoiceField, ListField, NumberField, TextField } from "../forms/fields";
import { usePolicyForm } from "../forms/form-context";
import { AddEntry, AddField, Entry, Row, Section } from "../forms/parts";
import { RefField } from "../forms/reference-fields";
import { MeshForm } from "../mesh-form";
import { firstAddress, freeName } from "./new-authorizer";

const AT = ["spec", "authorizers"];
const PROTOCOLS = [
  { value: "http", label: "HTTP" },
  { value: "grpc", label: "gRPC" },
];
const WHEN_AWAY = [
  { value: "deny", label: "requests are refused" },
  { value: "allow", label: "requests go on" },
];
const HEADERS = [
  { field: "requestHeaders", label: "Headers that it is told", placeholder: "authorization only" },
  { field: "upstreamHeaders", label: "Headers of its answer for the app", placeholder: "none" },
  { field: "allowedResponseHeaders", label: "Headers of its answer for the caller", placeholder: "none" },
  { field: "deniedResponseHeaders", label: "Headers of its refusal for the caller", placeholder: "all of them" },
] as const;

export function MeshAuthorizers() {
  return (
    <MeshForm title="Authorizers" say={({ spec: { authorizers = [] } }) => sentence(authorizers)}>
      {({ spec }) => <Authorizers list={spec.authorizers ?? []} />}
    </MeshForm>
  );
}

function sentence(authorizers: readonly Authorizer[]): string {
  if (authorizers.length === 0) return "Nobody outside is asked whether a request may go on.";
  return `Authorization policies may ask ${authorizers.map(({ name }) => name).join(", ")}.`;
}

function Authorizers({ list }: { list: readonly Authorizer[] }) {
  const { index } = usePolicyForm();
  const address = firstAddress(index);
  return (
    <Section
      title="External authorization"
      hint="A service that answers, for each request of a policy, whether it may go on (ext_authz). It is asked before denials and grants."
    >
      {list.map((authorizer, at) => (
        <Entry
          key={authorizer.name}
          list={AT}
          at={at}
          count={list.length}
          name={`the authorizer ${authorizer.name}`}
          title={authorizer.name}
        >
          <AuthorizerFields authorizer={authorizer} path={[...AT, at]} />
        </Entry>
      ))}
      <AddEntry list={AT} count={list.length} entry={{ name: freeName(list), ...(address ? { address } : {}) }}>
        Add an authorizer
      </AddEntry>
    </Section>
  );
}

function AuthorizerFields({ authorizer, path }: { authorizer: Authorizer; path: Path }) {
  const { index } = usePolicyForm();
  const users = usersOf(index, authorizer.name);
  const { address } = authorizer;
  return (
    <>
      {users === 0 ? (
        <TextField path={[...path, "name"]} label="Name" value={authorizer.name} />
      ) : (
        <Text size="xs" c="dimmed">
          {plural(users, "policy", "policies")} {users === 1 ? "names" : "name"} it so.
        </Text>
      )}
      <AddressFields address={address} path={[...path, "address"]} />
      <Row>
        <NumberField
          path={[...path, "timeoutMs"]}
          label="Answer within"
          value={authorizer.timeoutMs}
          suffix="ms"
          placeholder="600000"
        />
        <ChoiceField
          path={[...path, "whenAway"]}
          label="Without an answer"
          value={authorizer.whenAway}
          choices={WHEN_AWAY}
          placeholder="requests are refused (default)"
        />
        <NumberField
          path={[...path, "statusOnError"]}
          label="Status without an answer"
          value={authorizer.statusOnError}
          placeholder="403"
        />
      </Row>
      {address?.protocol === "http"
        ? HEADERS.map(({ field, label, placeholder }) => (
            <ListField
              key={field}
              path={[...path, field]}
              label={label}
              value={authorizer[field]}
              placeholder={placeholder}
            />
          ))
        : null}
      <BodyField body={authorizer.body} path={[...path, "body"]} />
    </>
  );
}

function AddressFields({ address, path }: { address: Authorizer["address"]; path: Path }) {
  const form = usePolicyForm();
  if (!address) {
    const first = firstAddress(form.index);
    return (
      <>
        <Text size="xs" c="dimmed">
          Where it is, is not known: what it would decide is refused.
        </Text>
        {first ? <AddField onClick={() => form.set(path, first)}>Say where it is</AddField> : null}
      </>
    );
  }
  return (
    <>
      <RefField
        path={[...path, "target"]}
        label="Who answers"
        value={address.target}
        kinds={["Service", "ExternalService"]}
      />
      <Row>
        <NumberField path={[...path, "port"]} label="Port" value={address.port} />
        <ChoiceField
          path={[...path, "protocol"]}
          label="Asked by"
          value={address.protocol}
          choices={PROTOCOLS}
          isRequired
        />
        {address.protocol === "http" ? (
          <TextField
            path={[...path, "pathPrefix"]}
            label="Path before the request's"
            value={address.pathPrefix}
            placeholder="none"
          />
        ) : null}
      </Row>
    </>
  );
}

const BODY = [{ value: "held", label: "its beginning, up to a limit" }];
const DEFAULT_BODY: Authorizer["body"] = { maxBytes: 8_192, allowPartial: true };

function BodyField({ body, path }: { body: Authorizer["body"]; path: Path }) {
  const form = usePolicyForm();
  return (
    <Row>
      <ChoiceField
        path={path}
        label="Told of the body"
        description=""
        value={body ? "held" : undefined}
        choices={BODY}
        placeholder="nothing (default)"
        onChoose={(choice) => form.set(path, choice ? DEFAULT_BODY : undefined)}
      />
      {body ? (
        <NumberField path={[...path, "maxBytes"]} label="At most" description="" value={body.maxBytes} suffix="bytes" />
      ) : null}
    </Row>
  );
}

function usersOf(index: MeshIndex, name: string): number {
  return index.all("AuthorizationPolicy").filter(({ spec }) => spec.authorizer === name).length;
}
