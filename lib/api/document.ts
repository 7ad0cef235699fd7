// Gathers what a design document says, from what is stored, and prints it.
// The rule: the printer reads nothing but our own fonts: no address and no file that stands in a design is ever opened.
import { createRequire } from "node:module";
import pdfmake from "pdfmake";
import type { Principal } from "@/lib/auth/permissions";
import { controlById, type Standing } from "@/lib/compliance";
import { acceptedRisksOf } from "@/lib/data/accepted-risks";
import { readChecksNow } from "@/lib/data/checks";
import { listDeployments } from "@/lib/data/deployments";
import { listEnvironments, listProxies } from "@/lib/data/environments";
import { readDesign } from "@/lib/data/meshes";
import { listReviews } from "@/lib/data/reviews/read";
import type { ReviewRow } from "@/lib/data/reviews/rows";
import { readApprovalRule } from "@/lib/data/reviews/rules";
import {
  type DesignDocument,
  type DocumentControl,
  type DocumentEnvironment,
  type DocumentInput,
  type DocumentReview,
  designDocument,
} from "@/lib/document";
import { type MeshDocument, parseKey } from "@/lib/mesh";
import { pdfDefinition } from "./pdf-definition";
import type { Runtime } from "./runtime";
import { evaluatedBy } from "./threads/evaluated-by";

const MOST_REVIEWS = 20;

export async function documentOf(
  runtime: Runtime,
  principal: Principal,
  { slug, at }: { slug: string; at: string },
): Promise<DesignDocument> {
  const { database } = runtime;
  const design = await readDesign(database, principal, { slug, at });
  const { rows } = await listReviews(database, principal, { slug, limit: MOST_REVIEWS });
  const environments = await listEnvironments(database, principal, slug);
  const [first] = environments;
  const now = runtime.clock.now();
  const checks = first
    ? await readChecksNow(database, principal, {
        slug,
        environment: first.name,
        at,
        now,
        evaluate: evaluatedBy(runtime),
      })
    : { standings: [] };
  const accepted = new Map(
    (await acceptedRisksOf(database, design.mesh.id))
      .filter(({ expiresAt }) => Date.parse(expiresAt) > now)
      .map((risk) => [risk.findingId, risk]),
  );
  const input: DocumentInput = {
    mesh: { name: design.mesh.name, slug },
    at,
    digest: design.digest,
    frozenAt: design.revision?.createdAt.toISOString() ?? null,
    author: design.revision?.authorName ?? null,
    message: design.revision?.message ?? "",
    madeAt: new Date(now).toISOString(),
    document: design.document,
    positions: design.positions,
    proxies: await proxiesOf(runtime, design.document),
    reviews: rows.flatMap(toReview),
    environments: await Promise.all(
      environments.map((environment) => toEnvironment(runtime, principal, slug, environment)),
    ),
    controls: checks.standings.map(toControl),
    risks: (await runtime.threads.run("findings", { document: design.document })).map(
      ({ id, code, severity, message, cause }) => ({
        code,
        severity,
        message,
        cause,
        accepted: accepted.get(id) ?? null,
      }),
    ),
  };
  return designDocument(input);
}

async function proxiesOf({ threads }: Runtime, document: MeshDocument): Promise<DocumentInput["proxies"]> {
  const compiled = await threads.run("compiledSizes", { document });
  return compiled.map(({ workload, owner, ...sizes }) => ({
    owner: workload || (parseKey(owner)?.name ?? owner),
    ...sizes,
  }));
}

function toControl({ control, layers: { design, compiled, live } }: Standing): DocumentControl {
  const worst = [design, compiled, live].find(({ state }) => state === "fail");
  return {
    id: control,
    title: controlById(control)?.title ?? "",
    design: design.state,
    compiled: compiled.state,
    live: live.state,
    provedAt: live.state === "pass" ? live.measuredAt : null,
    summary: (worst ?? design).summary,
  };
}

function toReview(row: ReviewRow): DocumentReview[] {
  const round = row.rounds.at(-1);
  if (!round) return [];
  return [
    {
      number: row.number,
      title: row.title,
      what: row.what,
      why: row.why,
      state: row.state as DocumentReview["state"],
      author: row.authorName,
      decidedAt: row.decidedAt?.toISOString() ?? null,
      revision: round.revision.number,
      digest: round.digest,
      votes: round.votes.map(({ voterName, role, decision, comment }) => ({
        voter: voterName,
        role,
        decision: decision as DocumentReview["votes"][number]["decision"],
        comment,
      })),
      conditions: row.conditions.map((condition) => ({
        id: condition.id,
        text: condition.text,
        owner: condition.owner,
        dueOn: condition.dueOn,
        beforeDeploy: condition.beforeDeploy,
        metAt: condition.metAt?.toISOString() ?? null,
        metBy: condition.metByName,
        setBy: condition.setByName,
      })),
      openQuestions: row.comments
        .filter(({ resolvedAt, parentId }) => resolvedAt === null && parentId === null)
        .map(({ body }) => body),
    },
  ];
}

async function toEnvironment(
  { database }: Runtime,
  principal: Principal,
  slug: string,
  { name, running, binding }: Awaited<ReturnType<typeof listEnvironments>>[number],
): Promise<DocumentEnvironment> {
  const asked = { slug, environment: name };
  const { rows } = await listProxies(database, principal, asked);
  const deployments = await listDeployments(database, principal, { ...asked, limit: 3 });
  const wanted = rows.filter(({ desired }) => desired === "running");
  return {
    name,
    rule: await readApprovalRule(database, principal, asked),
    running: running?.revision ?? null,
    instances: binding.instances.length,
    proxies: { total: wanted.length, ready: wanted.filter(({ ready }) => ready).length },
    lastDeployments: deployments.map((each) => ({
      revision: each.revisionNumber,
      state: each.state,
      by: each.startedByName,
      at: each.createdAt.toISOString(),
    })),
  };
}

const require = createRequire(import.meta.url);
/** Roboto's files, and Courier, which every reader of PDF has. */
const OWN_FONT = /[\\/]pdfmake[\\/]fonts[\\/]Roboto[\\/][A-Za-z-]+\.ttf$|^Courier(-[A-Za-z]+)?$/;
let isReady = false;

function prepare(): void {
  if (isReady) return;
  pdfmake.setFonts({
    ...(require("pdfmake/fonts/Roboto.js") as Parameters<typeof pdfmake.setFonts>[0]),
    ...(require("pdfmake/standard-fonts/Courier.js") as Parameters<typeof pdfmake.setFonts>[0]),
  });
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy((file: string) => OWN_FONT.test(file));
  isReady = true;
}

export async function printPdf(document: DesignDocument): Promise<Buffer> {
  prepare();
  return pdfmake.createPdf(pdfDefinition(document)).getBuffer();
}
