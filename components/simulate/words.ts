// Outcomes in words and states. Rule: one word per outcome, the same in the answer, the tests and the replay.
import type { Status } from "@/components/ui";
import { parseKey } from "@/lib/mesh";
import type { Hop, MtlsOutcome, Outcome, PolicyTest } from "@/lib/simulate";

export const outcomeWord: Record<Outcome, string> = {
  forwarded: "reaches the app",
  denied: "denied",
  "no-route": "no route",
  redirected: "redirected",
  responded: "answered by the mesh",
  refused: "connection refused",
  unreachable: "nobody there",
};

export const outcomeStatus: Record<Outcome, Status> = {
  forwarded: "ok",
  denied: "failing",
  "no-route": "failing",
  redirected: "ok",
  responded: "ok",
  refused: "failing",
  unreachable: "failing",
};

export const mtlsWord: Record<MtlsOutcome, { status: Status; word: string }> = {
  mutual: { status: "ok", word: "mutual TLS" },
  plaintext: { status: "attention", word: "plain text" },
  refused: { status: "failing", word: "TLS refused" },
  none: { status: "unmeasured", word: "no mesh TLS" },
};

export const directionWord: Record<Hop["direction"], string> = {
  outbound: "leaves through",
  inbound: "arrives at",
  gateway: "enters through",
};

/** What a test expects, in one line. */
export function expectationWords({ outcome, status, destinations }: PolicyTest["expect"]): string {
  const parts = [
    ...(outcome === undefined ? [] : [outcomeWord[outcome]]),
    ...(status === undefined ? [] : [`status ${status}`]),
    ...(destinations ?? []).map(({ service, subset, probability }) => {
      const share = probability === undefined ? "" : `${Math.round(probability * 1000) / 10} % `;
      return `${share}to ${parseKey(service)?.name ?? service}${subset === undefined ? "" : ` ${subset}`}`;
    }),
  ];
  return parts.join(", ");
}
