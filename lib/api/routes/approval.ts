// The rules of a mesh and of its environments, and their answer for a revision: asked before anybody deploys.
import {
  readApproval,
  readApprovalRule,
  readReviewRule,
  writeApprovalRule,
  writeReviewRule,
} from "@/lib/data/reviews/rules";
import { contentTag, requireTag } from "../etag";
import { defineRoute, onMesh } from "../route";
import * as schema from "../schema";

const tag = "reviews";
const environmentPath = "/meshes/{mesh}/environments/{environment}";

export const approvalRoutes = [
  defineRoute({
    id: "getReviewRule",
    method: "GET",
    path: "/meshes/{mesh}/review-rule",
    tag,
    summary: "How reviews of this mesh decide: quorum and roles",
    access: onMesh("mesh.read"),
    answer: schema.reviewRule,
    async handle({ runtime, principal, params }) {
      const rule = await readReviewRule(runtime.database, principal, params.mesh);
      return { body: rule, etag: contentTag(rule) };
    },
  }),
  defineRoute({
    id: "writeReviewRule",
    method: "PUT",
    path: "/meshes/{mesh}/review-rule",
    tag,
    summary: "Set quorum and roles; open reviews are counted by it from their next vote on",
    access: onMesh("mesh.write"),
    body: schema.reviewRule,
    answer: schema.reviewRule,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, ifMatch }) {
      requireTag(ifMatch, contentTag(await readReviewRule(runtime.database, principal, params.mesh)));
      const rule = await writeReviewRule(runtime.database, principal, { slug: params.mesh, rule: body });
      return { body: rule, etag: contentTag(rule) };
    },
  }),
  defineRoute({
    id: "getApprovalRule",
    method: "GET",
    path: `${environmentPath}/approval-rule`,
    tag,
    summary: "What the environment asks of a revision before it runs there",
    access: onMesh("mesh.read"),
    answer: schema.approvalRule,
    async handle({ runtime, principal, params }) {
      const rule = await readApprovalRule(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
      });
      return { body: rule, etag: contentTag(rule) };
    },
  }),
  defineRoute({
    id: "writeApprovalRule",
    method: "PUT",
    path: `${environmentPath}/approval-rule`,
    tag,
    summary: "Set it: none, or an approved revision with a quorum of roles",
    access: onMesh("mesh.write"),
    body: schema.approvalRule,
    answer: schema.approvalRule,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, ifMatch }) {
      const asked = { slug: params.mesh, environment: params.environment };
      requireTag(ifMatch, contentTag(await readApprovalRule(runtime.database, principal, asked)));
      const rule = await writeApprovalRule(runtime.database, principal, { ...asked, rule: body });
      return { body: rule, etag: contentTag(rule) };
    },
  }),
  defineRoute({
    id: "getApproval",
    method: "GET",
    path: `${environmentPath}/approval`,
    tag,
    summary: "Whether a revision may be deployed here now, on what that stands, and the way on when it may not",
    access: onMesh("mesh.read"),
    query: schema.approvalQuery,
    answer: schema.approval,
    async handle({ runtime, principal, params, query: { revision } }) {
      const answer = await readApproval(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        revision,
      });
      return {
        body: { ...answer, unmet: answer.unmet.map(({ id, text, owner, dueOn }) => ({ id, text, owner, dueOn })) },
      };
    },
  }),
];
