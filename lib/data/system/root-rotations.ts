// Changes of the root of trust for the control plane: which one is open, and how far it is.
// The rule: a finished rotation never changes again; the database lets at most one be open.
import type { Database } from "../client";
import type { RootRotation } from "../generated/client";
import { fromJson, toJson } from "../json";

/** Steps in their order, then the two ends. */
export type RotationState = "preparing" | "distributing" | "renewing" | "retiring" | "done" | "cancelled";

/** How many proxies have done what the step waits for, and the first of those that have not. */
export interface RotationProgress {
  done: number;
  total: number;
  waitingFor: { proxyKey: string; why: string }[];
}

export interface RotationRow extends Omit<RootRotation, "state" | "progress"> {
  state: RotationState;
  progress: RotationProgress;
}

const NOTHING: RotationProgress = { done: 0, total: 0, waitingFor: [] };

export const toRotationRow = (row: RootRotation): RotationRow => ({
  ...row,
  state: row.state as RotationState,
  progress: { ...NOTHING, ...fromJson<Partial<RotationProgress>>(row.progress) },
});

export function rootRotations(database: Database) {
  return {
    async findOpen(): Promise<RotationRow | null> {
      const row = await database.rootRotation.findFirst({ where: { finishedAt: null } });
      return row && toRotationRow(row);
    },
    async update(
      id: string,
      patch: Partial<Pick<RotationRow, "state" | "oldRootId" | "newRootId" | "progress" | "finishedAt">>,
    ): Promise<void> {
      const { progress, ...rest } = patch;
      await database.rootRotation.updateMany({
        where: { id, finishedAt: null },
        data: { ...rest, ...(progress === undefined ? {} : { progress: toJson(progress) }) },
      });
    },
  };
}
