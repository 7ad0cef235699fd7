// Tokens by which a machine joins as an instance of one workload. Job: the control plane's side; people make them in lib/data/workload-join-tokens.
// The rule: a token is used up in one statement, so two machines never both get in with it.
import { type Database, isMissingRow } from "../client";
import type { WorkloadJoinToken } from "../generated/client";

export type WorkloadJoinTokenRow = Omit<WorkloadJoinToken, "hash">;

const fields = { omit: { hash: true } } as const;

export function workloadJoinTokens(database: Database) {
  return {
    /** Null: there is none. Used, withdrawn and expired ones are found for a while, so that their holder can be told. */
    findByHash(hash: string): Promise<WorkloadJoinTokenRow | null> {
      return database.workloadJoinToken.findUnique({ where: { hash }, ...fields });
    },
    /** True once, for a token that is neither used, withdrawn nor expired. */
    async use(id: string, proxyKey: string, now: Date): Promise<boolean> {
      try {
        await database.workloadJoinToken.update({
          where: { id, usedAt: null, withdrawnAt: null, expiresAt: { gt: now } },
          data: { usedAt: now, proxyKey },
        });
        return true;
      } catch (error) {
        if (isMissingRow(error)) return false;
        throw error;
      }
    },
    async deleteExpiredBefore(before: Date): Promise<number> {
      return (await database.workloadJoinToken.deleteMany({ where: { expiresAt: { lt: before } } })).count;
    },
  };
}
