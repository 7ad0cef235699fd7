// Random designs on Envoy where ENVOY_BIN names it, else some of them on our own proxy: each answer is the one the simulator told.
// The rule: SEED, DESIGNS and QUESTIONS say how much; every difference is told with the seed of its design, which brings it back alone.
import { normalizePath } from "@meshwright/proxy/semantics";
import { expect, test } from "vitest";
import { httpAuthorizer } from "../../proxy/test/support/authorizers";
import { ecKey, keySetOf, tokenOf } from "../../proxy/test/support/tokens";
import { type MeshDocument, validateDocument } from "../mesh";
import { ask } from "./ask";
import { buildScene, type Scene } from "./scene";
import { leastDifferences } from "./testing/agreement";
import { SAID_BY_HTTP, withAsking } from "./testing/asking";
import { startEnvoyMesh } from "./testing/envoy-mesh";
import { isUncalled, type LiveMesh, type Sign } from "./testing/live-ground";
import { startLiveMesh } from "./testing/live-mesh";
import { questionAbout } from "./testing/near-misses";
import { type Random, randomOf } from "./testing/random";
import { withCopies } from "./testing/random-copies";
import { randomDesign } from "./testing/random-design";
import { withTraffic } from "./testing/random-traffic";
import { Shares } from "./testing/shares";
import { type Asked, isEndless, type TrialCounts, trialDifferences } from "./testing/trials";
import type { Answer, Question } from "./types";

const envoy = process.env["ENVOY_BIN"];
const seed = Number(process.env["SEED"] ?? 1);
const designs = Number(process.env["DESIGNS"] ?? (envoy ? 6 : 3));
const questions = Number(process.env["QUESTIONS"] ?? 50);
/** Seeds of designs: far from each other, so that runs share none. */
const seedOf = (i: number) => seed * 1_000_000 + i;
/** Calls beside the questions, for each design that has a split. */
const SPLIT_CALLS = 40;

const key = ecKey("one");
const otherKey = ecKey("one");
const sign: Sign = ({ claims, isForged }) => tokenOf(isForged ? otherKey : key, claims);
const apps = { "authz-v1": () => httpAuthorizer() };
const start = (document: MeshDocument): Promise<LiveMesh> =>
  envoy ? startEnvoyMesh(document, envoy, sign, apps) : startLiveMesh(document, sign, apps);

const outcomes = new Map<string, number>();
const trials: TrialCounts = new Map();
const shares = new Shares();

const all = Array.from({ length: designs }, (_, i) => seedOf(i));
test.each(all)(
  `design %i answers on ${envoy ? "Envoy" : "our proxy"} as the simulator says`,
  async (own) => {
    const routed = withTraffic(randomDesign(randomOf(own), keySetOf(key)), own + 900_000);
    const made = withCopies(routed, own + 600_000);
    // every other design asks somebody where it denies
    const document = own % 2 === 0 ? made : withAsking(made);
    expect(validateDocument(document), `design ${own}`).toEqual([]);
    const random = randomOf(own + 500_000);
    const plain = buildScene(made);
    const answers = randomOf(own + 700_000);
    const asked = Array.from({ length: questions }, () => answered(called(plain, random), answers));
    const mesh = await start(document);
    try {
      const { binding, endpoints } = mesh.input;
      const scene = buildScene(document, { binding, endpoints: [...endpoints] });
      const { found, answers } = await unlike(mesh, scene, asked);
      expect(found, `design ${own}`).toEqual([]);
      expect(await trialDifferences(mesh, scene, answers, random, trials), `design ${own}`).toEqual([]);
    } finally {
      await mesh.close();
    }
  },
  120_000,
);

test("every kind of answer was among them, and splits have the shares that were told", () => {
  const told = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
  const tried = [...trials].map(([kind, count]) => `${kind} ${count}`).join(", ");
  console.log(
    `SEED=${seed}: ${designs} designs, ${designs * questions} questions: ${told}; ${shares.words()}; trials: ${tried}`,
  );
  expect([...outcomes.keys()]).toEqual(
    expect.arrayContaining(["forwarded", "denied", "no-route", "redirected", "responded"]),
  );
  expect(Math.abs(shares.sigmas())).toBeLessThan(5);
});

/** A question that a proxy answers: an app without a sidecar finds names by itself, or does not. */
function called(scene: Scene, random: Random): Question {
  const { document } = scene;
  const question = questionAbout(document, random);
  const isOut =
    isUncalled(document, question) ||
    ask(scene, question).hops.length === 0 ||
    (envoy !== undefined && isMeant(question));
  return isOut ? called(scene, random) : question;
}

/** What an authorizer says, who may be asked about it, stands in the request. */
function answered(question: Question, random: Random): Question {
  const answer = random.pick(["allow", "allow", "deny", "away"] as const);
  return {
    ...question,
    headers: { ...question.headers, "x-say": SAID_BY_HTTP[answer] },
    authorizers: { authz: answer },
  };
}

/** Meant to differ, as docs/reference/envoy-differences.md says: a path of slashes only, where slashes are merged. */
function isMeant({ from, path }: Question): boolean {
  const plain = normalizePath(path, { normalizePath: true, mergeSlashes: false, escapedSlashes: "keep" });
  return from.kind !== "workload" && /^\/{2,}(\?|$)/.test(plain ?? "");
}

/** A path that a rule made unreadable, with no sidecar behind it: what the app makes of it is its own. */
const isOfApp = ({ outcome, hops: [first, ...others] }: Answer): boolean =>
  outcome === "forwarded" && others.length === 0 && first?.rewrites?.path?.to.startsWith("/") === false;

/** The try that failed is told; whether it is made again, and that the wait for it is given up, is not. */
const isAwaited = ({ outcome, hops: [first] }: Answer): boolean =>
  outcome === "refused" && first?.retries != null && isEndless(first.retries);

async function unlike(mesh: LiveMesh, scene: Scene, asked: readonly Question[]) {
  const found: string[] = [];
  const answers = new Map<Question, Asked>();
  let split: { question: Question; answer: Answer } | undefined;
  const one = async (question: Question) => {
    const answer = ask(scene, question);
    if (isOfApp(answer) || isAwaited(answer)) return;
    const live = await mesh.send(question);
    answers.set(question, { question, answer, live });
    const unlike = leastDifferences(scene, question, live);
    if (unlike.length > 0) found.push(`${JSON.stringify(question)} -> ${unlike.join("; ")} (${answer.sentence})`);
    outcomes.set(answer.outcome, (outcomes.get(answer.outcome) ?? 0) + 1);
    if (shares.count(answer, live)) split ??= { question, answer };
  };
  // Envoy ends the whole connection of HTTP/2 for a path without its slash, and what else is on it
  const isAlone = (question: Question) =>
    ask(scene, question).destinations.some(({ outcome }) => outcome === "refused");
  await inParallel(
    8,
    asked.filter((question) => !isAlone(question)),
    one,
  );
  await inParallel(1, asked.filter(isAlone), one);
  const { question, answer } = split ?? {};
  if (question && answer) {
    const again = Array.from({ length: SPLIT_CALLS }, () => question);
    await inParallel(8, again, async () => void shares.count(answer, await mesh.send(question)));
  }
  return { found, answers: asked.flatMap((question) => answers.get(question) ?? []) };
}

async function inParallel<T>(workers: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: workers }, one));
}
