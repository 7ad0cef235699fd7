"use client";
// The form of load balancing: how a host is chosen, and of what a hash is made.
// Rule: a policy that hashes begins with a key, and one that does not has neither keys nor sizes, so that each choice is a valid policy.
import { Text } from "@mantine/core";
import { BALANCING_POLICIES, type HashKey, isHashing, type LoadBalancing } from "@/lib/mesh";
import { balancingText, hashKeyText } from "@/lib/mesh/diff/balancing-text";
import { ChoiceField, NumberField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import { keyed } from "./keyed";
import { AddEntry, Entry, Row, Section } from "./parts";

const BLOCK = ["spec", "loadBalancing"];
const KEYS = [...BLOCK, "hash"];
const LABELS: Readonly<Record<LoadBalancing["policy"], string>> = {
  "round-robin": "round robin",
  "least-request": "least request",
  "peak-ewma": "latency (peak EWMA)",
  random: "random",
  "ring-hash": "ring hash",
  maglev: "Maglev hash",
};
const POLICIES = BALANCING_POLICIES.map((value) => ({ value, label: LABELS[value] }));
const KINDS = [
  { value: "header", label: "a header" },
  { value: "cookie", label: "a cookie" },
  { value: "query", label: "a query parameter" },
  { value: "sourceIp", label: "the caller's address" },
];
const FIRST: HashKey = { type: "header", name: "x-user" };

/** Of a host, that could grow. */
const hasShares = (policy: LoadBalancing["policy"]) => policy === "round-robin" || policy === "least-request";

/** What the other policy has in common with this one stays. */
export function withPolicy(policy: string | undefined, was: LoadBalancing | undefined): LoadBalancing | undefined {
  const known = BALANCING_POLICIES.find((each) => each === policy);
  if (!known) return undefined;
  const { hash = [FIRST], ringHash, maglev, warmup } = was ?? {};
  if (!isHashing(known)) return { policy: known, ...(warmup && hasShares(known) ? { warmup } : {}) };
  const sizes = known === "maglev" ? maglev && { maglev } : ringHash && { ringHash };
  return { policy: known, hash, ...sizes };
}

/** Another kind of key of the same name, where both have one. */
export function withKind(type: string | undefined, was: HashKey): HashKey {
  const name = "name" in was ? was.name : "user";
  const terminal = was.terminal === undefined ? {} : { terminal: was.terminal };
  if (type === "sourceIp") return { type, ...terminal };
  return type === "header" || type === "cookie" || type === "query" ? { type, name, ...terminal } : was;
}

export function LoadBalancingSection({ balancing }: { balancing: LoadBalancing | undefined }) {
  const form = usePolicyForm();
  const isHashed = balancing !== undefined && isHashing(balancing.policy);
  return (
    <Section title="Load balancing" hint={isHashed ? `Hosts are chosen by ${balancingText(balancing)}.` : ""}>
      <ChoiceField
        path={[...BLOCK, "policy"]}
        label="A host is chosen by"
        description="A hash keeps requests with the same key at the same host."
        value={balancing?.policy}
        placeholder="least request (default)"
        choices={POLICIES}
        onChoose={(policy) => form.set(BLOCK, withPolicy(policy, balancing))}
      />
      {isHashed ? <Hash balancing={balancing} /> : null}
      {balancing && hasShares(balancing.policy) ? <WarmUp warmup={balancing.warmup} /> : null}
    </Section>
  );
}

function WarmUp({ warmup }: { warmup: LoadBalancing["warmup"] }) {
  const at = (field: string) => [...BLOCK, "warmup", field];
  return (
    <Row>
      <NumberField
        path={at("durationMs")}
        label="Warm-up of new hosts"
        description="Until they have their full share."
        value={warmup?.durationMs}
        suffix="ms"
        placeholder="none"
      />
      {warmup ? (
        <>
          <NumberField
            path={at("minimumPercent")}
            label="Begins with"
            description="Of their share."
            value={warmup.minimumPercent}
            suffix="%"
            placeholder="default 10 %"
          />
          <NumberField
            path={at("aggression")}
            label="Aggression"
            description="1: evenly; more: faster at first."
            value={warmup.aggression}
            placeholder="default 1"
          />
        </>
      ) : null}
    </Row>
  );
}

function Hash({ balancing: { policy, hash = [], ringHash, maglev } }: { balancing: LoadBalancing }) {
  return (
    <>
      {keyed(hash, ({ type }) => type).map(({ key, item, at: i }) => (
        <Entry
          key={key}
          list={KEYS}
          at={i}
          count={hash.length}
          name={`key ${i + 1}`}
          title={hashKeyText(item)}
          isOrdered
          isLastNeeded
        >
          <KeyFields at={i} value={item} isLast={i === hash.length - 1} />
        </Entry>
      ))}
      <AddEntry list={KEYS} count={hash.length} entry={{ type: "sourceIp" }}>
        Add a key
      </AddEntry>
      {policy === "maglev" ? (
        <NumberField
          path={[...BLOCK, "maglev", "tableSize"]}
          label="Table size"
          description="A prime number, many times the number of hosts."
          value={maglev?.tableSize}
          placeholder="default 65537"
        />
      ) : (
        <Row>
          <NumberField
            path={[...BLOCK, "ringHash", "minimumRingSize"]}
            label="Minimum ring size"
            description="Larger shares more evenly."
            value={ringHash?.minimumRingSize}
            placeholder="default 1024"
          />
          <NumberField
            path={[...BLOCK, "ringHash", "maximumRingSize"]}
            label="Maximum ring size"
            description="Entries, of all hosts."
            value={ringHash?.maximumRingSize}
            placeholder="default 8388608"
          />
        </Row>
      )}
    </>
  );
}

function KeyFields({ at, value, isLast }: { at: number; value: HashKey; isLast: boolean }) {
  const form = usePolicyForm();
  const path = (field: string) => [...KEYS, at, field];
  return (
    <>
      <Row>
        <ChoiceField
          path={path("type")}
          label="Key"
          description=""
          value={value.type}
          choices={KINDS}
          isRequired
          onChoose={(type) => form.set([...KEYS, at], withKind(type, value))}
        />
        {value.type === "sourceIp" ? null : (
          <TextField path={path("name")} label="Name" description="" value={value.name} />
        )}
      </Row>
      {value.type === "sourceIp" ? (
        <Text size="xs" c="dimmed">
          At a gateway the client's address; behind a sidecar the app's own.
        </Text>
      ) : null}
      {value.type === "cookie" ? (
        <Row>
          <NumberField
            path={path("ttlSeconds")}
            label="Given for"
            description="To who has none; 0: until the browser closes."
            value={value.ttlSeconds}
            suffix="s"
            placeholder="not given"
          />
          <TextField
            path={path("path")}
            label="Path"
            description="Of a cookie that is given."
            value={value.path}
            placeholder="any"
          />
        </Row>
      ) : null}
      {isLast ? null : (
        <SwitchField
          path={path("terminal")}
          label="Enough by itself"
          description="A request that has it is not asked for the keys below."
          value={value.terminal}
        />
      )}
    </>
  );
}
