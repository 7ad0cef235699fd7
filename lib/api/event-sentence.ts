// Events in words, for people who read a list of them.
interface EventLike {
  kind: string;
  actorName: string;
  subject: string;
  payload?: unknown;
}

const SENTENCES: Readonly<Record<string, (event: EventLike) => string>> = {
  "mesh.created": ({ actorName, subject }) => `${actorName} made the mesh ${subject}.`,
  "mesh.deletion.asked": ({ actorName, subject, payload }) =>
    `${actorName} asked to delete the mesh ${subject}: ${told(payload, "proxies")} proxies are drained first.`,
  "mesh.drained": ({ subject, payload }) =>
    `The ${told(payload, "proxies")} proxies of ${subject} are drained; they and their identities end.`,
  "mesh.deleted": ({ actorName, subject }) => `${actorName} deleted the mesh ${subject}.`,
  "revision.created": ({ actorName, subject }) => `${actorName} froze the draft as ${subject}.`,
  "binding.changed": ({ actorName, subject }) => `${actorName} changed how ${subject} runs the design.`,
  "gateway-certificate.bound": ({ actorName, subject, payload }) =>
    `${actorName} gave ${subject} the certificate ${told(payload, "certificate")} in ${told(payload, "environment")}.`,
  "gateway-certificate.removed": ({ actorName, subject, payload }) =>
    `${actorName} took the certificate ${told(payload, "certificate")} from ${subject} in ${told(payload, "environment")}.`,
  "deployment.queued": ({ actorName, subject }) => `${actorName} asked to deploy ${subject}.`,
  "deployment.rollback": ({ actorName, subject }) => `${actorName} asked to roll back to ${subject}.`,
  "deployment.started": ({ subject }) => `The deployment of ${subject} began.`,
  "deployment.finished": ({ subject }) => `${subject} was deployed.`,
  "deployment.failed": ({ subject }) => `The deployment of ${subject} failed.`,
  "deployment.restored": ({ subject }) => `The deployment of ${subject} was taken back; what ran before runs again.`,
  "deployment.refused": ({ actorName, subject }) =>
    `${actorName} asked to deploy ${subject}, and the environment's rule refused it.`,
  "review.created": ({ actorName, subject }) => `${actorName} began ${subject}.`,
  "review.edited": ({ actorName, subject }) => `${actorName} changed the text of ${subject}.`,
  "review.submitted": ({ actorName, subject, payload }) =>
    `${actorName} submitted round ${told(payload, "round")} of ${subject}: r${told(payload, "revision")}.${testsOf(payload)}`,
  "review.voted": ({ actorName, subject, payload }) =>
    `${actorName} voted on ${subject}: ${told(payload, "decision").replaceAll("-", " ")}.`,
  "review.approved": ({ subject, payload }) => `${capital(subject)} approved r${told(payload, "revision")}.`,
  "review.approved-with-conditions": ({ subject, payload }) =>
    `${capital(subject)} approved r${told(payload, "revision")} with conditions.`,
  "review.changes-asked": ({ subject }) => `${capital(subject)} asks for changes.`,
  "review.rejected": ({ subject, payload }) => `${capital(subject)} rejected r${told(payload, "revision")}.`,
  "review.withdrawn": ({ actorName, subject }) => `${actorName} withdrew ${subject}.`,
  "review.superseded": ({ actorName, subject }) => `${actorName} replaced ${subject} by a newer one.`,
  "review.commented": ({ actorName, subject, payload }) =>
    `${actorName} ${told(payload, "blocking") === "true" ? "blocked" : "commented on"} ${subject}.`,
  "review.comment.resolved": ({ actorName, subject }) => `${actorName} resolved a comment on ${subject}.`,
  "review.comment.reopened": ({ actorName, subject }) => `${actorName} opened a comment on ${subject} again.`,
  "review.condition.met": ({ actorName, subject, payload }) =>
    `${actorName} marked a condition of ${subject} as met: ${told(payload, "text")}.`,
  "review.rule.changed": ({ actorName, subject }) => `${actorName} changed how reviews of ${subject} decide.`,
  "approval.rule.changed": ({ actorName, subject }) => `${actorName} changed what ${subject} asks of a revision.`,
  "policy-test.saved": ({ actorName, subject }) => `${actorName} saved the policy test "${subject}".`,
  "policy-test.removed": ({ actorName, subject }) => `${actorName} removed the policy test "${subject}".`,
  "proxy.started": ({ subject }) => `The proxy ${subject} started.`,
  "proxy.stopped": ({ subject }) => `The proxy ${subject} stopped.`,
  "proxy.removed": ({ subject }) => `The proxy ${subject} was drained and removed; its identity ended.`,
  "proxy.config.refused": ({ subject }) =>
    `The proxy ${subject} refused its configuration and keeps the last good one.`,
  "proxy.joined": ({ subject, payload }) =>
    `A machine joined as ${subject}, reached at ${told(payload, "address")}; ${told(payload, "allowedBy")} had made its join token.`,
  "join-token.created": ({ actorName, subject }) => `${actorName} made a join token for ${subject}.`,
  "join-token.withdrawn": ({ actorName, subject }) => `${actorName} withdrew a join token for ${subject}.`,
  "certificate.issued": ({ subject }) => `A certificate was issued for ${subject}.`,
  "certificate.revoked": ({ actorName, subject, payload }) =>
    `${actorName} revoked the identity of ${subject}: ${told(payload, "reason")}.`,
  "identity.root.asked": ({ actorName }) => `${actorName} asked to rotate the root of trust.`,
  "identity.root.cancel-asked": ({ actorName }) => `${actorName} asked to cancel the rotation of the root.`,
  "identity.root.distributing": () => "A new root of trust was made and is told to every proxy.",
  "identity.root.renewing": () => "The new root signs; every proxy renews its certificate.",
  "identity.root.retiring": () => "Every certificate is of the new root; the old one is trusted no more.",
  "identity.root.done": () => "The rotation of the root is done.",
  "identity.root.cancelled": () => "The rotation of the root was cancelled; the old root stays.",
  "check.requested": ({ actorName, subject }) => `${actorName} asked to run the checks of ${subject}.`,
  "check.finished": () => "The checks were run.",
  "check.failed": () => "A run of the checks failed.",
  "probe.identity": ({ subject }) => `A probe took the identity ${subject} for some minutes.`,
  "risk.accepted": ({ actorName, subject }) => `${actorName} accepted the risk of ${subject}.`,
  "risk.ended": ({ actorName, subject }) => `${actorName} ended the acceptance of ${subject}.`,
  "waiver.granted": ({ actorName, subject }) => `${actorName} waived ${subject}.`,
  "waiver.withdrawn": ({ actorName, subject }) => `${actorName} withdrew the waiver of ${subject}.`,
  "selection.saved": ({ actorName, subject }) => `${actorName} changed the evaluation of mesh products of ${subject}.`,
  "selection.decided": ({ actorName, subject }) => `${actorName} chose the mesh product ${subject}.`,
  "token.created": ({ actorName, subject }) => `${actorName} made the API token ${subject}.`,
  "token.revoked": ({ actorName, subject }) => `${actorName} revoked the API token ${subject}.`,
};

export function eventSentence(event: EventLike): string {
  return SENTENCES[event.kind]?.(event) ?? `${event.actorName}: ${event.kind.replaceAll(".", " ")} ${event.subject}.`;
}

/** A field of the payload as text; "?" when the event is of a version that did not write it. */
function told(payload: unknown, field: string): string {
  if (typeof payload !== "object" || payload === null || !(field in payload)) return "?";
  return String((payload as Record<string, unknown>)[field]);
}

/** Failing policy tests only: that they hold is no news. */
function testsOf(payload: unknown): string {
  const tests = typeof payload === "object" && payload !== null && "tests" in payload ? payload.tests : null;
  const failed = Number(told(tests, "failed"));
  return failed > 0
    ? ` ${failed} of ${told(tests, "total")} policy tests ${failed === 1 ? "does" : "do"} not hold.`
    : "";
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
