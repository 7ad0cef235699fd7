// Environments, revisions and deployments for the control plane.
// The rule: taking a queued deployment is one guarded statement, so two leaders never work on the same one.
import { type Database, isUniqueViolation } from "../client";
import type { Deployment as DeploymentModel } from "../generated/client";
import { fromJson, toJson, toNullableJson } from "../json";

export type DeploymentState =
  | "queued"
  | "planning"
  | "canary"
  | "rolling"
  | "done"
  | "failed"
  | "restoring"
  | "restored";

export const OPEN_STATES: readonly DeploymentState[] = ["queued", "planning", "canary", "rolling", "restoring"];

export interface EnvironmentRow {
  id: string;
  meshId: string;
  meshSlug: string;
  name: string;
  binding: unknown;
  bindingVersion: number;
}

export interface RevisionRow<Document = unknown> {
  id: string;
  meshId: string;
  number: number;
  digest: string;
  document: Document;
  createdAt: Date;
}

export interface DeploymentRow extends Omit<DeploymentModel, "state" | "waves" | "plan" | "error"> {
  state: DeploymentState;
  waves: unknown;
  plan: unknown;
  error: unknown;
}

export type DeploymentPatch = Partial<
  Pick<DeploymentRow, "state" | "waves" | "plan" | "error" | "startedAt" | "finishedAt">
>;

const toRow = (model: DeploymentModel): DeploymentRow => ({ ...model, state: model.state as DeploymentState });

function patchData({ waves, plan, error, ...plain }: DeploymentPatch) {
  return {
    ...plain,
    ...(waves === undefined ? {} : { waves: toJson(waves) }),
    ...(plan === undefined ? {} : { plan: toNullableJson(plan) }),
    ...(error === undefined ? {} : { error: toNullableJson(error) }),
    updatedAt: new Date(),
  };
}

export function environments(database: Database) {
  const include = { mesh: { select: { slug: true } } } as const;
  const toEnvironment = (row: {
    id: string;
    meshId: string;
    name: string;
    binding: unknown;
    bindingVersion: number;
    mesh: { slug: string };
  }): EnvironmentRow => ({
    id: row.id,
    meshId: row.meshId,
    meshSlug: row.mesh.slug,
    name: row.name,
    binding: row.binding,
    bindingVersion: row.bindingVersion,
  });
  return {
    async list(): Promise<EnvironmentRow[]> {
      return (await database.environment.findMany({ include, orderBy: { createdAt: "asc" } })).map(toEnvironment);
    },
    async findById(id: string): Promise<EnvironmentRow | null> {
      const row = await database.environment.findUnique({ where: { id }, include });
      return row && toEnvironment(row);
    },
  };
}

export function revisions(database: Database) {
  return {
    async findById<Document = unknown>(id: string): Promise<RevisionRow<Document> | null> {
      const row = await database.revision.findUnique({ where: { id } });
      return row && { ...row, document: fromJson<Document>(row.document) };
    },
  };
}

export function deployments(database: Database) {
  return {
    /** Everything that is not finished, oldest first. */
    async listOpen(): Promise<DeploymentRow[]> {
      const where = { state: { in: [...OPEN_STATES] } };
      return (await database.deployment.findMany({ where, orderBy: { createdAt: "asc" } })).map(toRow);
    },
    async findById(id: string): Promise<DeploymentRow | null> {
      const row = await database.deployment.findUnique({ where: { id } });
      return row && toRow(row);
    },
    /** queued -> planning; null when somebody else has it, or when its environment is being worked on. */
    async claim(id: string, at: Date): Promise<DeploymentRow | null> {
      try {
        const [row] = await database.deployment.updateManyAndReturn({
          where: { id, state: "queued" },
          data: { state: "planning", startedAt: at, updatedAt: at },
        });
        return row ? toRow(row) : null;
      } catch (error) {
        if (isUniqueViolation(error)) return null;
        throw error;
      }
    },
    async update(id: string, patch: DeploymentPatch): Promise<DeploymentRow | null> {
      const [row] = await database.deployment.updateManyAndReturn({ where: { id }, data: patchData(patch) });
      return row ? toRow(row) : null;
    },
    /** What the environment should be running: its newest finished deployment that was not taken back. */
    async lastDone(environmentId: string): Promise<DeploymentRow | null> {
      const row = await database.deployment.findFirst({
        where: { environmentId, state: "done" },
        orderBy: [{ finishedAt: "desc" }, { createdAt: "desc" }],
      });
      return row && toRow(row);
    },
    async create(row: {
      environmentId: string;
      revisionId: string;
      startedByName: string;
      rollbackOfId?: string | null;
    }): Promise<DeploymentRow> {
      return toRow(await database.deployment.create({ data: row }));
    },
  };
}
