// The control plane's own entries in the event log. Writing them never holds up what they tell about; a failed write
// is logged and lost, while what a person did is written in the transaction that did it.

import type { SystemData } from "@/lib/data/system";
import type { Logger } from "@/lib/observability/logger";

const ACTOR = "control plane";

export interface JournalOptions {
  data: SystemData;
  meshOf(environmentId: string): string | null;
  logger: Logger;
}

export class Journal {
  constructor(private readonly options: JournalOptions) {}

  append(environmentId: string, kind: string, subject: string, payload: unknown): void {
    const meshId = this.options.meshOf(environmentId);
    this.options.data.events
      .append({ meshId, environmentId, kind, actorName: ACTOR, subject, payload })
      .catch((error: unknown) => {
        this.options.logger.error(
          { kind, subject, reason: error instanceof Error ? error.message : String(error) },
          "an event could not be written",
        );
      });
  }
}
