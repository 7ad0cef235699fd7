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

/** A year: who wants longer says so again. */
export const MAX_ACCEPTANCE_DAYS = 366;

export const isInForce = (risk: AcceptedRisk, nowMs: number): boolean => Date.parse(risk.expiresAt) > nowMs;

/** The findings in their order, those that are covered marked with their acceptance. */
export function withAccepted<F extends Pick<Finding, "id">>(
  findings: readonly F[],
  risks: readonly AcceptedRisk[],
  nowMs: number,
): (F & { accepted?: AcceptedRisk })[] {
  const inForce = new Map(risks.filter((risk) => isInForce(risk, nowMs)).map((risk) => [risk.findingId, risk]));
  return findings.map((finding) => {
    const accepted = inForce.get(finding.id);
    return accepted ? { ...finding, accepted } : finding;
  });
}
