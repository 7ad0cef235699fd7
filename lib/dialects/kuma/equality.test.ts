// Where the report has no change of meaning, the design and what comes back from Kuma give every call the same answer.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, type MeshObject, objectKey, type RouteRule } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { seedMesh } from "../../simulate/testing/designs";
import { randomOf, randomPolicies, randomQuestion } from "../../simulate/testing/random";
import { withMore } from "../../simulate/testing/random-more";
import { exportDocument, importDocuments } from "..";

/** SEED and DESIGNS in the environment ask more; a set seed keeps the run the same for everybody. */
const SEED = Number(process.env["SEED"] ?? 7);
const DESIGNS = Number(process.env["DESIGNS"] ?? 1);
const QUESTIONS = 60;
const WRITTEN = new Set(["Route", "TrafficPolicy", "AuthorizationPolicy", "MutualTls"]);

/** Nearer to what Kuma can say: callers alone decide, no rule answers itself, and the last rule takes everything. */
function tamed({ objects }: MeshDocument): MeshDocument {
  return {
    objects: objects.flatMap((each): MeshObject[] => {
      if (each.kind === "AuthorizationPolicy") {
        const rules = each.spec.rules.map(({ from }) =>
          from ? { from: from.filter((one) => !one.principals?.some((id) => id.startsWith("*"))) } : {},
        );
        const isWhole = rules.some((rule) => (rule.from ?? []).length === 0);
        return each.spec.action === "audit" || each.spec.shadow || isWhole
          ? []
          : [{ ...each, spec: { ...each.spec, rules } as typeof each.spec }];
      }
      if (each.kind !== "Route" || each.spec.target.kind !== "Service") return [each];
      const { name } = each.spec.target;
      const everything: RouteRule = {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name }, weight: 1 }] },
      };
      const rules = each.spec.rules.filter(({ action }) => action.type !== "respond");
      return [{ ...each, spec: { ...each.spec, rules: [...rules, everything] } }];
    }),
  };
}

/** The design without what an export writes, and with what it wrote read again. */
function throughKuma(design: MeshDocument, text: string): MeshDocument {
  const document = { objects: design.objects.filter(({ kind }) => !WRITTEN.has(kind)) };
  const { violations, commands } = importDocuments("kuma", [{ text }], { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

test(`${DESIGNS} random designs from seed ${SEED} answer alike, through 2.x and through 3.x`, () => {
  const random = randomOf(SEED);
  const more = randomOf(SEED + 500_000);
  let asked = 0;
  for (let i = 0; i < DESIGNS; i++) {
    const design = tamed(withMore(randomPolicies(seedMesh(), random), more));
    const scene = buildScene(design);
    for (const channel of ["2.x", "3.x"] as const) {
      const made = exportDocument("kuma", design, { channel });
      const loud = new Set(made.report.flatMap(({ key, changesMeaning }) => (changesMeaning ? [key] : [])));
      const isOpen = (name: string) =>
        design.objects.some((each) => {
          if (!loud.has(objectKey(each))) return false;
          if (each.kind === "Route") return each.spec.target.name === name;
          if (each.kind !== "AuthorizationPolicy" && each.kind !== "MutualTls") return false;
          return (each.spec.target?.service ?? name) === name;
        });
      const back = buildScene(throughKuma(design, made.text));
      for (let q = 0; q < QUESTIONS; q++) {
        const question = randomQuestion(design, random);
        const name = question.to.host.toLowerCase().split(".")[0] ?? "";
        const expected = ask(scene, question);
        // a permission by name draws a line, which the design need not have
        if (question.from.kind !== "workload" || expected.outcome === "no-route" || isOpen(name)) continue;
        asked += 1;
        const short = ({ outcome, status, destinations, hops: [first] }: ReturnType<typeof ask>) => ({
          outcome,
          status,
          location: first?.reply?.location,
          path: first?.rewrites?.path,
          destinations: destinations.map(({ service, subset, probability }) => [
            service,
            subset,
            probability.toFixed(6),
          ]),
        });
        expect([channel, question, short(ask(back, question))]).toEqual([channel, question, short(expected)]);
      }
    }
  }
  expect(asked).toBeGreaterThan(10);
}, 600_000);
