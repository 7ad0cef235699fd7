// Risks that somebody accepted. Job: which findings they cover today.
// The rule: an acceptance ends by itself; from that moment its finding counts again.
import type { Finding } from "./finding";

export type AcceptedRisk = {
  findingId: string;
  /** What the finding said when it was accepted. */
  message: string;
  reason: string;
  owner: string;
  /** ISO 8601. */
  expiresAt: string;
  acceptedBy: string;
  acceptedAt: string;
};

type Covered = Pick<Finding, "id"> & { accepted?: AcceptedRisk | undefined };

/** A year: who wants longer says so again. */
export const MAX_ACCEPTANCE_DAYS = 366;

export const isInForce = (risk: AcceptedRisk, nowMs: number): boolean => Date.parse(risk.expiresAt) > nowMs;

/** The findings in their order, those that a risk in force covers marked with it; marks of before are gone. */
export function markAccepted<F extends Covered>(findings: readonly F[], inForce: readonly AcceptedRisk[]) {
  const byFinding = new Map(inForce.map((risk) => [risk.findingId, risk]));
  return findings.map((finding): Omit<F, "accepted"> & { accepted?: AcceptedRisk } => {
    const { accepted: _before, ...rest } = finding;
    const accepted = byFinding.get(finding.id);
    return accepted ? { ...rest, accepted } : rest;
  });
}

/** The same, of all risks, at a time. */
export function withAccepted<F extends Covered>(findings: readonly F[], risks: readonly AcceptedRisk[], nowMs: number) {
  return markAccepted(
    findings,
    risks.filter((risk) => isInForce(risk, nowMs)),
  );
}
