"use client";
// Which requests a rule is for: path, methods, headers, query. Rule: conditions of one match all hold, of several matches any.
import { ActionIcon, Button, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { CallerMatch, HeaderMatch, Path, QueryMatch, RequestMatch, RouteMatch } from "@/lib/mesh";
import { ChoiceField, ListField, NumberField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import classes from "./forms.module.css";
import { keyed } from "./keyed";
import { AddEntry, AddField, Entry, More, Row } from "./parts";

export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const PATH_TYPES = [
  { value: "exact", label: "is exactly" },
  { value: "pathPrefix", label: "is under" },
  { value: "prefix", label: "begins with" },
  { value: "regex", label: "matches" },
];
export const SCHEMES = [
  { value: "http", label: "http" },
  { value: "https", label: "https" },
];
const VALUE_TYPES = [
  { value: "exact", label: "is" },
  { value: "prefix", label: "begins with" },
  { value: "suffix", label: "ends with" },
  { value: "regex", label: "matches" },
  { value: "present", label: "is there" },
];
/** A number in a range is for headers alone. */
const HEADER_TYPES = [...VALUE_TYPES, { value: "range", label: "is from" }];

export function Matches({ path, matches }: { path: Path; matches: readonly RouteMatch[] }) {
  return (
    <MatchList
      path={path}
      matches={matches}
      entry={{ path: { type: "pathPrefix", value: "/" } }}
      things="requests"
      words={["Every request that reaches this rule.", "Requests where", "or where"]}
    >
      {(at, match) => (
        <>
          <Match path={at} match={match} />
          <More
            label="Host, scheme and port that are called"
            isSet={[match.authority, match.scheme, match.port].some((each) => each !== undefined)}
          >
            <Called path={at} match={match} />
          </More>
        </>
      )}
    </MatchList>
  );
}

/** Any of several matches, each with its own fields and the callers that it is meant for. `words`: of none, of the first, of the others. */
export function MatchList<M extends Pick<RouteMatch, "caller">>(props: {
  path: Path;
  matches: readonly M[];
  /** What a new one begins with. */
  entry: M;
  things: string;
  words: readonly [none: string, first: string, other: string];
  /** Absent: yes. Who calls a gateway is outside the mesh. */
  hasCallers?: boolean;
  children: (path: Path, match: M) => ReactNode;
}) {
  const { path, matches, things, words } = props;
  return (
    <>
      {matches.length === 0 ? (
        <Text size="xs" c="dimmed">
          {words[0]}
        </Text>
      ) : null}
      {keyed(matches).map(({ key, item: match, at: i }) => (
        <Entry
          key={key}
          list={path}
          at={i}
          count={matches.length}
          name={`match ${i + 1}`}
          title={i === 0 ? words[1] : words[2]}
          copy={match}
        >
          {props.children([...path, i], match)}
          {props.hasCallers === false && !match.caller ? null : (
            <Caller path={[...path, i, "caller"]} caller={match.caller} />
          )}
        </Entry>
      ))}
      <AddEntry list={path} count={matches.length} entry={props.entry}>
        {matches.length === 0 ? `Only some ${things}` : `Or other ${things}`}
      </AddEntry>
    </>
  );
}

export function Match({ path, match }: { path: Path; match: RequestMatch }) {
  const form = usePolicyForm();
  const at = [...path, "path"];
  return (
    <>
      <Row>
        <ChoiceField
          path={[...at, "type"]}
          label="Path"
          description=""
          value={match.path?.type}
          choices={PATH_TYPES}
          placeholder="any"
          onChoose={(type) => form.set(at, type ? { ...match.path, type, value: match.path?.value ?? "/" } : undefined)}
        />
        {match.path ? (
          <TextField path={[...at, "value"]} label="Value" description="" value={match.path.value} placeholder="/pay" />
        ) : null}
      </Row>
      {match.path ? (
        <SwitchField path={[...at, "ignoreCase"]} label="Ignore case" description="" value={match.path.ignoreCase} />
      ) : null}
      <ListField path={[...path, "methods"]} label="Methods" description="" value={match.methods} choices={METHODS} />
      <ValueMatches path={[...path, "headers"]} matches={match.headers} word="header" example="x-user-type" />
      <ValueMatches path={[...path, "query"]} matches={match.query} word="query parameter" example="debug" />
    </>
  );
}

/** The host and scheme that were called. */
function Called({ path, match }: { path: Path; match: RouteMatch }) {
  const form = usePolicyForm();
  const at = [...path, "authority"];
  const { authority } = match;
  return (
    <>
      <Row>
        <ChoiceField
          path={[...at, "type"]}
          label="Host as called"
          description=""
          value={authority?.type}
          choices={VALUE_TYPES.filter(({ value }) => value !== "present")}
          placeholder="any"
          onChoose={(type) => form.set(at, type ? { type, value: authority?.value ?? "shop.example.com" } : undefined)}
        />
        {authority ? <TextField path={[...at, "value"]} label="Host" description="" value={authority.value} /> : null}
      </Row>
      <Row>
        <ChoiceField
          path={[...path, "scheme"]}
          label="Scheme"
          description=""
          value={match.scheme}
          choices={SCHEMES}
          placeholder="any"
        />
        <NumberField path={[...path, "port"]} label="To port" description="" value={match.port} placeholder="any" />
      </Row>
    </>
  );
}

/** Which callers the rule is for; every other sidecar does not have it. */
function Caller({ path, caller }: { path: Path; caller: CallerMatch | undefined }) {
  const form = usePolicyForm();
  if (!caller) {
    return <AddField onClick={() => form.set(path, { labels: { version: "v1" } })}>Only some callers</AddField>;
  }
  const labels = Object.entries(caller.labels ?? {});
  const without = (name: string) => Object.fromEntries(labels.filter(([other]) => other !== name));
  return (
    <>
      <TextField
        path={[...path, "namespace"]}
        label="Caller's namespace"
        description=""
        value={caller.namespace}
        placeholder="any"
      />
      {labels.map(([name, value]) => (
        <div key={name} className={classes.valueMatch}>
          <TextField path={[...path, "labels", name]} label={`Caller's ${name}`} description="" value={value} />
          <ActionIcon
            aria-label={`Remove label ${name} of callers`}
            disabled={form.isReadOnly}
            onClick={() => form.set([...path, "labels"], labels.length > 1 ? without(name) : undefined)}
          >
            <IconX size={16} />
          </ActionIcon>
        </div>
      ))}
      <Button
        size="compact-xs"
        variant="subtle"
        disabled={form.isReadOnly}
        onClick={() => form.set(path, undefined)}
        style={{ alignSelf: "flex-start" }}
      >
        Take every caller
      </Button>
      <Text size="xs" c="dimmed">
        Other labels can be written in the YAML.
      </Text>
    </>
  );
}

function ValueMatches(props: {
  path: Path;
  matches: readonly (HeaderMatch | QueryMatch)[] | undefined;
  word: string;
  example: string;
}) {
  const form = usePolicyForm();
  const matches = props.matches ?? [];
  const title = props.word === "header" ? "Header" : "Query parameter";
  return (
    <>
      {keyed(matches).map(({ key, item: match, at: i }) => {
        const at = [...props.path, i];
        return (
          <div key={key} className={classes.valueMatch}>
            <TextField path={[...at, "name"]} label={title} description="" value={match.name} />
            <ChoiceField
              path={[...at, "type"]}
              label="How"
              description=""
              isRequired
              value={match.type}
              choices={props.word === "header" ? HEADER_TYPES : VALUE_TYPES}
              onChoose={(type) => form.set(at, comparedAs(match, type))}
            />
            <Compared path={at} match={match} />
            <ActionIcon
              className={classes.valueRemove}
              aria-label={`Remove ${props.word} ${match.name}`}
              disabled={form.isReadOnly}
              onClick={() => form.set(props.path, matches.toSpliced(i, 1))}
            >
              <IconX size={16} />
            </ActionIcon>
          </div>
        );
      })}
      <AddEntry list={props.path} count={matches.length} entry={{ name: props.example, type: "present" }}>
        Add a {props.word}
      </AddEntry>
    </>
  );
}

function Compared({ path, match }: { path: Path; match: HeaderMatch | QueryMatch }) {
  if (match.type === "present") return null;
  if (match.type !== "range")
    return (
      <div className={classes.valueCompared}>
        <TextField path={[...path, "value"]} label="Value" description="" value={match.value} />
      </div>
    );
  return (
    <div className={classes.valueBounds}>
      <NumberField path={[...path, "start"]} label="From" description="" value={match.start} />
      <NumberField path={[...path, "end"]} label="To below" description="" value={match.end} />
    </div>
  );
}

/** With what the new way of comparing needs, and nothing that it does not take. */
export function comparedAs(match: HeaderMatch | QueryMatch, type: string | undefined): object {
  const { name, value } = match;
  const invert = "invert" in match && match.invert ? { invert: true } : {};
  if (type === "present") return { name, type, ...invert };
  if (type === "range") return { name, type, start: 0, end: 100, ...invert };
  return { name, type, value: value ?? "", ...invert };
}
