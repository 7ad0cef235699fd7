// Every route x role x mesh: who gets in and who does not. The expectation is written here by hand, role by role, and does not
// read the permission table; a new route without a row fails.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { routes } from "./registry";
import type { Route } from "./route";
import { ROLES, type Role } from "./schema/common";
import { startTestApi, type TestApi } from "./testing/api";

type Who = Role | "nobody";
const EVERYBODY: readonly Who[] = ["nobody", ...ROLES];
const SIGNED_IN: readonly Who[] = ROLES;
const AUTHORS: readonly Who[] = ["author", "administrator"];
const REVIEWERS: readonly Who[] = ["reviewer", "administrator"];
const OPERATORS: readonly Who[] = ["operator", "administrator"];
const WAIVERS: readonly Who[] = ["reviewer", "administrator"];
const PLANNERS: readonly Who[] = ["author", "reviewer", "operator", "administrator"];
const ADMINISTRATORS: readonly Who[] = ["administrator"];

/** May, with a role on every mesh. `mesh: true` = also with that role on the mesh alone, and never with it on another mesh. */
const TABLE: Record<string, { may: readonly Who[]; mesh?: true }> = {
  getHealth: { may: EVERYBODY },
  getOpenApi: { may: EVERYBODY },
  acceptInvite: { may: EVERYBODY },
  getMe: { may: SIGNED_IN },
  changeMe: { may: SIGNED_IN },
  listTokens: { may: SIGNED_IN },
  createToken: { may: SIGNED_IN },
  revokeToken: { may: SIGNED_IN },
  listMeshes: { may: SIGNED_IN },
  streamNews: { may: SIGNED_IN },
  createMesh: { may: AUTHORS },
  listUsers: { may: ADMINISTRATORS },
  getUser: { may: ADMINISTRATORS },
  changeUser: { may: ADMINISTRATORS },
  listInvites: { may: ADMINISTRATORS },
  createInvite: { may: ADMINISTRATORS },
  revokeInvite: { may: ADMINISTRATORS },
  getTrust: { may: SIGNED_IN },
  rotateRoot: { may: ADMINISTRATORS },
  cancelRootRotation: { may: ADMINISTRATORS },
  createSignInLink: { may: ADMINISTRATORS },
  getMesh: { may: SIGNED_IN, mesh: true },
  changeMesh: { may: ADMINISTRATORS, mesh: true },
  deleteMesh: { may: ADMINISTRATORS, mesh: true },
  getDraft: { may: SIGNED_IN, mesh: true },
  editDraft: { may: AUTHORS, mesh: true },
  replaceDraft: { may: AUTHORS, mesh: true },
  mergeDraft: { may: AUTHORS, mesh: true },
  undoDraft: { may: AUTHORS, mesh: true },
  redoDraft: { may: AUTHORS, mesh: true },
  getHistory: { may: SIGNED_IN, mesh: true },
  getFindings: { may: SIGNED_IN, mesh: true },
  listAcceptedRisks: { may: SIGNED_IN, mesh: true },
  acceptRisk: { may: ["author", "reviewer", "administrator"], mesh: true },
  endAcceptedRisk: { may: ["author", "reviewer", "administrator"], mesh: true },
  getModes: { may: SIGNED_IN, mesh: true },
  importText: { may: AUTHORS, mesh: true },
  listImports: { may: SIGNED_IN, mesh: true },
  getImport: { may: SIGNED_IN, mesh: true },
  exportText: { may: SIGNED_IN, mesh: true },
  listRevisions: { may: SIGNED_IN, mesh: true },
  createRevision: { may: AUTHORS, mesh: true },
  getRevision: { may: SIGNED_IN, mesh: true },
  getDiff: { may: SIGNED_IN, mesh: true },
  listEnvironments: { may: SIGNED_IN, mesh: true },
  getBinding: { may: SIGNED_IN, mesh: true },
  writeBinding: { may: OPERATORS, mesh: true },
  listGatewayCertificates: { may: SIGNED_IN, mesh: true },
  putGatewayCertificate: { may: OPERATORS, mesh: true },
  removeGatewayCertificate: { may: OPERATORS, mesh: true },
  planDeployment: { may: PLANNERS, mesh: true },
  listDeployments: { may: SIGNED_IN, mesh: true },
  createDeployment: { may: OPERATORS, mesh: true },
  getDeployment: { may: SIGNED_IN, mesh: true },
  rollBackDeployment: { may: OPERATORS, mesh: true },
  getDocument: { may: SIGNED_IN, mesh: true },
  listReviews: { may: SIGNED_IN, mesh: true },
  getStation: { may: SIGNED_IN, mesh: true },
  getReview: { may: SIGNED_IN, mesh: true },
  createReview: { may: AUTHORS, mesh: true },
  changeReview: { may: AUTHORS, mesh: true },
  submitRound: { may: AUTHORS, mesh: true },
  withdrawReview: { may: AUTHORS, mesh: true },
  castVote: { may: REVIEWERS, mesh: true },
  addReviewComment: { may: PLANNERS, mesh: true },
  resolveReviewComment: { may: PLANNERS, mesh: true },
  reopenReviewComment: { may: PLANNERS, mesh: true },
  listPinnedComments: { may: SIGNED_IN, mesh: true },
  meetCondition: { may: ["reviewer", "operator", "administrator"], mesh: true },
  getReviewRule: { may: SIGNED_IN, mesh: true },
  writeReviewRule: { may: ADMINISTRATORS, mesh: true },
  getApprovalRule: { may: SIGNED_IN, mesh: true },
  writeApprovalRule: { may: ADMINISTRATORS, mesh: true },
  getApproval: { may: SIGNED_IN, mesh: true },
  listPolicyTests: { may: SIGNED_IN, mesh: true },
  putPolicyTest: { may: AUTHORS, mesh: true },
  deletePolicyTest: { may: AUTHORS, mesh: true },
  runPolicyTests: { may: SIGNED_IN, mesh: true },
  simulate: { may: SIGNED_IN, mesh: true },
  getReplay: { may: SIGNED_IN, mesh: true },
  getObservedCalls: { may: SIGNED_IN, mesh: true },
  listProxies: { may: SIGNED_IN, mesh: true },
  listPrometheusTargets: { may: SIGNED_IN, mesh: true },
  revokeIdentity: { may: OPERATORS, mesh: true },
  createJoinToken: { may: OPERATORS, mesh: true },
  listJoinTokens: { may: SIGNED_IN, mesh: true },
  withdrawJoinToken: { may: OPERATORS, mesh: true },
  getProxy: { may: SIGNED_IN, mesh: true },
  createCheckRun: { may: OPERATORS, mesh: true },
  listCheckRuns: { may: SIGNED_IN, mesh: true },
  getChecksNow: { may: SIGNED_IN, mesh: true },
  getCheckRun: { may: SIGNED_IN, mesh: true },
  getCheckEvidence: { may: SIGNED_IN, mesh: true },
  getCheckChanges: { may: SIGNED_IN, mesh: true },
  exportChecks: { may: SIGNED_IN, mesh: true },
  listWaivers: { may: SIGNED_IN, mesh: true },
  grantWaiver: { may: WAIVERS, mesh: true },
  withdrawWaiver: { may: WAIVERS, mesh: true },
  getSelection: { may: SIGNED_IN, mesh: true },
  putSelection: { may: AUTHORS, mesh: true },
  getSelectionFits: { may: SIGNED_IN, mesh: true },
  getSelectionEvaluation: { may: SIGNED_IN, mesh: true },
  getSignals: { may: SIGNED_IN, mesh: true },
  getTopology: { may: SIGNED_IN, mesh: true },
  listPresence: { may: SIGNED_IN, mesh: true },
  notePresence: { may: SIGNED_IN, mesh: true },
  endPresence: { may: SIGNED_IN, mesh: true },
  verifyChain: { may: SIGNED_IN, mesh: true },
  listEvents: { may: SIGNED_IN, mesh: true },
};

let api: TestApi;
const onAll = new Map<Who, string | undefined>();
const onShop = new Map<Who, string | undefined>();
const onOther = new Map<Who, string | undefined>();

beforeAll(async () => {
  api = await startTestApi();
  const administrator = await api.tokenFor("administrator");
  await api.call("POST", "/meshes", { token: administrator, body: { slug: "other", name: "Other" } });
  for (const role of ROLES) {
    onAll.set(role, await api.tokenFor(role));
    onShop.set(role, await api.tokenFor(role, { mesh: "shop" }));
    onOther.set(role, await api.tokenFor(role, { mesh: "other" }));
  }
});
afterAll(() => api?.stop());

/** The request that gets past access and then fails on purpose, so that nothing is changed: no If-Match, an empty body, an unknown id. */
async function ask(route: Route, token: string | undefined) {
  const path = route.path
    .replace("{mesh}", "shop")
    .replace("{environment}", "local")
    .replace("{revision}", "r1")
    .replace("{proxyKey...}", "a/b/0")
    .replace(/\{[a-zA-Z]+\}/g, "nothing");
  if (route.id === "streamNews") return askStream(token);
  const isWrite = route.method !== "GET";
  return api.call(route.method, path, { token, ...(isWrite && route.body ? { rawBody: "[]" } : {}) });
}

async function askStream(token: string | undefined) {
  const { dispatch } = await import("./dispatch");
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const response = await dispatch(new Request("http://localhost:3000/api/v1/events/stream", { headers }), api.runtime);
  await response.body?.cancel();
  return { status: response.status, body: {} as Record<string, unknown> };
}

const isLetIn = ({ status, body }: { status: number; body: Record<string, unknown> }) =>
  status !== 401 && status !== 403 && !(status === 404 && String(body?.["detail"]).includes("mesh"));

test("every route has a row, and no row is left over", () => {
  expect(Object.keys(TABLE).sort()).toEqual(routes.map(({ id }) => id).sort());
});

describe.each(routes.map((route) => [route.id, route] as const))("%s", (id, route) => {
  const row = TABLE[id];

  test.each(EVERYBODY)("%s with the role everywhere", async (who) => {
    const answer = await ask(route, onAll.get(who));
    expect([who, isLetIn(answer)]).toEqual([who, row?.may.includes(who) ?? false]);
    if (who === "nobody" && !row?.may.includes("nobody")) expect(answer.status).toBe(401);
  });

  if (row?.mesh) {
    test.each(ROLES)("%s of this mesh alone", async (who) => {
      expect(isLetIn(await ask(route, onShop.get(who)))).toBe(row.may.includes(who));
    });

    test.each(ROLES)("%s of another mesh does not even see it", async (who) => {
      const answer = await ask(route, onOther.get(who));
      expect([answer.status, answer.body["code"]]).toEqual([404, "not-found"]);
    });
  } else if (row && !row.may.includes("viewer")) {
    test.each(ROLES)("%s of one mesh has no say over the installation", async (who) => {
      expect((await ask(route, onShop.get(who))).status).toBe(403);
    });
  }
});

test("the list of meshes shows those one may read", async () => {
  const slugs = async (token: string | undefined) =>
    (await api.call<{ items: { slug: string }[] }>("GET", "/meshes", { token })).body.items.map(({ slug }) => slug);
  expect(await slugs(onAll.get("viewer"))).toEqual(["other", "shop"]);
  expect(await slugs(onShop.get("administrator"))).toEqual(["shop"]);
});
