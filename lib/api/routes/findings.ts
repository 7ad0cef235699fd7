// What the analyzers say, risks that are accepted instead of mended, and what each step of adoption would break.
// The rule: an acceptance never hides a finding; it is marked, and counts again when its time is over.
import { type AcceptedRisk, isInForce, withAccepted } from "@/lib/analysis";
import { acceptRisk, endAcceptedRisk, listAcceptedRisks } from "@/lib/data/accepted-risks";
import { readEnvironment } from "@/lib/data/environments";
import { readDesign } from "@/lib/data/meshes";
import { plaintextCalls } from "@/lib/data/plaintext-calls";
import { observedCalls } from "@/lib/data/policy-tests";
import { adoptionOf } from "@/lib/modes";
import { defineRoute, onMesh } from "../route";
import * as schema from "../schema";

const tag = "findings";
const path = "/meshes/{mesh}/accepted-risks";

const toDto = (risk: AcceptedRisk, now: number): schema.AcceptedRiskDto => ({
  ...risk,
  isInForce: isInForce(risk, now),
});

export const findingRoutes = [
  defineRoute({
    id: "getFindings",
    method: "GET",
    path: "/meshes/{mesh}/findings",
    tag: "meshes",
    summary: "What the analyzers say of the draft or of a revision",
    access: onMesh("mesh.read"),
    query: schema.atQuery,
    answer: schema.findings,
    async handle({ runtime, principal, params, query: { at }, request }) {
      const { document, digest } = await readDesign(runtime.database, principal, { slug: params.mesh, at });
      const { database, clock } = runtime;
      const now = clock.now();
      const risks = await listAcceptedRisks(database, principal, params.mesh);
      const today = new Date(now).toISOString().slice(0, 10);
      const found = await runtime.threads.run("findings", { document, today }, request.signal);
      const items = withAccepted(found, risks, now);
      const count = (severity: string) => items.filter((each) => !each.accepted && each.severity === severity).length;
      const counts = {
        error: count("error"),
        warning: count("warning"),
        info: count("info"),
        accepted: items.filter((each) => each.accepted).length,
      };
      return { body: { at, digest, counts, items } };
    },
  }),
  defineRoute({
    id: "listAcceptedRisks",
    method: "GET",
    path,
    tag,
    summary: "Findings whose risk is accepted, those that are over included",
    access: onMesh("mesh.read"),
    answer: schema.acceptedRisks,
    async handle({ runtime, principal, params }) {
      const now = runtime.clock.now();
      const items = await listAcceptedRisks(runtime.database, principal, params.mesh);
      return { body: { items: items.map((risk) => toDto(risk, now)) } };
    },
  }),
  defineRoute({
    id: "acceptRisk",
    method: "PUT",
    path,
    tag,
    summary: "Accept the risk of a finding for a time, with a reason and an owner; again to renew it",
    access: onMesh("risk.accept"),
    body: schema.newAcceptedRisk,
    answer: schema.acceptedRisk,
    async handle({ runtime, principal, params, body }) {
      const now = runtime.clock.now();
      const risk = await acceptRisk(runtime.database, principal, { slug: params.mesh, risk: body, now });
      return { body: toDto(risk, now) };
    },
  }),
  defineRoute({
    id: "endAcceptedRisk",
    method: "DELETE",
    path,
    tag,
    summary: "End the acceptance of a finding now",
    access: onMesh("risk.accept"),
    query: schema.acceptedRiskQuery,
    status: 204,
    async handle({ runtime, principal, params, query: { finding } }) {
      await endAcceptedRisk(runtime.database, principal, { slug: params.mesh, findingId: finding });
      return {};
    },
  }),
  defineRoute({
    id: "getModes",
    method: "GET",
    path: "/meshes/{mesh}/modes",
    tag,
    summary:
      "Where each service of the draft stands in its adoption, and which calls seen would fail at the next steps",
    access: onMesh("mesh.read"),
    query: schema.modesQuery,
    answer: schema.modes,
    async handle({ runtime, principal, params, query: { environment, range } }) {
      const { database, clock } = runtime;
      const { document, digest } = await readDesign(database, principal, { slug: params.mesh, at: "draft" });
      const { id: environmentId } = await readEnvironment(database, principal, { slug: params.mesh, environment });
      const from = new Date(clock.now() - schema.rangeToMs(range));
      const [calls, plaintext] = await Promise.all([
        observedCalls(database, { environmentId, from }),
        plaintextCalls(database, { environmentId, from }),
      ]);
      return { body: { environment, range, digest, items: adoptionOf(document, { calls, plaintext }) } };
    },
  }),
];
