"use client";
// Which headers a request of an authorization rule has, and what its token says.
import type { ClaimCondition, HeaderCondition, Path } from "@/lib/mesh";
import { Conditions } from "./conditions";
import { ListField, TextField } from "./fields";

const HEADER_TYPES = ["exact", "prefix", "suffix", "contains", "regex", "present"] as const;
const CLAIM_TYPES = ["exact", "prefix", "suffix", "present"] as const;

export function HeaderConditions(props: { path: Path; conditions: readonly HeaderCondition[] | undefined }) {
  return (
    <Conditions<HeaderCondition>
      {...props}
      types={HEADER_TYPES}
      entry={{ name: "x-user-type", type: "present" }}
      what="header"
      hint="A caller writes its headers itself: they tell requests apart, not callers."
      nameOf={({ name }) => name}
      subject={({ name }, at) => <TextField path={[...at, "name"]} label="Header" description="" value={name} />}
    />
  );
}

export function ClaimConditions(props: { path: Path; conditions: readonly ClaimCondition[] | undefined }) {
  return (
    <Conditions<ClaimCondition>
      {...props}
      types={CLAIM_TYPES}
      entry={{ claim: ["groups"], type: "present" }}
      what="claim"
      hint="Of the request's token, which a request authentication has to look at."
      nameOf={({ claim }) => claim.join(".")}
      subject={({ claim }, at) => (
        <ListField path={[...at, "claim"]} label="Claim" description="" value={claim} isVerbatim />
      )}
    />
  );
}
