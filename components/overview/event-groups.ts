// A row of events for a reader: what one deployment does to each of its proxies is one line, not thirty.
// The rule: only neighbours of the same kind and actor are put together, so the order of what happened stays.
import type { EventDto } from "@/components/api-client";
import { listInWords } from "@/components/ui";

export interface EventGroup {
  /** The newest of them. */
  event: EventDto;
  sentence: string;
}

/** Kinds that come once per proxy, and what many of them are called. */
const MANY: Readonly<Record<string, (subjects: readonly string[]) => string>> = {
  "certificate.issued": (subjects) => `${subjects.length} certificates were issued: ${listInWords(subjects)}.`,
  "certificate.revoked": (subjects) => `${subjects.length} certificates were revoked: ${listInWords(subjects)}.`,
  "proxy.started": (subjects) => `${subjects.length} proxies started: ${listInWords(subjects)}.`,
  "proxy.stopped": (subjects) => `${subjects.length} proxies stopped: ${listInWords(subjects)}.`,
  "proxy.removed": (subjects) => `${subjects.length} proxies were drained and removed: ${listInWords(subjects)}.`,
  "proxy.config.refused": (subjects) =>
    `${subjects.length} proxies refused their configuration: ${listInWords(subjects)}.`,
};

export function eventGroups(events: readonly EventDto[], limit: number): EventGroup[] {
  const groups: EventDto[][] = [];
  for (const event of events) {
    const last = groups.at(-1);
    const [first] = last ?? [];
    if (last && first && first.kind === event.kind && first.actorName === event.actorName && MANY[event.kind])
      last.push(event);
    else groups.push([event]);
  }
  return groups.slice(0, limit).flatMap((group) => {
    const [event] = group;
    if (!event) return [];
    const subjects = [...new Set(group.map(({ subject }) => subject))];
    return [
      { event, sentence: subjects.length > 1 ? (MANY[event.kind]?.(subjects) ?? event.sentence) : event.sentence },
    ];
  });
}
