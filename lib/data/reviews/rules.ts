// The rules: how a mesh decides, and what an environment asks of a revision; and their answer for one revision.
// The rule: asked at the moment of the deployment, under the caller's transaction, from what is stored. Nobody hands an approval in.
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import { type Approval, approvalFor, type EnvironmentRule, type ReviewRule } from "@/lib/review";
import { accessMesh, type MeshRef } from "../access";
import type { Connection, Database } from "../client";
import { toJson } from "../json";
import { actor } from "../meshes";
import { appendEvent } from "../system/events";
import { environmentRuleOf, reviewParts, ruleOf, toFacts } from "./rows";

export async function readReviewRule(database: Database, principal: Principal, slug: string): Promise<ReviewRule> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  return ruleOf(database, mesh.id);
}

export function writeReviewRule(
  database: Database,
  principal: Principal,
  { slug, rule }: { slug: string; rule: ReviewRule },
): Promise<ReviewRule> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "mesh.write");
    const before = await ruleOf(connection, mesh.id);
    await connection.mesh.update({ where: { id: mesh.id }, data: { reviewRule: toJson(rule) } });
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      kind: "review.rule.changed",
      subject: mesh.name,
      payload: { before, after: rule },
    });
    return ruleOf(connection, mesh.id);
  });
}

interface EnvironmentAsked {
  slug: string;
  environment: string;
}

async function environmentRow(connection: Connection, mesh: MeshRef, name: string) {
  const row = await connection.environment.findUnique({
    where: { meshId_name: { meshId: mesh.id, name } },
    select: { id: true, name: true, approvalRule: true },
  });
  if (!row) throw new AppError("not-found", { detail: `${mesh.slug} has no environment "${name}".` });
  return row;
}

export async function readApprovalRule(
  database: Database,
  principal: Principal,
  { slug, environment }: EnvironmentAsked,
): Promise<EnvironmentRule> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  return environmentRuleOf(await environmentRow(database, mesh, environment));
}

export function writeApprovalRule(
  database: Database,
  principal: Principal,
  { slug, environment, rule }: EnvironmentAsked & { rule: EnvironmentRule },
): Promise<EnvironmentRule> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "mesh.write");
    const row = await environmentRow(connection, mesh, environment);
    await connection.environment.update({ where: { id: row.id }, data: { approvalRule: toJson(rule) } });
    await appendEvent(connection, {
      ...actor(principal),
      meshId: mesh.id,
      environmentId: row.id,
      kind: "approval.rule.changed",
      subject: row.name,
      payload: { before: environmentRuleOf(row), after: rule },
    });
    return environmentRuleOf(await environmentRow(connection, mesh, environment));
  });
}

interface ApprovalAsked {
  meshId: string;
  environmentId: string;
  digest: string;
  isRollback?: boolean;
}

/** Whether this digest may run in this environment now. */
export async function approvalOf(
  connection: Connection,
  { meshId, environmentId, digest, isRollback = false }: ApprovalAsked,
): Promise<Approval> {
  const environment = await connection.environment.findUnique({
    where: { id: environmentId },
    select: { approvalRule: true },
  });
  const rule = environmentRuleOf(environment);
  const today = new Date().toISOString().slice(0, 10);
  if (rule.kind === "none") return approvalFor({ rule, reviews: [], digest, today, isRollback });
  const rows = await connection.review.findMany({
    where: { meshId, rounds: { some: { digest } } },
    include: reviewParts,
    orderBy: { number: "desc" },
    take: 100,
  });
  const meshRule = await ruleOf(connection, meshId);
  return approvalFor({ rule, reviews: rows.map((row) => toFacts(row, meshRule)), digest, today, isRollback });
}

export async function readApproval(
  database: Database,
  principal: Principal,
  { slug, environment, revision }: EnvironmentAsked & { revision: number },
): Promise<Approval & { rule: EnvironmentRule; digest: string }> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const row = await environmentRow(database, mesh, environment);
  const frozen = await database.revision.findUnique({
    where: { meshId_number: { meshId: mesh.id, number: revision } },
    select: { digest: true },
  });
  if (!frozen) throw new AppError("not-found", { detail: `There is no revision r${revision} of ${mesh.slug}.` });
  const approval = await approvalOf(database, { meshId: mesh.id, environmentId: row.id, digest: frozen.digest });
  return { ...approval, rule: environmentRuleOf(row), digest: frozen.digest };
}
