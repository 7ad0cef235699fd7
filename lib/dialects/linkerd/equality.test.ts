// What goes out to Linkerd lets in exactly whom the design lets in, and sends calls where it sends them, but for what the report says.
// The rule: a call that the design refuses is never let in; denials are left out of these designs, for Linkerd has none.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, type MeshObject } from "@/lib/mesh";
import { type Answer, ask, buildScene } from "@/lib/simulate";
import { seedMesh } from "../../simulate/testing/designs";
import { type Random, randomOf, randomPolicies, randomQuestion } from "../../simulate/testing/random";
import { withMore } from "../../simulate/testing/random-more";
import { exportDocument, importDocuments } from "..";
import { withDefaults } from "../shared/open-defaults";
import { openGround } from "../testing/open-ground";

const SEED = Number(process.env["SEED"] ?? 21);
const DESIGNS = Number(process.env["DESIGNS"] ?? 1);
const QUESTIONS = 30;

/** A random design that lets in whom a policy names, and nobody else. */
function grantingDesign(random: Random): MeshDocument {
  const { objects } = randomPolicies(seedMesh(), random);
  const granting = objects.flatMap((each): MeshObject[] => {
    if (each.kind === "MutualTls") return [];
    if (each.kind === "Mesh") return [withDefaults(each, { mutualTls: "strict", authorization: "deny" })];
    if (each.kind !== "AuthorizationPolicy") return [each];
    // a grant to everybody for everything leaves nothing to compare
    if (each.spec.rules.some(({ from, to }) => !from && !to)) return [];
    return [{ ...each, spec: { ...each.spec, action: "allow" } }];
  });
  return { objects: granting };
}

/** The design's services and lines in a mesh that lets everything in, with the access that the export wrote. */
function asLinkerdHasIt(design: MeshDocument): MeshDocument {
  const ground = openGround(design);
  const access = exportDocument("linkerd", design)
    .resources.filter(
      ({ apiVersion, spec }) => apiVersion.startsWith("policy.") || JSON.stringify(spec).includes('"kind":"Server"'),
    )
    // an import passes over what an export made of the mesh's defaults
    .map(({ metadata: { labels: _labels, ...metadata }, ...each }) => JSON.stringify({ ...each, metadata }));
  return readInto(ground, access);
}

function readInto(document: MeshDocument, texts: readonly string[]): MeshDocument {
  const { commands, violations } = importDocuments("linkerd", [{ text: texts.join("\n---\n") }], { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

test(`${DESIGNS} random designs from seed ${SEED} let in whom they let in before`, () => {
  const random = randomOf(SEED);
  const counts = { letIn: 0, refused: 0 };
  for (let n = 0; n < DESIGNS; n++) {
    const design = grantingDesign(random);
    const said = exportDocument("linkerd", design).report.filter(({ changesMeaning }) => changesMeaning);
    const isSaid = said.some(({ key }) => key.startsWith("AuthorizationPolicy/"));
    const [before, after] = [buildScene(design), buildScene(asLinkerdHasIt(design))];
    for (let i = 0; i < QUESTIONS; i++) {
      const question = randomQuestion(design, random);
      const isRefused = ask(before, question).outcome === "denied";
      const isRefusedThere = ask(after, question).outcome === "denied";
      counts[isRefused ? "refused" : "letIn"] += 1;
      if (isRefused) expect({ question, isRefused: isRefusedThere }).toEqual({ question, isRefused: true });
      if (!isRefused && isRefusedThere) expect({ question, isSaid }).toEqual({ question, isSaid: true });
    }
  }
  expect(Math.min(counts.letIn, counts.refused)).toBeGreaterThan(0);
}, 60_000);

const answered = ({ outcome, status, destinations, hops: [first] }: Answer) => ({
  outcome,
  status,
  location: first?.reply?.location,
  path: first?.rewrites?.path,
  to: destinations.map(({ service, subset, probability }) => [service, subset, probability.toFixed(4)]),
});

/** Routes of which the report says something else than that they are the same. */
function changedRoutes({ report }: ReturnType<typeof exportDocument>): string[] {
  const isWhole = (path: string) => /^spec(\.rules\[\d+\])?$/.test(path);
  return report
    .filter(
      ({ key, path, verdict }) => key.startsWith("Route/") && isWhole(path) && !["exact", "moved"].includes(verdict),
    )
    .map(({ key }) => key);
}

test(`routes of ${DESIGNS} random designs from seed ${SEED} answer as before wherever they are said to be the same`, () => {
  const random = randomOf(SEED);
  const isAccess = ({ kind }: MeshObject) => kind === "AuthorizationPolicy" || kind === "MutualTls";
  const more = randomOf(SEED + 500_000);
  let same = 0;
  for (let n = 0; n < DESIGNS; n++) {
    const design = {
      objects: withMore(randomPolicies(seedMesh(), random), more).objects.filter((each) => !isAccess(each)),
    };
    const made = exportDocument("linkerd", design);
    const ground = design.objects.filter(
      (each) => each.kind !== "Subset" && !(each.kind === "Route" && each.spec.target.kind === "Service"),
    );
    const written = made.resources.filter(({ kind }) => kind === "HTTPRoute" || kind === "Service");
    const there = readInto(
      { objects: ground },
      written.map((each) => JSON.stringify(each)),
    );
    const changed = changedRoutes(made);
    const [before, after] = [buildScene(design), buildScene(there)];
    for (let i = 0; i < QUESTIONS * 2; i++) {
      const question = randomQuestion(design, random);
      const name = question.to.host.toLowerCase().split(".")[0];
      if (question.from.kind !== "workload" || changed.some((key) => key.endsWith(`/${name}`))) continue;
      expect({ question, ...answered(ask(after, question)) }).toEqual({ question, ...answered(ask(before, question)) });
      same++;
    }
  }
  expect(same).toBeGreaterThan(0);
}, 60_000);
