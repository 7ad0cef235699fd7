// select: mesh products by a file of criteria, with a design and without.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf, toYaml } from "@/lib/mesh";
import { CRITERIA } from "@/lib/selection";
import { seedMesh } from "@/lib/simulate/testing/designs";
import { runCli } from "./testing/run-cli";

const EXAMPLE = fileURLToPath(new URL("../../docs/reference/selection-criteria.yaml", import.meta.url));
let cwd = "";

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "meshwright-select-"));
  writeFileSync(path.join(cwd, "mesh.yaml"), toYaml(seedMesh()));
  copyFileSync(EXAMPLE, path.join(cwd, "criteria.yaml"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const select = (args: string[], stdin = "") => runCli(["select", ...args], { cwd, stdin });
/** With these criteria and no design. */
const by = (criteria: unknown, ...args: string[]) => select(["--criteria", "-", ...args], JSON.stringify(criteria));

type Item = { product: string; rank: number | null; fails: { criterion: string; reason: string }[] };
type Answer = { ok: boolean; first: string[]; isSure: boolean; items: Item[]; fits: { product: string }[] };
const asJson = ({ out }: { out: string }) => JSON.parse(out) as Answer;

describe("with a design", () => {
  test("the example excludes by its constraints, and says what the design would become in each product", async () => {
    const { code, out, notes } = await select(["mesh.yaml", "--criteria", "criteria.yaml"]);
    expect({ code, notes }).toEqual({ code: 0, notes: "" });
    expect(out).toMatch(/^1\. {1}/);
    expect(out).toMatch(/Linkerd 2\.20: .*, excluded\n {5}Stable builds free of charge has to be yes and is no: /);
    expect(out).toContain("What mesh.yaml would become:");
    expect(out).toMatch(/\n {2}Meshwright: (\d+) of \1 objects exact\n/);
    expect(out).not.toContain("left out");
  });

  test("as JSON it has the digest, the fits and the own verdict's reason", async () => {
    const args = ["mesh.yaml", "--criteria", "-", "--json"];
    const overrides = [{ product: "kuma", criterion: "design-carried", verdict: "no", reason: "we tried it" }];
    const constraints = { "design-carried": "partly" };
    const answer = asJson(await select(args, JSON.stringify({ overrides, constraints })));
    expect(answer).toMatchObject({ ok: true, leftOut: [], digest: digestOf(seedMesh()) });
    expect(answer.fits.map(({ product }) => product)).toContain("meshwright");
    expect(answer.items.find(({ product }) => product === "kuma")).toMatchObject({
      rank: null,
      fails: [{ criterion: "design-carried", reason: "we tried it (own verdict of standard input, 2026-01-02)" }],
    });
  });

  test("one without a service is not measured, and that is said", async () => {
    const { objects } = seedMesh();
    writeFileSync(path.join(cwd, "bare.yaml"), toYaml({ objects: objects.filter(({ kind }) => kind === "Mesh") }));
    const { code, out } = await select(["bare.yaml", "--criteria", "criteria.yaml"]);
    expect(code).toBe(0);
    expect(out).toContain("Nothing is measured on bare.yaml: no service is drawn.");
    expect(out).not.toContain("would become");
    expect(out).not.toContain("Without what is measured");
  });

  test("one that does not hold together is refused with its violations", async () => {
    writeFileSync(path.join(cwd, "broken.yaml"), "kind: Nothing\n");
    const { code, out } = await select(["broken.yaml", "--criteria", "criteria.yaml"]);
    expect([code, out]).toEqual([1, expect.stringContaining("broken.yaml:1: error:")]);
  });

  test("a product's manifests are one, and what a design cannot say of them is told", async () => {
    const seed = fileURLToPath(new URL("../dialects/istio/fixtures/seed.yaml", import.meta.url));
    const args = [seed, "--dialect", "istio", "--namespace", "production", "--criteria", "criteria.yaml"];
    const { code, out, notes } = await select(args);
    expect([code, out]).toEqual([0, expect.stringMatching(/\n {2}Linkerd: 0 of \d+ objects exact, .* lost\n/)]);
    expect(notes).toContain("service payment-service is not in the design");
    expect(asJson(await select([...args, "--json"]))).toMatchObject({ leftOut: [], warnings: [{}, {}] });
  });
});

describe("without a design", () => {
  test("what is measured is left out, and every format says so", async () => {
    const sentence = "No design was given, so what is measured on one is left out: Same answers, Carried over.";
    const args = ["--criteria", "criteria.yaml"];
    expect((await select(args)).out).toContain(sentence);
    const markdown = await select([...args, "--format", "markdown"]);
    expect(markdown.code).toBe(0);
    expect(markdown.out).toContain(sentence);
    expect(markdown.out).toContain("Proposed: nothing is decided. Written 2026-01-02.");
    expect(markdown.out).toMatch(/^# Mesh product\n/);
    expect(markdown.out).not.toContain("Digest");
    const answer = asJson(await select([...args, "--format", "json"]));
    expect(answer).toMatchObject({ leftOut: ["design-answers", "design-carried"], fits: [] });
    expect(answer).not.toHaveProperty("digest");
    expect(JSON.stringify(answer.items)).not.toContain("design-");
  });

  test("a constraint or an own verdict about it would be asked of nobody, so it is refused", async () => {
    const override = { product: "kuma", criterion: "design-answers", verdict: "yes", reason: "so" };
    expect(await by({ constraints: { "design-carried": "yes" } })).toMatchObject({
      code: 2,
      notes: expect.stringContaining("-: constraints.design-carried: is measured on a design, and none is given"),
    });
    expect((await by({ overrides: [override] })).notes).toContain("overrides[0]: is measured on a design");
    expect((await by({ weights: { "design-answers": 5 } })).code).toBe(0);
    expect((await by({}, "--dialect", "istio")).notes).toContain("--dialect is for a design: name its files");
  });
});

test("weights decide: where one criterion counts alone, those that say yes share the first place", async () => {
  const none = Object.fromEntries(CRITERIA.map(({ id }) => [id, 0]));
  const { first, isSure } = asJson(await by({ weights: { ...none, "no-sidecar": 1 } }, "--json"));
  expect([first.toSorted(), isSure]).toEqual([["cilium", "istio-ambient"], false]);
  const text = await by({ weights: { ...none, "without-kubernetes": 1 } });
  expect(text.out).toContain("The first place is not sure: it is shared");
  expect(text.out).toMatch(/^1\. Consul .*: 100 %\n1\. Kuma .*: 100 %\n1\. Meshwright .*: 100 %\n4\. /);
  const nothing = await by({ weights: none });
  expect([nothing.code, nothing.out]).toEqual([0, expect.stringContaining("or nothing counts")]);
});

test("when constraints exclude everybody the exit code is 1, and each says why", async () => {
  const { code, out } = await by({ constraints: { "without-kubernetes": "yes", "no-sidecar": "yes" } });
  expect(code).toBe(1);
  expect(out.match(/, excluded\n {5}/g)).toHaveLength(7);
  expect(out).toContain("Nothing is left, or nothing counts: there is no first place.");
  expect(asJson(await by({ constraints: { "without-kubernetes": "yes", "no-sidecar": "yes" } }, "--json")).ok).toBe(
    false,
  );
});

test("a constraint of which nothing is known excludes nobody and is to be proved", async () => {
  const { code, out } = await by({ constraints: { "global-rate-limit": "yes" } });
  expect(code).toBe(0);
  expect(out).toMatch(/Istio, ambient mode 1\.31: .*\n {5}to be proved: Rate limit shared by all has to be yes\n/);
});

test("an empty file is a file of defaults", async () => {
  expect(await select(["--criteria", "-", "--json"])).toEqual(await by({}, "--json"));
});

describe("criteria that cannot be read are named with file, line, field and fix", () => {
  test.each([
    ["weights:\n  mirroring: 6\n", "stdin:2: weights.mirroring: must be a whole number from 0 to 5"],
    ["weights:\n  mirroring: -1\n", "stdin:2: weights.mirroring: must be a whole number from 0 to 5"],
    ["weights:\n  mirroring: 1.5\n", "stdin:2: weights.mirroring: must be a whole number from 0 to 5"],
    ["weights:\n  mirroring: much\n", "stdin:2: weights.mirroring: must be a whole number from 0 to 5"],
    [
      "\nconstraints: {miroring: yes}\n",
      "constraints.miroring: there is no criterion miroring. Did you mean mirroring?",
    ],
    ["weights: {xyzzy: 1}\n", "weights.xyzzy: there is no criterion xyzzy. Take the id of a criterion from docs/"],
    ["constraints: {mirroring: maybe}\n", 'constraints.mirroring: Invalid option: expected one of "yes"|"partly"'],
    ["overrides: [{product: kuma, criterion: windows, verdict: yes}]\n", "stdin:1: overrides.0.reason: is missing"],
    ["wieghts: {}\n", "stdin:1: has no field wieghts. It takes weights, constraints, overrides"],
    ["weights: {}\n---\nweights: {}\n", "stdin: has 2 documents. Put all of it into one."],
    ["weights: [\n", "is not valid YAML"],
    ["weights: {No Id: 1}\n", "stdin:1: weights.No Id: must be the id of a criterion, as mirroring"],
    ["- weights\n", "stdin:1: Invalid input: expected object"],
  ])("%j", async (text, message) => {
    const { code, out, notes } = await select(["--criteria", "-"], text);
    expect([code, out]).toEqual([2, ""]);
    expect(notes).toContain(message);
  });

  test("larger than 1 MiB, from a file and from standard input", async () => {
    const text = `# ${"x".repeat(1024 * 1024)}\n`;
    writeFileSync(path.join(cwd, "large.yaml"), text);
    const message = "is larger than 1 MiB: give a smaller file";
    expect(await select(["--criteria", "large.yaml"])).toMatchObject({
      code: 2,
      notes: expect.stringContaining(`large.yaml ${message}`),
    });
    expect(await select(["--criteria", "-"], text)).toMatchObject({ code: 2, notes: expect.stringContaining(message) });
  });

  test("none, one that is not there, and one standard input for two", async () => {
    expect((await select(["mesh.yaml"])).notes).toContain("--criteria is missing");
    expect((await select(["--criteria", "nowhere.yaml"])).notes).toContain("nowhere.yaml cannot be read (ENOENT)");
    expect(await select(["-", "--criteria", "-"])).toMatchObject({
      code: 2,
      notes: expect.stringContaining("the criteria or the design, not both"),
    });
  });
});
