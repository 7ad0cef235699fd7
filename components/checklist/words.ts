// The checklist in words. Rule: not measured, stale and waived are said as such; only a measured pass is "passes".
import type { Mark } from "@/components/ui/status-words";
import type { Area, Layer, ProbeKind, State } from "@/lib/compliance/types";
import { STATE_WORDS } from "@/lib/compliance/words";

export const stateStatus: Readonly<Record<State, Mark>> = {
  pass: "ok",
  fail: "failing",
  partly: "attention",
  "not-measured": "unmeasured",
  stale: "stale",
  "does-not-apply": "note",
  waived: "attention",
};

/** As in "3 fail" and "1 passes". */
export function countWord(state: State, count: number): string {
  const many: Partial<Record<State, string>> = { pass: "pass", fail: "fail", "does-not-apply": "do not apply" };
  return count === 1 ? STATE_WORDS[state] : (many[state] ?? STATE_WORDS[state]);
}

export const layerHint: Readonly<Record<Layer, string>> = {
  design: "Read from the model as it was drawn and written.",
  compiled: "Read from the configuration that the compiler makes of it.",
  live: "Measured on running proxies, each refusal beside a call that must succeed.",
};

export const areaWord: Readonly<Record<Area, string>> = {
  transport: "Transport",
  identity: "Identity",
  authorization: "Authorization",
  reliability: "Reliability",
  egress: "Egress",
  governance: "Governance",
};

export const kindWord: Readonly<Record<ProbeKind, string>> = {
  "mutual-tls": "Mutual TLS handshake",
  "allowed-call": "Call of an allowed caller",
  plaintext: "Plain text",
  "no-certificate": "TLS without a certificate",
  "foreign-ca": "Certificate of a foreign authority",
  "unknown-identity": "Identity that nobody knows",
  "forbidden-caller": "Caller that must be refused",
  "forbidden-path": "Forbidden request",
  "old-tls": "Old versions of TLS",
  "public-tls": "TLS of a gateway",
  certificate: "Served certificate",
  "undeclared-host": "Host that nobody drew",
  "declared-host": "Host that was drawn",
  "running-routes": "Routes that the proxy runs",
  "access-log": "Line of the access log",
  "audit-chain": "Chain of the event log",
};

export const outcomeStatus = {
  "as-expected": "ok",
  "not-as-expected": "failing",
  "not-measured": "unmeasured",
} as const;
export const outcomeWord = {
  "as-expected": "as expected",
  "not-as-expected": "not as expected",
  "not-measured": "not measured",
} as const;

interface Counted {
  state: State;
}

/** Would we pass, and can we prove it? */
export function checklistAnswer(controls: readonly Counted[], isRunning: boolean): { status: Mark; text: string } {
  const count = (...states: State[]) => controls.filter(({ state }) => states.includes(state)).length;
  const applying = controls.length - count("does-not-apply");
  if (applying === 0) return { status: "note", text: "No control applies to this design yet." };
  const open = count("not-measured", "partly", "stale");
  const partly = count("partly");
  const waived = count("waived");
  const failing = count("fail");
  const proved = `${count("pass")} of ${applying} controls are proved`;
  const rest = [
    ...(failing > 0 ? [`${failing} ${failing === 1 ? "fails" : "fail"}`] : []),
    ...(waived > 0 ? [`${waived} ${waived === 1 ? "is" : "are"} waived`] : []),
    ...(partly > 0 ? [`${partly} ${partly === 1 ? "is" : "are"} measured in part`] : []),
    ...(open > partly ? [`${open - partly} ${open - partly === 1 ? "is" : "are"} not measured or stale`] : []),
  ];
  if (failing > 0) return { status: "failing", text: `No: ${proved}, ${listOf(rest)}.` };
  if (open > 0)
    return { status: isRunning ? "attention" : "unmeasured", text: `Not proved yet: ${proved}, ${listOf(rest)}.` };
  if (waived > 0) return { status: "attention", text: `With waivers: ${proved}, ${listOf(rest)}.` };
  return { status: "ok", text: `Yes: all ${applying} controls that apply are proved.` };
}

function listOf(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** `Service/production/cart` is cart; a proxy's key stays as it is. */
export const subjectWord = (subject: string) =>
  /^[A-Z]/.test(subject) && subject.includes("/") ? (subject.split("/").at(-1) ?? subject) : subject;
