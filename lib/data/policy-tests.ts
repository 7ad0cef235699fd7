// Policy tests of a mesh, and the calls that were seen in an environment.
// The rule: a test belongs to the mesh, not to a revision: the same expectations are asked of every version of the design.
import type { Principal } from "@/lib/auth/permissions";
import { AppError } from "@/lib/errors";
import type { ObservedCall, PolicyTest } from "@/lib/simulate";
import { MAX_POLICY_TESTS } from "@/lib/simulate/schema";
import { accessMesh } from "./access";
import type { Database } from "./client";
import type { PolicyTest as PolicyTestModel } from "./generated/client";
import { fromJson } from "./json";
import { actor } from "./meshes";
import { appendEvent } from "./system/events";

export type StoredTest = PolicyTest & { id: string; version: number; updatedAt: Date; updatedBy: string };

function toTest(row: PolicyTestModel): StoredTest {
  return {
    id: row.id,
    name: row.name,
    question: fromJson<PolicyTest["question"]>(row.question),
    expect: fromJson<PolicyTest["expect"]>(row.expect),
    version: row.version,
    updatedAt: row.updatedAt,
    updatedBy: row.updatedByName,
  };
}

export async function listPolicyTests(database: Database, principal: Principal, slug: string): Promise<StoredTest[]> {
  const mesh = await accessMesh(database, principal, slug, "mesh.read");
  const rows = await database.policyTest.findMany({
    where: { meshId: mesh.id },
    orderBy: [{ name: "asc" }, { id: "asc" }],
    take: MAX_POLICY_TESTS,
  });
  return rows.map(toTest);
}

export async function putPolicyTest(
  database: Database,
  principal: Principal,
  { slug, id, test, version }: { slug: string; id: string; test: PolicyTest; version: number | null },
): Promise<{ stored: StoredTest; isNew: boolean }> {
  return database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "draft.write");
    const where = { meshId_id: { meshId: mesh.id, id } };
    const before = await connection.policyTest.findUnique({ where, select: { version: true } });
    if (version !== null && before?.version !== version) throw changedMeanwhile();
    if (!before && (await connection.policyTest.count({ where: { meshId: mesh.id } })) >= MAX_POLICY_TESTS) {
      throw new AppError("conflict", {
        detail: `There are ${MAX_POLICY_TESTS} policy tests already: remove one first.`,
      });
    }
    const { name, question, expect } = test;
    const data = {
      name,
      question: JSON.parse(JSON.stringify(question)),
      expect: JSON.parse(JSON.stringify(expect)),
      updatedById: principal.userId,
      updatedByName: principal.name,
      updatedAt: new Date(),
    };
    const row = await connection.policyTest.upsert({
      where,
      create: { ...data, meshId: mesh.id, id },
      update: { ...data, version: { increment: 1 } },
    });
    const event = { ...actor(principal), meshId: mesh.id, kind: "policy-test.saved", subject: name };
    await appendEvent(connection, { ...event, payload: { id, question, expect } });
    return { stored: toTest(row), isNew: !before };
  });
}

export async function deletePolicyTest(
  database: Database,
  principal: Principal,
  { slug, id, version }: { slug: string; id: string; version: number | null },
): Promise<void> {
  await database.$transaction(async (connection) => {
    const mesh = await accessMesh(connection, principal, slug, "draft.write");
    const where = { meshId_id: { meshId: mesh.id, id } };
    const before = await connection.policyTest.findUnique({ where });
    if (!before) throw new AppError("not-found", { detail: `There is no policy test "${id}".` });
    if (version !== null && before.version !== version) throw changedMeanwhile();
    await connection.policyTest.delete({ where });
    const event = { ...actor(principal), meshId: mesh.id, kind: "policy-test.removed", subject: before.name };
    await appendEvent(connection, { ...event, payload: { id } });
  });
}

const changedMeanwhile = () =>
  new AppError("version-mismatch", { detail: "The policy test was changed meanwhile: read it again." });

/** More different shapes than this say nothing more about a design. */
const MAX_SHAPES = 5_000;

/** What was seen since `from`, most requests first. The caller has checked that the environment may be read. */
export async function observedCalls(
  database: Database,
  { environmentId, from }: { environmentId: string; from: Date },
): Promise<ObservedCall[]> {
  const rows = await database.observedShape.groupBy({
    by: ["caller", "callee", "method", "pathPattern", "code"],
    where: { environmentId, minute: { gte: from } },
    _sum: { count: true },
    orderBy: { _sum: { count: "desc" } },
    take: MAX_SHAPES,
  });
  return rows.map(({ caller, callee, method, pathPattern, code, _sum }) => ({
    caller,
    callee,
    method,
    path: pathPattern,
    code,
    count: Number(_sum.count ?? 0),
  }));
}
