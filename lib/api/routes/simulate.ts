// The simulator, policy tests and replay for whoever has no worker of their own: pipelines, other programs, the screen's first answer.
// The rule: everything here only reads, but for the tests themselves; the answers are lib/simulate's.
import { readEnvironment, runningDesign } from "@/lib/data/environments";
import { readDesign } from "@/lib/data/meshes";
import { runPaced } from "@/lib/data/policy-test-run";
import {
  deletePolicyTest,
  listPolicyTests,
  observedCalls,
  putPolicyTest,
  type StoredTest,
} from "@/lib/data/policy-tests";
import { AppError } from "@/lib/errors";
import { versionTag } from "../etag";
import { defineRoute, onMesh } from "../route";
import * as schema from "../schema";

const tag = "simulate";
const ID = /^[a-z0-9](?:[-a-z0-9]{0,62}[a-z0-9])?$/;
const MAX_DIFFERENCES = 200;

function toDto({ updatedAt, ...test }: StoredTest): schema.StoredTest {
  return { ...test, updatedAt: updatedAt.toISOString() };
}

export const simulateRoutes = [
  defineRoute({
    id: "simulate",
    method: "POST",
    path: "/meshes/{mesh}/simulate",
    tag,
    summary: "What the draft or a revision would do with one request, hop by hop",
    access: onMesh("mesh.read"),
    body: schema.simulateRequest,
    answer: schema.simulateAnswer,
    async handle({ runtime, principal, params, body: { at, question }, request }) {
      const { document, digest } = await readDesign(runtime.database, principal, { slug: params.mesh, at });
      const answer = await runtime.threads.run("ask", { document, question }, request.signal);
      return { body: { at, digest, answer } };
    },
  }),
  defineRoute({
    id: "listPolicyTests",
    method: "GET",
    path: "/meshes/{mesh}/policy-tests",
    tag,
    summary: "Policy tests of a mesh",
    access: onMesh("mesh.read"),
    answer: schema.policyTests,
    async handle({ runtime, principal, params }) {
      const items = await listPolicyTests(runtime.database, principal, params.mesh);
      return { body: { items: items.map(toDto) } };
    },
  }),
  defineRoute({
    id: "putPolicyTest",
    method: "PUT",
    path: "/meshes/{mesh}/policy-tests/{test}",
    tag,
    summary: "Save a policy test under an id of your choice",
    access: onMesh("draft.write"),
    body: schema.policyTestBody,
    answer: schema.storedTest,
    ifMatch: "optional",
    async handle({ runtime, principal, params, body, ifMatch, baseVersion }) {
      if (!ID.test(params.test)) {
        const fix = "Use lower-case letters, digits and dashes, at most 64 characters.";
        throw new AppError("invalid-request", {
          violations: [{ path: "path.test", message: "is no id of a test", fix }],
        });
      }
      const version = ifMatch === null ? null : baseVersion();
      const { stored, isNew } = await putPolicyTest(runtime.database, principal, {
        slug: params.mesh,
        id: params.test,
        test: body,
        version,
      });
      return { status: isNew ? 201 : 200, body: toDto(stored), etag: versionTag(stored.version) };
    },
  }),
  defineRoute({
    id: "deletePolicyTest",
    method: "DELETE",
    path: "/meshes/{mesh}/policy-tests/{test}",
    tag,
    summary: "Remove a policy test",
    access: onMesh("draft.write"),
    status: 204,
    ifMatch: "optional",
    async handle({ runtime, principal, params, ifMatch, baseVersion }) {
      const version = ifMatch === null ? null : baseVersion();
      await deletePolicyTest(runtime.database, principal, { slug: params.mesh, id: params.test, version });
      return { status: 204 };
    },
  }),
  defineRoute({
    id: "runPolicyTests",
    method: "POST",
    path: "/meshes/{mesh}/policy-tests/run",
    tag,
    summary: "Ask all policy tests of the draft or of a revision",
    access: onMesh("mesh.read"),
    body: schema.atRequest,
    answer: schema.testRun,
    async handle({ runtime, principal, params, body: { at } }) {
      const [{ document, digest }, tests] = await Promise.all([
        readDesign(runtime.database, principal, { slug: params.mesh, at }),
        listPolicyTests(runtime.database, principal, params.mesh),
      ]);
      const asked = await runPaced(document, tests);
      const results = asked.flatMap((result, i) => (result ? [{ ...result, id: tests[i]?.id ?? "" }] : []));
      const failed = results.filter(({ passed }) => !passed).length;
      const notRun = tests.length - results.length;
      return { body: { at, digest, passed: results.length - failed, failed, notRun, results } };
    },
  }),
  defineRoute({
    id: "getReplay",
    method: "POST",
    path: "/meshes/{mesh}/replay",
    tag,
    summary:
      "Calls that were seen in an environment, asked of what runs there and of a design: every answer that would differ",
    access: onMesh("mesh.read"),
    body: schema.replayRequest,
    answer: schema.replayAnswer,
    async handle({ runtime, principal, params, body: { at, environment, range }, request }) {
      const { database, clock } = runtime;
      const slug = params.mesh;
      const { document, digest } = await readDesign(database, principal, { slug, at });
      const { id: environmentId } = await readEnvironment(database, principal, { slug, environment });
      const running = await runningDesign(database, environmentId);
      if (!running) {
        throw new AppError("conflict", {
          detail: `Nothing was deployed to ${environment} yet: there is no traffic to replay.`,
        });
      }
      const from = new Date(clock.now() - schema.rangeToMs(range));
      const observed = await observedCalls(database, { environmentId, from });
      const asked = { from: running.document, to: document, observed };
      const { differences, ...counts } = await runtime.threads.run("replay", asked, request.signal);
      const shown = differences.slice(0, MAX_DIFFERENCES).map(({ call, ...each }) => {
        const { caller, callee, method, path } = call;
        return { caller, callee, method, path, ...each };
      });
      return { body: { at, digest, environment, revision: running.revision, range, ...counts, differences: shown } };
    },
  }),
];
