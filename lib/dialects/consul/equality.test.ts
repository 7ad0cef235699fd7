// Where the report has no change of meaning, the design and what comes back from Consul give every call the same answer.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, type MeshObject, objectKey, type RouteRule } from "@/lib/mesh";
import { ask, buildScene, type Question } from "@/lib/simulate";
import { seedMesh } from "../../simulate/testing/designs";
import { randomOf, randomPolicies, randomQuestion } from "../../simulate/testing/random";
import { withMore } from "../../simulate/testing/random-more";
import { exportDocument, importDocuments } from "..";
import { answerOf, worldOf } from "./testing/oracle";

/** SEED and DESIGNS in the environment ask more; a set seed keeps the run the same for everybody. */
const SEED = Number(process.env["SEED"] ?? 2);
const DESIGNS = Number(process.env["DESIGNS"] ?? 2);
const QUESTIONS = 60;
const WRITTEN = new Set(["Route", "TrafficPolicy", "AuthorizationPolicy", "MutualTls", "Subset", "RateLimit"]);

/** Nearer to what Consul can say: no rule answers itself or renames the host, and the last rule takes everything. */
function tamed({ objects }: MeshDocument): MeshDocument {
  return {
    objects: objects.flatMap((each): MeshObject[] => {
      if (each.kind === "AuthorizationPolicy") {
        const rules = each.spec.rules.map(({ to, ...rule }) => {
          const sayable = to?.filter(({ hosts }) => !hosts);
          return { ...rule, ...(sayable && sayable.length > 0 ? { to: sayable } : {}) };
        });
        return each.spec.action === "audit" || each.spec.shadow ? [] : [{ ...each, spec: { ...each.spec, rules } }];
      }
      if (each.kind === "MutualTls") return each.spec.mode === "strict" ? [each] : [];
      if (each.kind !== "Route" || each.spec.target.kind !== "Service") return [each];
      const { name } = each.spec.target;
      const everything: RouteRule = {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name }, weight: 1 }] },
      };
      const rules = each.spec.rules
        .filter(({ action }) => action.type === "forward")
        .map(({ rewrite, ...rule }) =>
          rewrite?.host === undefined ? { ...rule, ...(rewrite ? { rewrite } : {}) } : rule,
        );
      return [{ ...each, spec: { ...each.spec, rules: [...rules, everything] } }];
    }),
  };
}

/** The design without what an export writes, and with what it wrote read again. */
function throughConsul(design: MeshDocument, text: string): MeshDocument {
  const document = { objects: design.objects.filter(({ kind }) => !WRITTEN.has(kind)) };
  const { violations, commands } = importDocuments("consul", [{ text }], { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

type Answer = ReturnType<typeof ask>;
const short = ({ outcome, status, destinations, path }: Answer & { path?: unknown }) => ({
  outcome,
  status,
  path,
  // Consul's shares are hundredths of a percent
  destinations: destinations.map(({ service, subset, probability }) => [service, subset, probability.toFixed(3)]),
});

/** What Consul's own rules say of the entries that were written. */
function consulAnswer(world: ReturnType<typeof worldOf>, question: Question, to: string) {
  const [path = "/", search = ""] = question.path.split("?");
  const from = question.from.kind === "workload" ? (question.from.workload.split("/")[2] ?? "") : "";
  const lower = Object.entries(question.headers).map(([name, value]) => [name.toLowerCase(), value]);
  const legs = answerOf(world, {
    from: from.replace(/-v\d+$/, ""),
    to,
    method: question.method,
    path,
    // the first of several values counts, as in Envoy
    query: Object.fromEntries([...new URLSearchParams(search)].reverse()),
    headers: Object.fromEntries(lower) as Record<string, string>,
  });
  return inOrder(legs.map((leg) => ({ ...leg, service: `Service/production/${leg.service}` })));
}

const legsOf = ({ destinations }: Answer) =>
  inOrder(
    destinations.map(({ service, subset, outcome }) => ({
      service,
      ...(subset === undefined ? {} : { subset }),
      isAllowed: outcome === "forwarded",
    })),
  );

const inOrder = <T extends { service: string; subset?: string }>(list: readonly T[]) =>
  [...list].sort((x, y) => (`${x.service} ${x.subset}` < `${y.service} ${y.subset}` ? -1 : 1));

test(`${DESIGNS} random designs from seed ${SEED} answer alike, and nobody is let in whom the design refuses`, () => {
  const random = randomOf(SEED);
  const more = randomOf(SEED + 500_000);
  let asked = 0;
  for (let i = 0; i < DESIGNS; i++) {
    const design = tamed(withMore(randomPolicies(seedMesh(), random), more));
    const scene = buildScene(design);
    const made = exportDocument("consul", design);
    const loud = new Set(made.report.flatMap(({ key, changesMeaning }) => (changesMeaning ? [key] : [])));
    const isTold = (name: string) =>
      design.objects.some((each) => {
        if (!loud.has(objectKey(each))) return false;
        if (each.kind === "Route") return each.spec.target.name === name;
        if (each.kind === "Service") return each.metadata.name === name;
        return each.kind === "AuthorizationPolicy" && (each.spec.target.service ?? name) === name;
      });
    const back = buildScene(throughConsul(design, made.text));
    const world = worldOf(made.resources);
    for (let q = 0; q < QUESTIONS; q++) {
      const question = randomQuestion(design, random);
      const name = question.to.host.toLowerCase().split(".")[0] ?? "";
      const expected = ask(scene, question);
      // an intention by name draws a line, which the design need not have
      if (question.from.kind !== "workload" || expected.outcome === "no-route") continue;
      const answer = ask(back, question);
      if (expected.outcome === "denied") expect([question, answer.outcome]).toEqual([question, "denied"]);
      const legs = consulAnswer(world, question, name);
      // a path that is normalized on the way is another one for Consul's proxies
      const isInside = expected.destinations.every(({ service }) => service.startsWith("Service/"));
      const isPlain = isInside && !/\/\/|\/\.\./.test(question.path) && question.to.port !== 9999;
      if (isPlain) {
        const refused = expected.destinations
          .filter(({ outcome }) => outcome === "denied")
          .map(({ service }) => service);
        for (const leg of legs)
          if (refused.includes(leg.service)) expect([question, leg.isAllowed]).toEqual([question, false]);
      }
      if (isTold(name)) continue;
      if (isPlain)
        expect([question, legs.map(({ share: _share, ...leg }) => leg)]).toEqual([question, legsOf(expected)]);
      asked += 1;
      expect([question, short(answer)]).toEqual([question, short(expected)]);
    }
  }
  expect(asked).toBeGreaterThan(20);
}, 600_000);
