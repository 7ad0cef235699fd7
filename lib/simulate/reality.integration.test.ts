// The simulator against sidecars that run: the same questions, the same answers.
// The rule: allow or deny, status, destination, path and host of every question agree; shares of splits within three sigma.
import { afterAll, expect, test } from "vitest";
import { type MeshDocument, type MeshObject, validateDocument } from "@/lib/mesh";
import { object, richMesh } from "../compile/testing/rich";
import { callsOfPages } from "../compile/testing/scripted-calls";
import { type Answer, ask, buildScene, type Question } from ".";
import { differences } from "./testing/agreement";
import { demoWith, get, seedMesh, splitOf, withObjects } from "./testing/designs";
import { isUncalled, type LiveMesh } from "./testing/live-ground";
import { startLiveMesh } from "./testing/live-mesh";
import { randomOf, randomPolicies, randomQuestion } from "./testing/random";

const seed = Number(process.env["SEED"] ?? 1);
console.log(`SEED=${seed}`);
const total = { asked: 0, outcomes: new Map<string, number>() };

afterAll(() => {
  const outcomes = [...total.outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", ");
  console.log(`${total.asked} questions answered alike: ${outcomes}`);
});

/** Denials by path, method and caller, an allow list, modes of mutual TLS, and a service that left the mesh. */
function authoredMesh(): MeshDocument {
  const deny = (name: string, service: string, rules: Parameters<typeof object<"AuthorizationPolicy">>[2]["rules"]) =>
    object("AuthorizationPolicy", name, { target: { service }, action: "deny", rules });
  const document = demoWith(
    ...seedMesh().objects.filter(({ kind }) => kind === "Subset"),
    splitOf(30),
    deny("no-refund", "payment-service", [{ to: [{ methods: ["POST"], paths: ["/refund"] }] }]),
    deny("no-catalog", "inventory", [
      { from: [{ services: [{ kind: "Service", name: "catalog" }] }], to: [{ paths: ["/admin*"] }] },
    ]),
    deny("no-delete", "cart", [{ to: [{ methods: ["DELETE", "PATCH"] }] }]),
    object("AuthorizationPolicy", "only-get", {
      target: { service: "shipping" },
      action: "deny",
      rules: [{ from: [{ principals: ["*/sa/checkout"] }], to: [{ methods: ["PUT"] }] }],
    }),
    object("MutualTls", "cart", { target: { service: "cart" }, mode: "permissive" }),
    object("MutualTls", "shipping", { target: { service: "shipping" }, mode: "disable" }),
  );
  const out = { reason: "moves next year", owner: "catalog" };
  return {
    objects: document.objects.map((each) =>
      each.kind === "Service" && each.metadata.name === "catalog"
        ? { ...each, spec: { ...each.spec, optOut: out } }
        : each,
    ),
  };
}

const STAGING = {
  apiVersion: "meshwright.dev/v1",
  kind: "Namespace",
  metadata: { name: "staging" },
  spec: {},
} as const satisfies MeshObject;

const worlds: [name: string, document: MeshDocument, questions: number][] = [
  ["the demo", demoWith(), 150],
  ["the seed's policies", seedMesh(), 150],
  ["one of everything", withObjects(richMesh(), STAGING), 200],
  ["authored policies", authoredMesh(), 200],
  ["random policies", randomPolicies(seedMesh(), randomOf(seed)), 200],
  ["other random policies", randomPolicies(seedMesh(), randomOf(seed + 1)), 200],
];

/** Among them the rules of `richMesh` that answer by themselves, and those that pages may call. */
const SURE = [
  ...["/old", "/teapot"].map((path) => get("checkout-v1", "inventory", path)),
  ...callsOfPages().map(({ path, ...call }) => get("checkout-v1", "inventory", path, call)),
];

test.each(worlds)(
  "simulated and real answers are the same: %s",
  async (_, document, questions) => {
    expect(validateDocument(document)).toEqual([]);
    const scene = buildScene(document);
    const mesh = await startLiveMesh(document);
    try {
      const random = randomOf(seed + questions);
      const drawn = Array.from({ length: questions }, () => randomQuestion(document, random));
      const asked = [...SURE, ...drawn].filter((question) => !isUncalled(document, question));
      const unlike: string[] = [];
      await inParallel(8, asked, async (question) => {
        const answer = ask(scene, question);
        const found = differences(question, answer, await mesh.send(question));
        if (found.length > 0) unlike.push(`${JSON.stringify(question)} -> ${found.join("; ")} (${answer.sentence})`);
        count(answer);
      });
      expect(unlike, `SEED=${seed}`).toEqual([]);
    } finally {
      await mesh.close();
    }
  },
  120_000,
);

test("at least 1,000 questions were asked, of every kind of answer", () => {
  expect(total.asked).toBeGreaterThanOrEqual(1000);
  expect([...total.outcomes.keys()]).toEqual(
    expect.arrayContaining(["forwarded", "denied", "no-route", "redirected", "responded"]),
  );
});

test("splits have the shares that were told, within three sigma", async () => {
  const document = withObjects(authoredMesh(), splitOf(25));
  const mesh = await startLiveMesh(document);
  try {
    const question = get("checkout-v1", "payment-service", "/pay");
    const told = ask(buildScene(document), question).destinations;
    expect(told.map(({ subset, probability }) => [subset, probability])).toEqual([
      ["v1", 0.75],
      ["v2", 0.25],
    ]);
    for (const { workloads, probability } of told) {
      // A second sample, should the first lie outside: both do so once in 130,000 runs.
      const isWithin =
        (await isWithinThreeSigma(mesh, question, workloads, probability)) ||
        (await isWithinThreeSigma(mesh, question, workloads, probability));
      expect(isWithin, `share of ${workloads}`).toBe(true);
    }
  } finally {
    await mesh.close();
  }
}, 120_000);

const SAMPLE = 600;

async function isWithinThreeSigma(
  mesh: LiveMesh,
  question: Question,
  workloads: string[],
  share: number,
): Promise<boolean> {
  let hits = 0;
  await inParallel(8, Array.from({ length: SAMPLE }), async () => {
    const { app } = await mesh.send(question);
    if (workloads.includes(`Workload/production/${app?.name}`)) hits++;
  });
  const sigma = Math.sqrt((share * (1 - share)) / SAMPLE);
  console.log(
    `${workloads}: ${hits} of ${SAMPLE}, told ${share}, ${((hits / SAMPLE - share) / sigma).toFixed(2)} sigma`,
  );
  return Math.abs(hits / SAMPLE - share) <= 3 * sigma;
}

function count({ outcome }: Answer): void {
  total.asked++;
  total.outcomes.set(outcome, (total.outcomes.get(outcome) ?? 0) + 1);
}

async function inParallel<T>(workers: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: workers }, one));
}
