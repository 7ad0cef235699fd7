import { describe, expect, it } from "vitest";
import { type Command, demoMesh, demoPositions, emptyMesh, type MeshDocument, objectKey } from "@/lib/mesh";
import { createDraftStore, type DraftBase, type OvertakenChange, type SaveAnswer, type Transport } from "./draft-store";

const cart = "Service/production/cart";
const rename = (name: string, key = cart): Command => ({ type: "renameObject", key, name });
const names = (document: MeshDocument) => document.objects.map(objectKey);

function harness(answers: SaveAnswer[], reloads: DraftBase[] = []) {
  const sent: Command[][] = [];
  const versions: number[] = [];
  const kept: OvertakenChange[] = [];
  const waiting: { ms: number; run: () => void }[] = [];
  const transport: Transport = {
    load: async () => {
      const next = reloads.shift();
      if (!next) throw new Error("unreachable");
      return next;
    },
    save: async (commands, version) => {
      sent.push([...commands]);
      versions.push(version);
      return answers.shift() ?? { ok: false, kind: "unreachable" };
    },
    step: async () => answers.shift() ?? { ok: false, kind: "unreachable" },
    keep: (change) => void kept.push(change),
  };
  const first = { version: 1, document: demoMesh(), positions: demoPositions() };
  const timers = {
    after(ms: number, run: () => void) {
      const entry = { ms, run };
      waiting.push(entry);
      return () => void waiting.splice(waiting.indexOf(entry), 1);
    },
  };
  return { store: createDraftStore(first, transport, timers), sent, versions, waiting, kept };
}

describe("the draft in the browser", () => {
  it("shows a change at once and says that it is being saved", async () => {
    const { store, sent } = harness([{ ok: true, version: 2, merged: false, canUndo: true, canRedo: false }]);
    expect(store.edit(rename("basket"))).toEqual([]);
    expect(names(store.get().document)).toContain("Service/production/basket");
    expect(store.get().saveState).toBe("waiting");
    await store.flush();
    expect(sent).toHaveLength(1);
    expect(store.get()).toMatchObject({ saveState: "saved", version: 2 });
    expect(names(store.get().document)).toContain("Service/production/basket");
  });

  it("refuses what the model refuses, and changes nothing", () => {
    const { store } = harness([]);
    expect(store.edit(rename("Not A Name")).length).toBeGreaterThan(0);
    expect(names(store.get().document)).toContain(cart);
    expect(store.hasUnsaved()).toBe(false);
  });

  it("takes back a refused change and says why", async () => {
    const refusal = { title: "Somebody else changed the same thing", detail: "cart, by author" };
    const { store } = harness(
      [{ ok: false, kind: "refused", refusal }],
      [{ version: 3, document: demoMesh(), positions: {} }],
    );
    store.edit(rename("basket"));
    await store.flush();
    expect(store.get().refusal).toEqual(refusal);
    expect(names(store.get().document)).toContain(cart);
    expect(store.get().version).toBe(3);
  });

  it("keeps a change aside that others overtook, with the version that it was made on; one that is wrong by itself is not kept", async () => {
    const refusal = { title: "Somebody else changed the same thing", detail: "cart, by author", isConflict: true };
    const base = { version: 3, document: demoMesh(), positions: {} };
    const overtaken = harness([{ ok: false, kind: "refused", refusal }], [base]);
    overtaken.store.edit(rename("basket"));
    await overtaken.store.flush();
    expect(overtaken.kept).toEqual([{ version: 1, commands: [rename("basket")] }]);

    const wrong = { title: "The change was refused", detail: "no" };
    const refused = harness([{ ok: false, kind: "refused", refusal: wrong }], [base]);
    refused.store.edit(rename("basket"));
    await refused.store.flush();
    expect(refused.kept).toEqual([]);
  });

  it("keeps the whole of what waits when one of it no longer fits", () => {
    const { store, kept } = harness([]);
    const label: Command = {
      type: "setMetadata",
      key: "Service/production/shipping",
      metadata: { labels: { a: "b" } },
    };
    store.edit(label);
    store.edit(rename("basket"));
    const { objects } = demoMesh();
    const isCart = (object: (typeof objects)[number]) => objectKey(object) === cart;
    store.take({ version: 5, document: { objects: objects.filter((each) => !isCart(each)) }, positions: {} });
    expect(kept).toEqual([{ version: 1, commands: [label, rename("basket")] }]);
    expect(store.get().refusal?.isConflict).toBe(true);
  });

  it("keeps the change while the server cannot be reached, and retries", async () => {
    const { store, sent, waiting } = harness([
      { ok: false, kind: "unreachable" },
      { ok: true, version: 2, merged: false, canUndo: true, canRedo: false },
    ]);
    store.edit(rename("basket"));
    await store.flush();
    expect(store.get().saveState).toBe("retrying");
    expect(store.hasUnsaved()).toBe(true);
    waiting.at(-1)?.run();
    await store.flush();
    await Promise.resolve();
    expect(sent).toHaveLength(2);
    expect(store.get().saveState).toBe("saved");
  });

  it("tells who waits for the server only then that it has everything", async () => {
    const { store, waiting } = harness([
      { ok: false, kind: "unreachable" },
      { ok: true, version: 2, merged: false, canUndo: true, canRedo: false },
    ]);
    store.edit(rename("basket"));
    let answer: unknown = "waits";
    const settled = store.settled().then((refused) => {
      answer = refused;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([answer, store.get().saveState]).toEqual(["waits", "retrying"]);
    waiting.at(-1)?.run();
    await settled;
    expect([answer, store.get().saveState]).toEqual([null, "saved"]);
  });

  it("tells who waits what was refused, and nothing about an older refusal", async () => {
    const refusal = { title: "Somebody else changed the same thing", detail: "cart, by author" };
    const base = { version: 3, document: demoMesh(), positions: {} };
    const { store } = harness(
      [
        { ok: false, kind: "refused", refusal },
        { ok: true, version: 4, merged: false, canUndo: true, canRedo: false },
      ],
      [base],
    );
    store.edit(rename("basket"));
    expect(await store.settled()).toEqual(refusal);
    store.edit(rename("basket"));
    expect(await store.settled()).toBeNull();
  });

  it("replays unsaved changes on what somebody else saved", () => {
    const { store } = harness([]);
    store.edit(rename("basket"));
    const theirs = demoMesh();
    store.take({
      version: 5,
      document: {
        objects: theirs.objects.filter(
          (object) =>
            objectKey(object) !== "Service/production/shipping" &&
            object.kind !== "Dependency" &&
            object.kind !== "Workload",
        ),
      },
      positions: {},
    });
    expect(names(store.get().document)).toContain("Service/production/basket");
    expect(names(store.get().document)).not.toContain("Service/production/shipping");
  });

  it("says on which version a change was made, so that the server can refuse what somebody else overtook", async () => {
    const { store, versions } = harness([{ ok: true, version: 6, merged: true, canUndo: true, canRedo: false }]);
    store.edit(rename("basket"));
    store.take({ version: 5, document: demoMesh(), positions: {} });
    await store.flush();
    expect(versions).toEqual([1]);
  });

  it("names a change that no longer fits instead of dropping it in silence", () => {
    const { store } = harness([]);
    store.edit(rename("basket"));
    store.take({ version: 5, document: emptyMesh("shop"), positions: {} });
    expect(store.get().refusal?.title).toMatch(/no longer fits/);
  });

  it("ignores a version older than what it has", () => {
    const { store } = harness([]);
    store.take({ version: 0, document: emptyMesh("shop"), positions: {} });
    expect(names(store.get().document)).toContain(cart);
  });
});
