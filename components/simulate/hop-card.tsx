"use client";
// One hop: which proxy, what decided, what was changed, who is who. Rule: rules that did not match are folded, with the reason in words.
import { Anchor, Text } from "@mantine/core";
import Link from "next/link";
import { plural, StatusBadge } from "@/components/ui";
import { parseKey } from "@/lib/mesh";
import type { Considered, Hop, RuleOrigin } from "@/lib/simulate";
import { factsOf } from "./hop-facts";
import { linkTo } from "./links";
import classes from "./simulate.module.css";
import { directionWord, mtlsWord } from "./words";

export function HopCard({ mesh, hop }: { mesh: string; hop: Hop }) {
  const mtls = mtlsWord[hop.mtls];
  const { authorization, reply, rateLimit, connectionRate, token } = hop;
  const facts = factsOf(hop);
  return (
    <li className={classes.hop}>
      <div className={classes.hopHead}>
        <Text size="sm" fw={600} component="h3">
          {directionWord[hop.direction]} <span className={classes.mono}>{hop.proxy}</span>
        </Text>
        <span className={classes.badges}>
          {hop.direction === "inbound" || hop.mtls !== "none" ? (
            <StatusBadge status={mtls.status}>{mtls.word}</StatusBadge>
          ) : null}
          {authorization ? (
            <StatusBadge status={authorization.allowed ? "ok" : "failing"}>
              {authorization.allowed ? "allowed" : "denied"}
            </StatusBadge>
          ) : null}
        </span>
      </div>
      <Text size="sm">{hop.sentence}</Text>
      {hop.rule ? <Decided label="Decided by" mesh={mesh} rule={hop.rule} /> : null}
      {hop.authorizers?.map(({ name, rule }) =>
        rule ? <Decided key={name} label={`Authorizer ${name} asked by`} mesh={mesh} rule={rule} /> : null,
      )}
      {authorization?.rule ? (
        <Decided label={authorization.allowed ? "Allowed by" : "Denied by"} mesh={mesh} rule={authorization.rule} />
      ) : null}
      {hop.mtlsRule ? <Decided label="Mutual TLS by" mesh={mesh} rule={hop.mtlsRule} /> : null}
      {token?.rule ? <Decided label="Token taken by" mesh={mesh} rule={token.rule} /> : null}
      {rateLimit?.rule ? <Decided label="Limited by" mesh={mesh} rule={rateLimit.rule} /> : null}
      {connectionRate?.rule ? <Decided label="Connections limited by" mesh={mesh} rule={connectionRate.rule} /> : null}
      {authorization?.shadow.map(({ why }) => (
        <Text key={why} size="sm" c="var(--mw-attention)">
          {why}
        </Text>
      ))}
      {reply?.body ? (
        <Text size="xs" className={classes.mono}>
          {reply.body}
        </Text>
      ) : null}
      {facts.length > 0 ? (
        <dl className={classes.facts}>
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      <Others mesh={mesh} considered={hop.considered.filter(({ matched }) => !matched)} />
    </li>
  );
}

function Decided({ label, mesh, rule }: { label: string; mesh: string; rule: RuleOrigin }) {
  return (
    <Text size="sm" component="p" className={classes.decided}>
      <span className={classes.label}>{label}</span> <RuleLink mesh={mesh} rule={rule} />
    </Text>
  );
}

function RuleLink({ mesh, rule }: { mesh: string; rule: RuleOrigin }) {
  const key = parseKey(rule.object);
  return (
    <>
      <Anchor component={Link} href={linkTo(mesh, rule.object, rule.path)} underline="always">
        {key ? `${key.kind} ${key.name}` : rule.object}
        {rule.name === undefined ? "" : `, “${rule.name}”`}
      </Anchor>{" "}
      <Text span size="xs" c="dimmed" className={classes.mono}>
        {rule.path}
        {rule.line === undefined ? "" : `, line ${rule.line}`}
      </Text>
    </>
  );
}

function Others({ mesh, considered }: { mesh: string; considered: readonly Considered[] }) {
  if (considered.length === 0) return null;
  return (
    <details className={classes.others}>
      <summary>{plural(considered.length, "rule")} did not match</summary>
      <ul>
        {considered.map((each) => (
          <li key={`${each.object} ${each.path} ${each.why}`}>
            <RuleLink mesh={mesh} rule={each} />
            <Text size="sm" c="dimmed">
              {each.why}
            </Text>
          </li>
        ))}
      </ul>
    </details>
  );
}
