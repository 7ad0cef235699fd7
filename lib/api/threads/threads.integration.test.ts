// Threads as the API uses them: the same results as without, limits that are told, and nobody who waits for another's large text.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import { demoMesh, emptyMesh, keyOf, toYaml } from "@/lib/mesh";
import { startTestApi, type TestApi } from "../testing/api";
import { type Bundle, bundleOf, type Gate, HELD, HOARDING, heldJobs } from "../testing/held";
import { JOBS, type JobInput, type JobName, runJob } from "./jobs";
import { type ThreadLimits, Threads } from "./threads";

let real: Bundle;
let held: Bundle;
let gate: Gate;
beforeAll(async () => {
  [real, held] = await Promise.all([bundleOf("lib/api/threads/worker.ts"), bundleOf("lib/api/testing/held-worker.ts")]);
});
afterAll(() => {
  real?.remove();
  held?.remove();
});

const open: Threads[] = [];
beforeEach(() => {
  gate = heldJobs();
});
afterEach(async () => {
  gate.close();
  await Promise.all(open.splice(0).map((each) => each.close()));
});
/** Everything is large to them. */
function threadsOf(limits: Partial<ThreadLimits>): Threads {
  const threads = new Threads({ largeCharacters: 0, ...limits });
  open.push(threads);
  return threads;
}

const shop = demoMesh();
const from = emptyMesh("shop");
const pair = { from, to: shop };
const observed = [
  { caller: keyOf("Service", "production", "web"), callee: keyOf("Service", "production", "cart"), count: 3 },
].map((call) => ({ ...call, method: "GET", path: "/", code: 200 }));
const istio = runJob("exportText", { format: "istio", document: shop, channel: undefined, bundle: false }).text;
const today = "2026-11-22";
const question: JobInput<"ask">["question"] = {
  from: { kind: "workload", workload: keyOf("Workload", "production", "web-v1") },
  to: { host: "cart" },
  method: "GET",
  path: "/",
  headers: {},
};

const INPUTS: { [N in JobName]: JobInput<N> } = {
  importText: { choice: "auto", text: istio, file: "shop.yaml", document: from, defaultNamespace: "production" },
  replaceByText: { text: toYaml(shop), before: from },
  merge: {
    base: from,
    mine: { text: toYaml(shop) },
    theirs: from,
    version: 3,
    later: [{ by: "Ada", at: new Date(0), keys: [] }],
    body: { base: "empty", choices: [], apply: true },
    today,
  },
  exportText: { format: "gateway-api", document: shop, channel: undefined, bundle: true },
  findings: { document: shop, today },
  diff: pair,
  controls: { document: shop },
  compiledSizes: { document: shop },
  fits: { document: shop },
  changes: { ...pair, places: { before: {}, after: {} } },
  access: pair,
  trust: { document: shop, access: runJob("access", pair) },
  routing: { ...pair, observed },
  compareFindings: pair,
  ask: { document: shop, question },
  replay: { ...pair, observed },
};

describe("a job on a thread", () => {
  let threads: Threads;
  beforeAll(() => {
    threads = new Threads({ largeCharacters: 0, file: real.file });
  });
  afterAll(() => threads.close());

  test.each(Object.keys(JOBS) as JobName[])("%s gives what it gives without one", async (name) => {
    const here = runJob(name, INPUTS[name] as never);
    const there = await threads.run(name, INPUTS[name] as never);
    expect(there).toEqual(here);
    expect(JSON.stringify(there)).toBe(JSON.stringify(here));
  });

  test("that is small is done at once, where no thread could start", async () => {
    const nowhere = new Threads({ file: "/nowhere.mjs" });
    expect(await nowhere.run("diff", pair)).toEqual(runJob("diff", pair));
  });

  test("whose thread does not start is refused, and does not wait for ever", async () => {
    await expect(threadsOf({ file: "/nowhere.mjs" }).run("diff", pair)).rejects.toThrow(/nowhere/);
  });
});

describe("the limits of threads", () => {
  const asked = (comment: string) => ({ text: `# ${comment}\n${toYaml(shop)}`, before: from });
  const codeOf = (run: Promise<unknown>) =>
    run.then(
      () => "done",
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );
  const detailOf = (run: Promise<unknown>) =>
    run.then(
      () => "",
      (error: unknown) => (error instanceof AppError ? error.detail : String(error)),
    );
  test("more than has room waiting is refused, and what waits is done when a thread is free", async () => {
    const threads = threadsOf({ file: held.file, threads: 1, waiting: 1 });
    const first = codeOf(threads.run("replaceByText", asked(HELD)));
    await gate.arrived();
    const second = codeOf(threads.run("replaceByText", asked("waits")));
    expect(await codeOf(threads.run("replaceByText", asked("one too many")))).toBe("work-queue-full");
    gate.open();
    expect(await Promise.all([first, second])).toEqual(["done", "done"]);
    expect(await codeOf(threads.run("replaceByText", asked("has room again")))).toBe("done");
  });

  test("what never ends is ended, and the answer says how to go on", async () => {
    const run = threadsOf({ file: held.file, timeoutMs: 1_500 }).run("replaceByText", asked(HELD));
    const [code, detail] = await Promise.all([codeOf(run), detailOf(run)]);
    expect(code).toBe("work-too-long");
    expect(detail).toBe(
      "It was not done after 1.5 s. Try again when less is going on; if it stays, split the text by namespace or kind and send the parts one after the other.",
    );
  });

  test("what takes all memory ends its thread and nothing else", async () => {
    const threads = threadsOf({ file: held.file, threads: 1, memoryMb: 64 });
    const run = threads.run("replaceByText", asked(HOARDING));
    const waits = codeOf(threads.run("replaceByText", asked("waits behind it")));
    const [code, detail] = await Promise.all([codeOf(run), detailOf(run)]);
    expect([code, detail]).toEqual(["work-too-large", expect.stringContaining("more than 64 MB. Split the text")]);
    expect(await waits).toBe("done");
  });

  test("what nobody waits for any more gives its thread back", async () => {
    const threads = threadsOf({ file: held.file, threads: 1 });
    const client = new AbortController();
    const run = codeOf(threads.run("replaceByText", asked(HELD), client.signal));
    await gate.arrived();
    client.abort();
    expect(await run).toBe("work-given-up");
    expect(await codeOf(threads.run("replaceByText", asked("next")))).toBe("done");
  });
});

describe("the API", () => {
  let api: TestApi;
  let token: string;
  beforeAll(async () => {
    api = await startTestApi({ file: held.file });
    token = await api.tokenFor("administrator");
  });
  afterAll(() => api?.stop());
  const large = (text: string) => `# ${HELD}\n${text}${"# as long as a text of hundreds of services\n".repeat(3_000)}`;

  test.each([
    ["importing", "POST", "/meshes/shop/import", { text: large(istio), apply: false }],
    ["merging", "POST", "/meshes/shop/draft/merge", { base: "r1", mine: { text: large(toYaml(shop)) } }],
    ["replacing", "PUT", "/meshes/shop/draft", { text: large(toYaml(shop)), clientId: "text" }],
  ])("answers others while %s a large text is under way", async (_, method, path, body) => {
    const order: string[] = [];
    const headers = { "if-match": "*" };
    const slow = api.call(method, path, { token, body, headers }).then((answer) => {
      order.push("large text");
      return answer;
    });
    await gate.arrived();
    const other = await api.call("GET", "/meshes/shop/draft", { token });
    order.push("another request");
    gate.open();
    expect((await slow).status).toBe(200);
    expect(other.status).toBe(200);
    expect(order).toEqual(["another request", "large text"]);
  });

  test("says who to wait for and what to do when a limit is met", async () => {
    const full = await startTestApi({ file: held.file, largeCharacters: 0, threads: 1, waiting: 0 });
    try {
      const mine = await full.tokenFor("administrator");
      const slow = full.call("POST", "/meshes/shop/import", {
        token: mine,
        body: { text: large(istio), apply: false },
      });
      await gate.arrived();
      const refused = await full.call("GET", "/meshes/shop/findings", { token: mine });
      expect(refused).toMatchObject({
        status: 503,
        body: { code: "work-queue-full", detail: expect.stringContaining("Try again") },
      });
      expect(refused.headers.get("retry-after")).toBe("5");
      gate.open();
      expect((await slow).status).toBe(200);
    } finally {
      await full.stop();
    }
  });
});
