// What goes out to Cilium lets in exactly whom the design lets in, but for what the report says.
// The rule: a call that the design refuses is never let in without a word, and one that it lets in is refused only where the report says so.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, type MeshObject, objectKey } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { seedMesh } from "../../simulate/testing/designs";
import { type Random, randomOf, randomPolicies, randomQuestion } from "../../simulate/testing/random";
import { exportDocument, importDocuments } from "..";
import { GENERATED_LABEL } from "../shared/generated";
import { withDefaults } from "../shared/open-defaults";
import { openGround } from "../testing/open-ground";

const SEED = Number(process.env["SEED"] ?? 5);
const DESIGNS = Number(process.env["DESIGNS"] ?? 1);
const QUESTIONS = 20;

/** A random design whose services all take mutual TLS only, closed by default or by what is drawn. */
function strictDesign(random: Random, authorization: "drawn" | "deny"): MeshDocument {
  const { objects } = randomPolicies(seedMesh(), random);
  return {
    objects: objects.flatMap((each): MeshObject[] => {
      if (each.kind === "MutualTls") return [];
      return [each.kind === "Mesh" ? withDefaults(each, { mutualTls: "strict", authorization }) : each];
    }),
  };
}

/** The design's services and lines in a mesh that lets everything in, with the policies that the export wrote. */
function asCiliumHasIt(design: MeshDocument, made: ReturnType<typeof exportDocument>): MeshDocument {
  const ground = openGround(design);
  const policies = made.resources
    .filter(({ kind }) => kind === "CiliumNetworkPolicy")
    // an import passes over what an export made of the mesh's defaults
    .map(({ metadata: { labels = {}, ...metadata }, ...each }) => {
      const { [GENERATED_LABEL]: _generated, ...own } = labels;
      return JSON.stringify({ ...each, metadata: { ...metadata, labels: own } });
    });
  const { commands, violations, warnings } = importDocuments("cilium", [{ text: policies.join("\n---\n") }], {
    document: ground,
  });
  expect(violations).toEqual([]);
  // everything that is written can be read
  expect(warnings.filter(({ verdict }) => verdict === "lost").map(({ message }) => message)).toEqual([]);
  const applied = applyCommand(ground, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

test(`${DESIGNS} random designs from seed ${SEED} let in whom they let in before`, () => {
  const random = randomOf(SEED);
  const counts = { letIn: 0, refused: 0, told: 0 };
  for (let n = 0; n < DESIGNS; n++) {
    const design = strictDesign(random, n % 2 === 0 ? "deny" : "drawn");
    const made = exportDocument("cilium", design);
    const loud = made.report.filter(({ changesMeaning }) => changesMeaning);
    /** Whether the report says of a policy of this service that it lets in others, or refuses others, than the design. */
    const isSaid = (name: string, isWider: boolean) =>
      design.objects.some(
        (each) =>
          each.kind === "AuthorizationPolicy" &&
          (each.spec.target.service ?? name) === name &&
          loud.some(
            ({ key, verdict }) =>
              key === objectKey(each) &&
              // callers are left out of an allow and let in by a denial that says less, or the other way round
              ((each.spec.action === "deny") === isWider) === (verdict === "lost"),
          ),
      );
    const [before, after] = [buildScene(design), buildScene(asCiliumHasIt(design, made))];
    for (let i = 0; i < QUESTIONS; i++) {
      const question = randomQuestion(design, random);
      const answer = ask(before, question);
      const isRefused = answer.outcome === "denied";
      const isRefusedThere = ask(after, question).outcome === "denied";
      counts[isRefused ? "refused" : "letIn"] += 1;
      if (isRefused === isRefusedThere) continue;
      counts.told += 1;
      const name =
        answer.destinations[0]?.service.split("/").at(-1) ?? question.to.host.toLowerCase().split(".")[0] ?? "";
      expect({ question, isRefused, isSaid: isSaid(name, isRefused) }).toEqual({ question, isRefused, isSaid: true });
    }
  }
  if (process.env["DESIGNS"]) console.log(counts);
  expect(Math.min(counts.letIn, counts.refused)).toBeGreaterThan(0);
}, 60_000);
