"use client";
// The form of a rate limit: limits in order, each with which requests it counts and how many there may be.
import type { Path, RateLimit, RequestLimit } from "@/lib/mesh";
import { limitText } from "@/lib/mesh/diff/words";
import { NumberField, SwitchField, TextField } from "./fields";
import { usePolicyForm } from "./form-context";
import { keyed } from "./keyed";
import { Match } from "./match-fields";
import { AddEntry, AddField, Entry, Row, Section } from "./parts";
import { ServiceField } from "./reference-fields";

const NEW_LIMIT: RequestLimit = { match: { path: { type: "pathPrefix", value: "/" } }, requests: 100, perMs: 1000 };
const NEW_MATCH: RequestLimit["match"] = { path: { type: "pathPrefix", value: "/" } };

export function RateLimitForm({ policy }: { policy: RateLimit }) {
  const { service, limits, shadow, tellsCallers } = policy.spec;
  return (
    <>
      <Section title="For calls to">
        <ServiceField path={["spec", "service"]} label="Service" value={service} />
      </Section>
      <Section title="Limits" hint="Tried in order; the first that matches counts. What none matches is not limited.">
        {keyed(limits, (limit) => limit.name ?? "").map(({ key, item: limit, at: i }) => (
          <Entry
            key={key}
            list={["spec", "limits"]}
            at={i}
            count={limits.length}
            name={`limit ${i + 1}`}
            title={`${i + 1}. ${limitText(limit)}`}
            isOrdered
            isLastNeeded
            copy={limit}
          >
            <Limit path={["spec", "limits", i]} limit={limit} />
          </Entry>
        ))}
        <AddEntry list={["spec", "limits"]} count={limits.length} entry={NEW_LIMIT}>
          Add a limit
        </AddEntry>
      </Section>
      <Section title="What callers see">
        <SwitchField path={["spec", "tellsCallers"]} label="Tell callers what is left" value={tellsCallers} />
        <SwitchField path={["spec", "shadow"]} label="Only count" value={shadow} />
      </Section>
    </>
  );
}

function Limit({ path, limit }: { path: Path; limit: RequestLimit }) {
  const form = usePolicyForm();
  return (
    <>
      <Row>
        <NumberField path={[...path, "requests"]} label="Requests" value={limit.requests} />
        <NumberField path={[...path, "perMs"]} label="Period" value={limit.perMs} suffix="ms" />
        <NumberField path={[...path, "burst"]} label="At once" value={limit.burst} placeholder="as the requests" />
      </Row>
      {limit.match ? (
        <Match path={[...path, "match"]} match={limit.match} />
      ) : (
        <AddField onClick={() => form.set([...path, "match"], NEW_MATCH)}>Only some requests</AddField>
      )}
      <TextField path={[...path, "name"]} label="Name" value={limit.name} placeholder="no name" />
    </>
  );
}
