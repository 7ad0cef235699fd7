// Events in words, for people who read a list of them.
interface EventLike {
  kind: string;
  actorName: string;
  subject: string;
}

const SENTENCES: Readonly<Record<string, (event: EventLike) => string>> = {
  "mesh.created": ({ actorName, subject }) => `${actorName} made the mesh ${subject}.`,
  "mesh.deleted": ({ actorName, subject }) => `${actorName} deleted the mesh ${subject}.`,
  "revision.created": ({ actorName, subject }) => `${actorName} froze the draft as ${subject}.`,
  "binding.changed": ({ actorName, subject }) => `${actorName} changed how ${subject} runs the design.`,
  "deployment.queued": ({ actorName, subject }) => `${actorName} asked to deploy ${subject}.`,
  "deployment.rollback": ({ actorName, subject }) => `${actorName} asked to roll back to ${subject}.`,
  "deployment.started": ({ subject }) => `The deployment of ${subject} began.`,
  "deployment.finished": ({ subject }) => `${subject} was deployed.`,
  "deployment.failed": ({ subject }) => `The deployment of ${subject} failed.`,
  "deployment.restored": ({ subject }) => `The deployment of ${subject} was taken back; what ran before runs again.`,
  "proxy.started": ({ subject }) => `The proxy ${subject} started.`,
  "proxy.stopped": ({ subject }) => `The proxy ${subject} stopped.`,
  "proxy.config.refused": ({ subject }) =>
    `The proxy ${subject} refused its configuration and keeps the last good one.`,
  "certificate.issued": ({ subject }) => `A certificate was issued for ${subject}.`,
  "certificate.revoked": ({ subject }) => `The certificate of ${subject} was revoked.`,
  "token.created": ({ actorName, subject }) => `${actorName} made the API token ${subject}.`,
  "token.revoked": ({ actorName, subject }) => `${actorName} revoked the API token ${subject}.`,
};

export function eventSentence(event: EventLike): string {
  return SENTENCES[event.kind]?.(event) ?? `${event.actorName}: ${event.kind.replaceAll(".", " ")} ${event.subject}.`;
}
