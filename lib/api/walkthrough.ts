// The content of a station, computed on the server from the two frozen designs of a round.
// The rule: revisions never change, so what is computed from two digests is kept; what is measured or may be decided anew is not.
import type { AcceptedRisk } from "@/lib/analysis";
import type { Principal } from "@/lib/auth/permissions";
import { controlById } from "@/lib/compliance";
import { acceptedRisksOf } from "@/lib/data/accepted-risks";
import { readChecksNow } from "@/lib/data/checks";
import type { Database } from "@/lib/data/client";
import { listDeployments } from "@/lib/data/deployments";
import { listEnvironments } from "@/lib/data/environments";
import { type DesignAt, readDesign } from "@/lib/data/meshes";
import { observedIn } from "@/lib/data/reviews/evidence";
import { readReview } from "@/lib/data/reviews/read";
import { readRoundTests } from "@/lib/data/reviews/round-tests";
import { readApproval } from "@/lib/data/reviews/rules";
import { AppError } from "@/lib/errors";
import { digestOf, emptyMesh, type MeshDocument, type Positions } from "@/lib/mesh";
import type { StationId } from "@/lib/review";
import type { ObservedCall } from "@/lib/simulate";
import { toCondition } from "./review-dto";
import type { Runtime } from "./runtime";
import type { StationContent } from "./schema";
import { evaluatedBy } from "./threads/evaluated-by";

interface Side {
  at: string;
  digest: string;
  document: MeshDocument;
  positions: Positions;
}
interface Asked {
  slug: string;
  number: number;
  station: StationId;
  round: number | undefined;
}

/** About 100 KB each for a mesh of 1,000 services. */
const MAX_KEPT = 40;
const kept = new Map<string, Promise<unknown>>();

/** Computed once per pair of digests, also for those who ask at the same time; what failed is computed again the next time. */
function once<T>(key: string, compute: () => Promise<T>): Promise<T> {
  const known = kept.get(key);
  if (known) return known as Promise<T>;
  const value = compute();
  value.catch(() => kept.delete(key));
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value ?? "");
  kept.set(key, value);
  return value;
}

export async function stationContent(runtime: Runtime, principal: Principal, asked: Asked): Promise<StationContent> {
  const { database } = runtime;
  const { row, mesh } = await readReview(database, principal, asked);
  const round = asked.round === undefined ? row.rounds.at(-1) : row.rounds.find(({ number }) => number === asked.round);
  if (!round) {
    throw new AppError("review-closed", {
      detail:
        row.rounds.length === 0
          ? "This review is not submitted yet: there is nothing to walk through."
          : `Review #${row.number} has no round ${asked.round}.`,
    });
  }
  const designOf = async (revision: number) =>
    sideOf(await readDesign(database, principal, { slug: asked.slug, at: `r${revision}` }));
  const base = round.baseRevision;
  const readTo = () => designOf(round.revision.number);
  const readFrom = async () => (base ? designOf(base.number) : nothing(asked.slug));
  const compared = { from: base ? `r${base.number}` : NOTHING, to: `r${round.revision.number}`, digest: round.digest };
  const pair = `${base?.digest ?? NOTHING} ${round.digest}`;
  switch (asked.station) {
    case "purpose":
    case "decision":
      return { station: asked.station, ...compared };
    case "changes": {
      // Designs of 1,000 services are read only when what was made of them is not kept any more.
      const content = await once(`changes ${pair}`, async () => {
        const [from, to] = [await readFrom(), await readTo()];
        const places = { before: from.positions, after: to.positions };
        return runtime.threads.run("changes", { ...documentsOf(from, to), places });
      });
      const previous = row.rounds.findLast(({ number }) => number < round.number);
      const sinceRound = previous
        ? {
            round: previous.number,
            changes: await once(`since ${previous.digest} ${round.digest}`, async () =>
              runtime.threads.run("diff", documentsOf(await designOf(previous.revision.number), await readTo())),
            ),
          }
        : null;
      return { station: "changes", ...compared, ...content, sinceRound };
    }
  }
  const [from, to] = [await readFrom(), await readTo()];
  switch (asked.station) {
    case "trust":
      return {
        station: "trust",
        ...compared,
        ...(await once(`trust ${pair}`, async () =>
          runtime.threads.run("trust", { document: to.document, access: await accessOf(runtime, from, to) }),
        )),
      };
    case "access":
      return { station: "access", ...compared, ...(await accessOf(runtime, from, to)) };
    case "routing": {
      const [environment] = await listEnvironments(database, principal, asked.slug);
      const observed = environment ? await observedIn(database, environment.id) : [];
      return {
        station: "routing",
        ...compared,
        observed: observed.length,
        consequences: await routingOf(runtime, from, to, observed),
        tests: await testsOf(database, round.id),
      };
    }
    case "findings":
      return {
        station: "findings",
        ...compared,
        items: await findingsOf(runtime, from, to, await acceptedRisksOf(database, mesh.id)),
      };
    case "checklist":
      return { station: "checklist", ...compared, ...(await checklistOf(runtime, principal, asked.slug, from, to)) };
    case "rollout":
      return {
        station: "rollout",
        ...compared,
        environments: await environmentsOf(runtime, principal, asked.slug, round.revision.number),
        conditions: row.conditions.map(toCondition),
      };
  }
}

const sideOf = ({ at, digest, document, positions }: DesignAt): Side => ({ at, digest, document, positions });

const NOTHING = "an empty mesh";

function nothing(slug: string): Side {
  const document = emptyMesh(slug);
  return { at: NOTHING, digest: digestOf(document), document, positions: {} };
}

const documentsOf = (from: Side, to: Side) => ({ from: from.document, to: to.document });

function accessOf({ threads }: Runtime, from: Side, to: Side) {
  return once(`access ${from.digest} ${to.digest}`, () => threads.run("access", documentsOf(from, to)));
}

async function routingOf({ threads }: Runtime, from: Side, to: Side, observed: readonly ObservedCall[]) {
  const consequences = await threads.run("routing", { ...documentsOf(from, to), observed });
  return consequences.map((each) => ({
    kind: each.kind,
    severity: each.severity,
    sentence: each.sentence,
    caller: each.caller,
    callee: each.callee,
    request: `${each.call.method} ${each.call.host}${each.call.path}`,
    before: each.before.sentence,
    after: each.after.sentence,
  }));
}

const TEST_ORDER = { failed: 0, "not-run": 1, passed: 2 } as const;

async function testsOf(database: Database, roundId: string) {
  const tests = await readRoundTests(database, roundId);
  return tests?.toSorted((a, b) => TEST_ORDER[a.state] - TEST_ORDER[b.state]) ?? null;
}

async function findingsOf({ threads, clock }: Runtime, from: Side, to: Side, risks: readonly AcceptedRisk[]) {
  const now = clock.now();
  const found = await once(`findings ${from.digest} ${to.digest}`, () =>
    threads.run("compareFindings", documentsOf(from, to)),
  );
  const accepted = new Map(risks.map((risk) => [risk.findingId, risk]));
  return found.map(({ standing, finding: { id, code, severity, message, cause, refs } }) => {
    const risk = accepted.get(id);
    return {
      standing,
      id,
      code,
      severity,
      message,
      cause,
      refs,
      accepted: risk
        ? {
            reason: risk.reason,
            owner: risk.owner,
            expiresAt: risk.expiresAt,
            isExpired: Date.parse(risk.expiresAt) <= now,
          }
        : null,
    };
  });
}

/** Design and compiled of this revision, live as it stands now: measured, stale or waived, by what ran when it was measured. */
async function checklistOf(runtime: Runtime, principal: Principal, slug: string, from: Side, to: Side) {
  const { database } = runtime;
  const [environment] = await listEnvironments(database, principal, slug);
  const now = runtime.clock.now();
  const known = environment
    ? await readChecksNow(database, principal, {
        slug,
        environment: environment.name,
        at: to.at,
        now,
        evaluate: evaluatedBy(runtime),
      })
    : null;
  const was = await once(`controls ${from.digest}`, () => runtime.threads.run("controls", { document: from.document }));
  const before = new Map(was.map((result) => [result.control, result]));
  return {
    environment: environment?.name ?? null,
    controls: (known?.standings ?? []).map(({ control, layers: { design, compiled, live } }) => {
      const named = controlById(control);
      return {
        id: control,
        title: named?.title ?? control,
        severity: named?.severity ?? "medium",
        before: from.at === NOTHING ? null : (before.get(control)?.design.state ?? null),
        design: { state: design.state, summary: design.summary },
        compiled: { state: compiled.state, summary: compiled.summary },
        live: { state: live.state, summary: live.summary, at: live.measuredAt, run: known?.run?.id ?? null },
      };
    }),
  };
}

async function environmentsOf(runtime: Runtime, principal: Principal, slug: string, revision: number) {
  const { database } = runtime;
  const design = await readDesign(database, principal, { slug, at: `r${revision}` });
  const rows = await listEnvironments(database, principal, slug);
  return Promise.all(
    rows.map(async ({ id, name, running }) => {
      const asked = { slug, environment: name };
      const approval = await readApproval(database, principal, { ...asked, revision });
      const deployments = await listDeployments(database, principal, { ...asked, limit: 5 });
      const runsThis = running?.digest === design.digest;
      const planned = await planOf(runtime, id, design.revision?.id ?? "");
      return {
        name,
        rule: approval.rule.kind === "none" ? approval.rule : { ...approval.rule, roles: [...approval.rule.roles] },
        running: running?.revision ?? null,
        runsThis,
        allowed: approval.allowed,
        sentence: approval.sentence,
        wayOn: approval.wayOn,
        ...planned,
        deployments: deployments.map((each) => ({
          id: each.id,
          revision: each.revisionNumber,
          state: each.state as "done",
          startedBy: each.startedByName,
          createdAt: each.createdAt.toISOString(),
        })),
        wayBack: wayBack(running?.revision ?? null, revision),
      };
    }),
  );
}

function wayBack(running: number | null, revision: number): string {
  if (running === null)
    return "Nothing runs there yet: the way back is to deploy an earlier revision, once there is one.";
  if (running === revision) return "It runs there now. Rollouts, Roll back brings back what ran before it.";
  return `r${running} runs now. If a proxy refuses the new configuration, all touched proxies get r${running} back by themselves; later, Rollouts, Roll back does the same on demand.`;
}

async function planOf(runtime: Runtime, environmentId: string, revisionId: string) {
  try {
    const plan = (await runtime.controlPlane.plan(environmentId, revisionId)) as {
      summary?: string[];
      proxies?: { proxyKey: string; change: string }[];
      waves?: string[][];
    };
    const changed = (plan.proxies ?? []).filter(({ change }) => change !== "keep");
    const keys = new Set(changed.map(({ proxyKey }) => proxyKey));
    const waves = (plan.waves ?? []).filter((wave) => wave.some((key) => keys.has(key)));
    return {
      plan: { summary: plan.summary ?? [], proxies: changed.length, waves: waves.length },
      planProblem: null,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { plan: null, planProblem: error.detail };
  }
}
