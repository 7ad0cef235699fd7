// A step of a run: one question to one listener, and what its answer means.

import type { Evidence, ProbeKind } from "@/lib/compliance";
import type { Authority } from "../ca/authority";
import type { ProxyEntry } from "../registry/proxy-entry";
import type { AccessLogs } from "./access-log";
import type { ProbeIdentities } from "./identities";

export interface ProbeTools {
  authority: Authority;
  identities: ProbeIdentities;
  accessLogs: AccessLogs;
  trustDomain: string;
  now: () => number;
}

export interface Answer {
  outcome: Evidence["outcome"];
  sentence: string;
  transcript: string[];
  facts?: Evidence["facts"];
}

export interface Step {
  id: string;
  kind: ProbeKind;
  title: string;
  subject: string;
  entry: ProxyEntry | null;
  /** Id of the step whose success this one needs. */
  twin: string | null;
  /** User agent of its call, so that a log line can be found. */
  userAgent: string;
  ask(): Promise<Answer>;
}

export const expected = (sentence: string, transcript: string[], facts?: Evidence["facts"]): Answer => ({
  outcome: "as-expected",
  sentence,
  transcript,
  ...(facts ? { facts } : {}),
});
export const unexpected = (sentence: string, transcript: string[], facts?: Evidence["facts"]): Answer => ({
  ...expected(sentence, transcript, facts),
  outcome: "not-as-expected",
});
export const notMeasured = (sentence: string, transcript: string[] = []): Answer => ({
  outcome: "not-measured",
  sentence,
  transcript,
});
