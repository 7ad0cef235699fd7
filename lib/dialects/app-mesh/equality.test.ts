// What goes out to App Mesh answers calls as the design does, wherever the report says that a rule is the same.
import { expect, test } from "vitest";
import { applyCommand, type MeshObject } from "@/lib/mesh";
import { type Answer, ask, buildScene } from "@/lib/simulate";
import { seedMesh } from "../../simulate/testing/designs";
import { randomOf, randomPolicies, randomQuestion } from "../../simulate/testing/random";
import { withMore } from "../../simulate/testing/random-more";
import { exportDocument, importDocuments } from "..";

const SEED = Number(process.env["SEED"] ?? 1);
const DESIGNS = Number(process.env["DESIGNS"] ?? 2);
const QUESTIONS = 40;

const isRoute = (each: MeshObject) => each.kind === "Route" && each.spec.target.kind === "Service";
const isAccess = ({ kind }: MeshObject) => kind === "AuthorizationPolicy" || kind === "MutualTls";

/** Which part of a service a call goes to: a subset that is all of it has no name of its own on the way back. */
const answered = ({ outcome, status, destinations, hops: [first] }: Answer) => {
  const shares = new Map<string, number>();
  for (const { service, probability } of destinations) shares.set(service, (shares.get(service) ?? 0) + probability);
  return {
    outcome,
    status,
    path: first?.rewrites?.path,
    to: [...shares].map(([service, share]) => [service, share.toFixed(4)]).sort(),
  };
};

test(`routes of ${DESIGNS} random designs from seed ${SEED} answer as before wherever they are said to be the same`, () => {
  const random = randomOf(SEED);
  const more = randomOf(SEED + 500_000);
  let same = 0;
  for (let n = 0; n < DESIGNS; n++) {
    const design = {
      objects: withMore(randomPolicies(seedMesh(), random), more).objects.filter((each) => !isAccess(each)),
    };
    const made = exportDocument("app-mesh", design);
    const ground = { objects: design.objects.filter((each) => !isRoute(each)) };
    const options = { document: ground, defaultNamespace: "production" };
    const { commands, violations } = importDocuments("app-mesh", [{ text: made.text }], options);
    expect(violations).toEqual([]);
    const applied = applyCommand(ground, {}, { type: "batch", commands });
    if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
    const changed = made.report
      .filter(({ key, verdict, changesMeaning }) => key.startsWith("Route/") && (changesMeaning || verdict !== "exact"))
      .map(({ key }) => key);
    const [before, after] = [buildScene(design), buildScene(applied.document)];
    for (let i = 0; i < QUESTIONS; i++) {
      const question = randomQuestion(design, random);
      const name = question.to.host.toLowerCase().split(".")[0];
      if (question.from.kind !== "workload" || changed.some((key) => key.endsWith(`/${name}`))) continue;
      expect({ question, ...answered(ask(after, question)) }).toEqual({ question, ...answered(ask(before, question)) });
      same++;
    }
  }
  expect(same).toBeGreaterThan(QUESTIONS / 4);
}, 60_000);
