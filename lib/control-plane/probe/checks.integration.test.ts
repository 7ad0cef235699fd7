// Bar: each control is broken through a real deployment, is seen failing with those that share its cause and no other, and passes again.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ControlResult, type Evidence, LAYERS, PROBE_NAMESPACE } from "@/lib/compliance";
import { breakages, soundMesh } from "@/lib/compliance/testing/breakages";
import type { CheckRunRow } from "@/lib/data/system";
import { type MeshDocument, refKey } from "@/lib/mesh";
import { dependenciesSeen, goldenSignals, isProbe } from "@/lib/signals";
import { type LiveRig, startLiveRig } from "./testing/live-rig";
import { signWithoutUsages } from "./testing/wrong-leaf";

let rig: LiveRig;
beforeAll(async () => {
  rig = await startLiveRig();
}, 120_000);
afterAll(async () => rig?.stop());

const failing = (results: readonly ControlResult[]) =>
  results
    .flatMap(({ control, layers }) =>
      LAYERS.filter((layer) => layers[layer].state === "fail").map((layer) => `${control} ${layer}`),
    )
    .sort();
const notPassing = (results: readonly ControlResult[]) =>
  results.flatMap(({ control, layers }) =>
    LAYERS.filter((layer) => !["pass", "does-not-apply"].includes(layers[layer].state)).map(
      (layer) => `${control} ${layer} ${layers[layer].summary}`,
    ),
  );

async function deployAndCheck(document: MeshDocument) {
  expect(await rig.deploy(document)).toBe("done");
  const checked = await rig.check();
  expect([checked.run.state, checked.run.error]).toEqual(["done", null]);
  return checked;
}

describe("a sound mesh", () => {
  let checked: { run: CheckRunRow; results: ControlResult[]; evidence: Evidence[] };

  test("passes every control on every layer that applies", async () => {
    checked = await deployAndCheck(soundMesh());
    expect(notPassing(checked.results)).toEqual([]);
    expect(checked.results).toHaveLength(15);
  });

  test("tells the progress of every probe, and stores each with its transcript, digest, twin and end", () => {
    expect(checked.run.progress.length).toBeGreaterThan(30);
    expect(checked.run.progress.every(({ state, outcome }) => state === "done" && outcome === "as-expected")).toBe(
      true,
    );
    const refused = checked.evidence.find(
      (each) => each.kind === "plaintext" && each.subject === "Service/production/cart",
    );
    const running = rig.plane.registry
      .inEnvironment(rig.environmentId)
      .find((each) => each.proxyKey === "production/cart-v1/0");
    expect(refused).toMatchObject({
      proxyKey: "production/cart-v1/0",
      digest: running?.status?.digest,
      outcome: "as-expected",
    });
    expect(refused?.transcript.join("\n")).toContain("meshwright-probe/1");
    expect(checked.evidence.find(({ id }) => id === refused?.twin)).toMatchObject({
      kind: "mutual-tls",
      outcome: "as-expected",
    });
    expect(Date.parse(refused?.expiresAt ?? "") - Date.parse(refused?.finishedAt ?? "")).toBe(24 * 3_600_000);
    const kinds = new Set(checked.evidence.map(({ kind }) => kind));
    for (const kind of [
      "no-certificate",
      "foreign-ca",
      "old-tls",
      "unknown-identity",
      "forbidden-caller",
      "undeclared-host",
      "access-log",
      "audit-chain",
    ]) {
      expect(kinds).toContain(kind);
    }
  });

  test("tells every identity that a probe took to the event log, and keeps no key", async () => {
    const { rows } = await rig.sql.query(`SELECT subject, payload FROM "Event" WHERE kind = 'probe.identity'`);
    const names = rows.map(({ subject }) => subject);
    expect(names).toContain(`spiffe://shop.test/ns/${PROBE_NAMESPACE}/sa/unrelated`);
    expect(names).toContain("spiffe://shop.test/ns/production/sa/web");
    for (const { payload } of rows) {
      expect(payload.runId).toBe(checked.run.id);
      expect(Date.parse(payload.notAfter) - Date.now()).toBeLessThan(11 * 60_000);
    }
    expect(JSON.stringify(checked.evidence)).not.toContain("PRIVATE KEY");
  });

  test("draws no line of a probe, and counts none as traffic", async () => {
    await rig.plane.scraper.round();
    const windows = rig.plane.scraper.telemetryOf(rig.environmentId)?.recent.since(0) ?? [];
    const flows = windows.flatMap((window) => window.flows);
    const probes = flows.filter(isProbe);
    expect(probes.flatMap(({ codes }) => Object.keys(codes))).toEqual(expect.arrayContaining(["200", "403"]));
    const drawn = soundMesh().objects.flatMap((object) =>
      object.kind === "Dependency"
        ? [{ source: refKey(object.spec.from, object), destination: refKey(object.spec.to, object) }]
        : [],
    );
    // The question whether a drawn host is reached goes through the caller's own sidecar: it is a call that was made.
    for (const seen of dependenciesSeen(flows)) expect(drawn).toContainEqual(seen);
    expect(goldenSignals({ kind: "mesh" }, flows, 1).codes).not.toHaveProperty("403");
    const { rows } = await rig.sql.query(`SELECT DISTINCT caller, callee FROM "ObservedShape"`);
    for (const { caller, callee } of rows) expect(drawn).toContainEqual({ source: caller, destination: callee });
  });

  test("cannot have its evidence rewritten", async () => {
    await expect(rig.sql.query(`UPDATE "CheckEvidence" SET outcome = 'as-expected'`)).rejects.toThrow(/append-only/);
  });
});

describe("a forbidden request of an allowed caller", () => {
  test("is tried where a policy tells requests apart, and refused", async () => {
    const document = soundMesh();
    document.objects.push({
      apiVersion: "meshwright.dev/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "no-admin", namespace: "production" },
      spec: { target: { service: "cart" }, action: "deny", rules: [{ to: [{ paths: ["/admin*"] }] }] },
    });
    const { results, evidence } = await deployAndCheck(document);
    const tried = evidence.find(({ kind }) => kind === "forbidden-path");
    expect(tried).toMatchObject({ subject: "Service/production/cart", outcome: "as-expected" });
    expect(tried?.sentence).toContain("denied by AuthorizationPolicy/production/no-admin");
    expect(failing(results)).toEqual([]);
  });
});

describe("a broken mesh", () => {
  // It was sound before: what each breakage changes meets proxies that run, with certificates of their own.
  beforeAll(async () => {
    expect(await rig.deploy(soundMesh())).toBe("done");
  }, 60_000);

  test.each(breakages.map((breakage) => [breakage.name, breakage] as const))(
    "%s: those controls fail, and no other; then all pass again",
    async (_name, breakage) => {
      if (breakage.first) expect(await rig.deploy(breakage.first(soundMesh()))).toBe("done");
      const broken = await deployAndCheck(breakage.change(soundMesh()));
      const expected = Object.entries(breakage.fails).flatMap(([control, layers]) =>
        layers.map((layer) => `${control} ${layer}`),
      );
      expect(failing(broken.results)).toEqual(expected.sort());
      const mended = await deployAndCheck(soundMesh());
      expect(notPassing(mended.results)).toEqual([]);
    },
    60_000,
  );

  test("a certificate that was issued wrong fails PKI-03 alone, and its replacement passes", async () => {
    const { authority } = rig.plane;
    const original = authority.signCsr.bind(authority);
    authority.signCsr = (csrPem, spiffeId) => signWithoutUsages(authority, csrPem, spiffeId);
    try {
      const more = breakages.find(({ name }) => name.includes("month"))!.change(soundMesh());
      const document = {
        objects: more.objects.map((each) =>
          each.kind === "Mesh" ? { ...each, spec: { ...each.spec, certificateTtlHours: 24 } } : each,
        ),
      };
      const broken = await deployAndCheck(document);
      expect(failing(broken.results)).toEqual(["PKI-03 live"]);
    } finally {
      authority.signCsr = original;
    }
    expect(notPassing((await deployAndCheck(soundMesh())).results)).toEqual([]);
  }, 60_000);

  test("an event that somebody changed fails OB-05 alone, until it is as it was", async () => {
    const touch = async (name: string) => {
      await rig.sql.query(`ALTER TABLE "Event" DISABLE TRIGGER "Event_append_only"`);
      await rig.sql.query(`UPDATE "Event" SET "actorName" = $1 WHERE seq = (SELECT min(seq) FROM "Event")`, [name]);
      await rig.sql.query(`ALTER TABLE "Event" ENABLE TRIGGER "Event_append_only"`);
    };
    const { rows } = await rig.sql.query(`SELECT "actorName" AS name FROM "Event" ORDER BY seq LIMIT 1`);
    await touch("somebody else");
    expect(failing((await deployAndCheck(soundMesh())).results)).toEqual(["OB-05 live"]);
    await touch(rows[0].name);
    expect(notPassing((await rig.check()).results)).toEqual([]);
  }, 60_000);
});
