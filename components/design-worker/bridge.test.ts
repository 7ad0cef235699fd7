import { expect, test } from "vitest";
import { applyCommand, type Command, demoMesh, type MeshDocument } from "@/lib/mesh";
import { type Brain, createBrain } from "./brain";
import { createBridge, type Host, type Remote } from "./bridge";

/** A worker of promises: each call waits until it is let through. */
function harness() {
  const held: (() => void)[] = [];
  const workers: {
    crash: (reason: string) => void;
    isStopped: boolean;
    syncs: { put: number; from: number | null }[];
  }[] = [];
  const timers: (() => void)[] = [];
  let isHolding = false;
  const host: Host = {
    start(onCrash) {
      const brain = createBrain(() => "2026-11-21");
      const worker = { crash: onCrash, isStopped: false, syncs: [] as { put: number; from: number | null }[] };
      workers.push(worker);
      const later = async <T>(work: () => T): Promise<T> => {
        if (isHolding) await new Promise<void>((resolve) => held.push(resolve));
        return work();
      };
      const remote: Remote = {
        sync: async (...input) => {
          worker.syncs.push({ put: input[1].put.length, from: input[1].from });
          return brain.sync(...input);
        },
        findings: () => later(() => brain.findings()),
        ask: (...input: Parameters<Brain["ask"]>) => later(() => brain.ask(...input)),
        consequences: (...input: Parameters<Brain["consequences"]>) => later(() => brain.consequences(...input)),
      };
      return {
        remote,
        stop: () => {
          worker.isStopped = true;
        },
      };
    },
    after(_ms, run) {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
    now: () => 0,
  };
  const bridge = createBridge(host);
  const findings = () => bridge.question("findings", { slots: ["draft"], ask: (remote) => remote.findings() });
  return {
    bridge,
    findings,
    workers,
    timers,
    hold: (value: boolean) => {
      isHolding = value;
    },
    letThrough: async () => {
      await Promise.resolve();
      for (const each of held.splice(0)) each();
    },
    settle: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
}

function changed(document: MeshDocument, command: Command): MeshDocument {
  const result = applyCommand(document, {}, command);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.document;
}
const withoutCart: Command = { type: "removeObject", key: "Workload/production/cart-v1" };

test("a design travels once whole, then only what changed", async () => {
  const { bridge, findings, workers } = harness();
  const first = demoMesh();
  expect(bridge.setDesign("draft", first)).toBe(1);
  const calm = await findings();
  expect(bridge.setDesign("draft", first)).toBe(1);
  bridge.setDesign("draft", changed(first, withoutCart));
  const worried = await findings();
  expect(worried?.length).toBeGreaterThan(calm?.length ?? 0);
  bridge.setDesign("draft", first);
  expect(await findings()).toEqual(calm);
  expect(workers[0]?.syncs).toEqual([
    { put: first.objects.length, from: null },
    { put: 0, from: 1 },
    { put: 1, from: 2 },
  ]);
});

test("an answer about a design that was replaced meanwhile is dropped", async () => {
  const { bridge, findings, hold, letThrough, settle } = harness();
  bridge.setDesign("draft", demoMesh());
  hold(true);
  const late = findings();
  await settle();
  bridge.setDesign("draft", changed(demoMesh(), withoutCart));
  await letThrough();
  expect(await late).toBeNull();
});

test("of the questions that wait only the newest is asked", async () => {
  const { bridge, findings, hold, letThrough, settle } = harness();
  bridge.setDesign("draft", demoMesh());
  hold(true);
  const answers = [findings(), findings(), findings()];
  await settle();
  hold(false);
  await letThrough();
  expect((await Promise.all(answers)).map((each) => each === null)).toEqual([false, true, false]);
});

test("a crash is told, the worker is started anew with the whole design and asked again", async () => {
  const { bridge, findings, workers, hold, settle } = harness();
  const document = demoMesh();
  bridge.setDesign("draft", document);
  hold(true);
  const answer = findings();
  await settle();
  hold(false);
  workers[0]?.crash("out of memory");
  expect(bridge.state()).toEqual({ status: "crashed", reason: "out of memory" });
  expect(await answer).not.toBeNull();
  expect(workers).toHaveLength(2);
  expect(workers[0]?.isStopped).toBe(true);
  expect(workers[1]?.syncs).toEqual([{ put: document.objects.length, from: null }]);
  expect(bridge.state().status).toBe("running");
});

test("a worker that gives no answer is taken as crashed", async () => {
  const { bridge, findings, timers, hold, settle } = harness();
  bridge.setDesign("draft", demoMesh());
  hold(true);
  const answer = findings();
  await settle();
  hold(false);
  timers[0]?.();
  expect(bridge.state().reason).toMatch(/no answer/);
  expect(await answer).not.toBeNull();
});

test("after three crashes it waits until a person starts it again", async () => {
  const { bridge, findings, workers, hold, settle } = harness();
  bridge.setDesign("draft", demoMesh());
  hold(true);
  const answer = findings();
  for (let i = 0; i < 3; i++) {
    await settle();
    workers[i]?.crash("broken");
  }
  await settle();
  expect(bridge.state().status).toBe("failed");
  expect(workers).toHaveLength(3);
  hold(false);
  bridge.restart();
  expect(await answer).not.toBeNull();
  expect(workers).toHaveLength(4);
});

test("what the brain throws reaches who asked, and the next question works", async () => {
  const { bridge, findings } = harness();
  bridge.setDesign("draft", demoMesh());
  await expect(
    bridge.question("ask base", {
      slots: ["draft"],
      ask: (remote) =>
        remote.ask("base", {
          from: { kind: "workload", workload: "Workload/production/cart-v1" },
          to: { host: "catalog" },
          method: "GET",
          path: "/",
          headers: {},
        }),
    }),
  ).rejects.toThrow("no base design");
  expect(await findings()).not.toBeNull();
});
