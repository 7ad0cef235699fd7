import { expect, test } from "vitest";
import {
  applyCommand,
  type Command,
  conflictsBetween,
  demoMesh,
  digestOf,
  parseDocument,
  type Touched,
  touchedBetween,
} from "@/lib/mesh";
import { randomCommand, seededRandom } from "@/lib/mesh/testing/random-commands";
import { createDraftStore, type DraftBase, type SaveAnswer, type Transport } from "./draft-store";

const seed = Number(process.env["SEED"] ?? 1);
const COMMANDS = 200;

/** Merges as lib/data/drafts does: what others changed since the version that a change was made on must not be touched. */
function createServer() {
  let draft: DraftBase = { version: 1, document: demoMesh(), positions: {} };
  const log: { who: string; version: number; touched: Touched; commands: readonly Command[] }[] = [];
  const refusedBy = new Map<string, number>();
  function refuse(who: string, commands: readonly Command[]): SaveAnswer {
    refusedBy.set(who, (refusedBy.get(who) ?? 0) + commands.length);
    return { ok: false, kind: "refused", refusal: { title: "refused", detail: "" } };
  }
  function save(who: string, commands: readonly Command[], madeOn: number): SaveAnswer {
    const result = applyCommand(draft.document, draft.positions, { type: "batch", commands: [...commands] });
    if (!result.ok) return refuse(who, commands);
    const touched = touchedBetween(draft.document, result.document);
    const theirs = log.filter((entry) => entry.version > madeOn && entry.who !== who);
    if (theirs.some((entry) => conflictsBetween(entry.touched, touched).length > 0)) return refuse(who, commands);
    const merged = madeOn < draft.version;
    draft = { version: draft.version + 1, document: result.document, positions: result.positions };
    log.push({ who, version: draft.version, touched, commands });
    return { ok: true, version: draft.version, merged, canUndo: true, canRedo: false };
  }
  return { save, log, refusedBy, draft: () => draft };
}

type Pending = () => void;

test(`two browsers edit one draft for ${COMMANDS} commands each over a slow line: nothing is lost, both see the same (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const server = createServer();
  const network: Pending[] = [];
  /** Every call waits in the network until the test lets it through, in any order. */
  const slow = <T>(work: () => T) => new Promise<T>((resolve) => network.push(() => resolve(work())));
  const people = ["anna", "ben"].map((who) => {
    const told: string[] = [];
    const transport: Transport = {
      load: () => slow(() => server.draft()),
      save: (commands, version) => slow(() => server.save(who, commands, version)),
      step: () => slow(() => ({ ok: false, kind: "unreachable" }) as const),
      keep: () => undefined,
    };
    const store = createDraftStore(server.draft(), transport, { after: () => () => undefined });
    store.subscribe(() => {
      const { refusal } = store.get();
      if (refusal) told.push(refusal.title);
    });
    return { who, store, told, edits: 0, taken: 0 };
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const deliver = async () => {
    const [next] = network.splice(Math.floor(random() * network.length), 1);
    next?.();
    await settle();
  };

  while (people.some((person) => person.edits < COMMANDS)) {
    const person = people[random() < 0.5 ? 0 : 1];
    if (!person || person.edits >= COMMANDS) continue;
    person.edits += 1;
    const violations = person.store.edit(randomCommand(person.store.get().document, random));
    if (violations.length === 0) person.taken += 1;
    if (random() < 0.4) void person.store.flush();
    if (random() < 0.2) person.store.take(server.draft());
    if (random() < 0.6) await deliver();
  }
  for (let i = 0; i < 5000 && (network.length > 0 || people.some(({ store }) => store.hasUnsaved())); i++) {
    for (const { store } of people) void store.flush();
    await settle();
    await deliver();
  }
  for (const { store } of people) store.take(server.draft());

  const final = server.draft();
  expect(server.log.length).toBeGreaterThan(COMMANDS / 4);
  expect(parseDocument(final.document)).toMatchObject({ ok: true });
  // nothing is lost: the draft is every accepted change, one after the other
  let state = { document: demoMesh(), positions: {} as DraftBase["positions"] };
  for (const { commands } of server.log) {
    const result = applyCommand(state.document, state.positions, { type: "batch", commands: [...commands] });
    if (!result.ok) throw new Error(JSON.stringify(result.violations));
    state = { document: result.document, positions: result.positions };
  }
  expect(digestOf(state.document)).toBe(digestOf(final.document));
  for (const { who, store } of people) {
    const shown = store.get();
    expect([who, shown.version, digestOf(shown.document)]).toEqual([who, final.version, digestOf(final.document)]);
    expect(shown.positions).toEqual(final.positions);
    expect([who, store.hasUnsaved(), shown.saveState]).toEqual([who, false, "saved"]);
  }
  // every edit that was taken is in the draft, was refused aloud, or was named as one that no longer fits
  for (const { who, taken, told } of people) {
    const saved = server.log
      .filter((entry) => entry.who === who)
      .reduce((sum, entry) => sum + entry.commands.length, 0);
    const missing = taken - saved - (server.refusedBy.get(who) ?? 0);
    expect(missing).toBeGreaterThanOrEqual(0);
    expect([who, missing > 0, told.includes("One of your changes no longer fits")]).toEqual([
      who,
      missing > 0,
      missing > 0,
    ]);
  }
  // both met the other: changes were merged, and some were refused aloud
  expect(people.map(({ told }) => told.length > 0)).toEqual([true, true]);
}, 120_000);
