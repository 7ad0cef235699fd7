// The simulator against sidecars that run: the same questions, the same answers.
// The rule: allow or deny, status, destination, path and host of every question agree; shares of splits within three sigma.
import { afterAll, expect, test } from "vitest";
import { type MeshDocument, type MeshObject, validateDocument } from "@/lib/mesh";
import { object, richMesh } from "../compile/testing/rich";
import { type Answer, ask, buildScene, type Question } from ".";
import { demoWith, get, seedMesh, splitOf, withObjects } from "./testing/designs";
import { CLOSED, type LiveAnswer, type LiveMesh, startLiveMesh } from "./testing/live-mesh";
import { randomOf, randomPolicies, randomQuestion } from "./testing/random";

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);
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

/** Among them the rules of `richMesh` that answer by themselves. */
const SURE = ["/old", "/teapot"].map((path) => get("checkout-v1", "inventory", path));

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

function differences({ path, to }: Question, answer: Answer, live: LiveAnswer): string[] {
  const found: string[] = [];
  if (answer.outcome === "refused" && answer.status === null) {
    return live.status === CLOSED ? [] : [`told that the connection is closed, got ${live.status}`];
  }
  if (answer.status !== null) {
    if (live.app) found.push(`told ${answer.status}, the app ${live.app.name} answered`);
    else if (live.status !== answer.status) found.push(`told ${answer.status}, got ${live.status}`);
    const { location, body } = answer.hops[0]?.reply ?? {};
    if (location !== undefined && live.location !== location) found.push(`told ${location}, got ${live.location}`);
    if (body !== undefined && live.body !== "" && live.body !== body) found.push(`told body ${body}, got ${live.body}`);
    return found;
  }
  const { app } = live;
  if (!app) return [`told forwarded, got ${live.status} ${live.body}`];
  const { rewrites } = answer.hops[0] ?? {};
  const names = answer.destinations.flatMap(({ service, workloads }) =>
    service.startsWith("ExternalService/") ? [service] : workloads,
  );
  if (!names.some((name) => name.endsWith(`/${app.name}`))) found.push(`told ${names}, got ${app.name}`);
  const told = answer.hops[1]?.rewrites?.path?.to ?? rewrites?.path?.to ?? path;
  if (app.url !== told) found.push(`told path ${told}, got ${app.url}`);
  const host = rewrites?.host?.to ?? (to.port === undefined ? to.host : `${to.host}:${to.port}`);
  if (app.host !== host) found.push(`told host ${host}, got ${app.host}`);
  for (const { op, name, value } of rewrites?.headers ?? []) {
    const got = app.headers[name];
    if (op === "set" && got !== value) found.push(`told header ${name} ${value}, got ${got}`);
    if (op === "remove" && got !== undefined) found.push(`told header ${name} removed, got ${got}`);
  }
  return found;
}

/** An app without a sidecar finds services by itself: only calls of services that have sidecars say something here. */
function isUncalled({ objects }: MeshDocument, { from, to }: Question): boolean {
  const bare = new Set(
    objects.flatMap((each) => (each.kind === "Service" && each.spec.optOut ? [each.metadata.name] : [])),
  );
  if (from.kind !== "workload") return false;
  const caller = objects.find((each) => each.kind === "Workload" && from.workload.endsWith(`/${each.metadata.name}`));
  if (caller?.kind !== "Workload" || !bare.has(caller.spec.service)) return false;
  const callee = to.host.toLowerCase().split(".")[0] ?? "";
  return (
    bare.has(callee) || callee !== to.host.split(".")[0] || to.host.includes(".other") || to.host.includes(".example")
  );
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
