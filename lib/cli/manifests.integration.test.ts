// Commands on a product's own manifests, on three designs at once, and their answers against the published schemas.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoMesh, toYaml } from "@/lib/mesh";
import { SCHEMA_NAMES } from "./schemas";
import { type CliSetting, runCli } from "./testing/run-cli";

const fixture = (name: string) => readFileSync(new URL(`../dialects/${name}`, import.meta.url), "utf8");
const SERVICES = `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: payment-service, namespace: production}, spec: {selector: {app: pay}, ports: [{port: 80, name: http}]}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: pay-v1, namespace: production}
  spec: {selector: {matchLabels: {app: pay, version: v1}}, template: {metadata: {labels: {app: pay, version: v1}}, spec: {containers: [{name: pay, image: pay}]}}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: pay-v2, namespace: production}
  spec: {selector: {matchLabels: {app: pay, version: v2}}, template: {metadata: {labels: {app: pay, version: v2}}, spec: {containers: [{name: pay, image: pay}]}}}
- {apiVersion: v1, kind: Service, metadata: {name: shop, namespace: production}, spec: {selector: {app: shop}, ports: [{port: 80, name: http}]}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: shop, namespace: production}
  spec: {selector: {matchLabels: {app: shop}}, template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: shop}]}}}
`;
const TESTS = `tests:
- name: beta testers get v2
  question: {from: {kind: workload, workload: Workload/production/shop}, to: {host: payment-service}, method: GET, path: /, headers: {x-user-type: beta-tester}}
  expect: {outcome: forwarded, destinations: [{service: Service/production/payment-service, subset: v2, probability: 1}]}
`;
const CRITERIA = path.resolve("docs/reference/selection-criteria.yaml");
let cwd = "";

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "meshwright-manifests-"));
  const files = {
    "mesh.yaml": toYaml(demoMesh()),
    "mine.yaml": toYaml(demoMesh()).replace("timeoutMs: 2000", "timeoutMs: 1500"),
    "seed.yaml": fixture("istio/fixtures/seed.yaml"),
    "changed.yaml": fixture("istio/fixtures/seed.yaml")
      .replace("weight: 90", "weight: 80")
      .replace("weight: 10}", "weight: 20}"),
    "services.yaml": SERVICES,
    "tests.yaml": TESTS,
    "broken.yaml": "kind: [",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(cwd, name), text);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const cli = (args: string[], extra: Partial<CliSetting> = {}) => runCli(args, { cwd, ...extra });
const ISTIO = ["--dialect", "istio", "--namespace", "production"];
const CALL = ["--from", "production/shop", "--to", "payment-service"];

describe("manifests of a product", () => {
  test("are checked as a design is, with the file and line of the resource", async () => {
    const { code, out, notes } = await cli(["validate", "services.yaml", "seed.yaml", ...ISTIO, "--fail-on", "never"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^seed\.yaml:\d+: \w+ MW\d+: /m);
    expect(notes).toMatch(
      /^seed\.yaml:15:1: warning \(approximate\): DestinationRule production\/payment-service#metadata: /m,
    );
    expect(out).not.toMatch(/MW1031|MW1032|MW1022/);
    expect(await cli(["validate", "seed.yaml"])).toMatchObject({ code: 1, out: expect.stringContaining("--dialect") });
  });

  test("are simulated and tested as the product would answer", async () => {
    const asked = await cli([
      "simulate",
      "services.yaml",
      "seed.yaml",
      ...ISTIO,
      ...CALL,
      "--header",
      "x-user-type: beta-tester",
    ]);
    expect(asked).toMatchObject({ code: 0, out: expect.stringContaining("v2") });
    expect(asked.out).toContain("seed.yaml:");
    const tested = await cli(["test", "services.yaml", "seed.yaml", ...ISTIO, "--tests", "tests.yaml"]);
    expect(tested).toMatchObject({ code: 0, out: "ok   beta testers get v2\n" });
  });

  test("have a file for every finding, also of what stands in none of them", async () => {
    const args = ["validate", "services.yaml", ...ISTIO, "--fail-on", "never"];
    const { runs } = JSON.parse((await cli([...args, "--format", "sarif"])).out);
    const results: { ruleId: string; locations: { physicalLocation?: object }[] }[] = runs[0].results;
    expect(results.find(({ ruleId }) => ruleId === "MW1041")?.locations).toMatchObject([
      { physicalLocation: { artifactLocation: { uri: "services.yaml" } } },
    ]);
    expect(results.filter(({ locations: [place] }) => !place?.physicalLocation)).toEqual([]);
    expect((await cli(args)).out).toMatch(/services\.yaml:\d+: warning MW1041: Mesh/);
  });

  test("of Istio are of the trust domain cluster.local, which principals name", async () => {
    const policy = (domain: string) => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pay, namespace: production}
spec:
  selector: {matchLabels: {app: pay}}
  rules: [{from: [{source: {principals: ["${domain}/ns/production/sa/default"]}}]}]
`;
    const ask = (domain: string) =>
      cli(["simulate", "services.yaml", "-", "--dialect", "istio", ...CALL], { stdin: policy(domain) });
    expect(await ask("cluster.local")).toMatchObject({
      code: 0,
      out: expect.stringContaining("pay, rule 1, allows it"),
    });
    expect(await ask("other.example")).toMatchObject({
      code: 1,
      notes: expect.stringContaining("names the trust domain other.example, and this design's is cluster.local"),
    });
  });

  test("are compared, exported to another product and compiled", async () => {
    const { code, out } = await cli(["diff", "seed.yaml", "changed.yaml", ...ISTIO]);
    expect([code, out]).toEqual([1, expect.stringContaining("v2 goes from 10 % to 20 %")]);
    const exported = await cli(["export", "services.yaml", "seed.yaml", ...ISTIO, "--to", "gateway-api"]);
    expect(exported).toMatchObject({ code: 0, out: expect.stringContaining("kind: HTTPRoute") });
    const compiled = await cli(["compile", "services.yaml", "seed.yaml", ...ISTIO, "-w", "production/shop"]);
    expect(compiled).toMatchObject({ code: 0, out: expect.stringContaining('"static_resources"') });
  });

  test("of an unknown product are refused with the list", async () => {
    const { code, notes } = await cli(["validate", "seed.yaml", "--dialect", "nginx"]);
    expect([code, notes]).toEqual([2, expect.stringContaining("--dialect must be auto or kubernetes")]);
  });
});

describe("merge", () => {
  test("prints what both sides make together, or every conflict and nothing else", async () => {
    const done = await cli(["merge", "mesh.yaml", "mine.yaml", "mesh.yaml"]);
    expect(done).toMatchObject({ code: 0, notes: "0 conflicts, 0 violations.\n" });
    expect(done.out).toBe(readFileSync(path.join(cwd, "mine.yaml"), "utf8"));
    writeFileSync(path.join(cwd, "theirs.yaml"), toYaml(demoMesh()).replace("timeoutMs: 2000", "timeoutMs: 900"));
    const open = await cli(["merge", "mesh.yaml", "mine.yaml", "theirs.yaml"]);
    expect(open).toMatchObject({ code: 1, out: "" });
    expect(open.notes).toMatch(/base: 2000\n {4}ours: 1500\n {4}theirs: 900/);
    const preferred = await cli([
      "merge",
      "mesh.yaml",
      "mine.yaml",
      "theirs.yaml",
      "--prefer",
      "theirs",
      "--write",
      "out.yaml",
    ]);
    expect(preferred).toMatchObject({ code: 0, out: "", notes: expect.stringContaining("taken from theirs") });
    expect(readFileSync(path.join(cwd, "out.yaml"), "utf8")).toContain("timeoutMs: 900");
    expect(await cli(["merge", "mesh.yaml", "mine.yaml"])).toMatchObject({ code: 2 });
  });
});

describe("schema", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const checks = new Map<string, ValidateFunction>();
  const problemsOf = async (name: string, value: unknown) => {
    const check = checks.get(name) ?? ajv.compile(JSON.parse((await cli(["schema", name])).out) as object);
    checks.set(name, check);
    return check(value) ? [] : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };

  test.each([
    ["validate", ["validate", "mesh.yaml"]],
    ["validate", ["validate", "services.yaml", "seed.yaml", ...ISTIO]],
    ["validate", ["validate", "broken.yaml"]],
    ["validate", ["validate", "nowhere.yaml"]],
    ["diff", ["diff", "mesh.yaml", "mine.yaml"]],
    ["diff", ["diff", "seed.yaml", "changed.yaml", ...ISTIO]],
    ["merge", ["merge", "mesh.yaml", "mine.yaml", "mesh.yaml"]],
    ["merge", ["merge", "mesh.yaml", "mine.yaml", "theirs.yaml", "--prefer", "ours"]],
    ["simulate", ["simulate", "services.yaml", "seed.yaml", ...ISTIO, ...CALL]],
    ["simulate", ["simulate", "mesh.yaml", "--from", "production/checkout-v1", "--to", "payment-service"]],
    ["test", ["test", "services.yaml", "seed.yaml", ...ISTIO, "--tests", "tests.yaml"]],
    ["import", ["import", "services.yaml", "seed.yaml", "--namespace", "production"]],
    ["export", ["export", "mesh.yaml", "--to", "istio"]],
    ["export", ["export", "mesh.yaml", "--to", "yaml"]],
    ["migrate", ["migrate", "mesh.yaml", "--to", "linkerd"]],
    ["migrate", ["migrate", "services.yaml", "seed.yaml", "--from", "istio", "--to", "kuma", "--channel", "3.x"]],
    ["compile", ["compile", "mesh.yaml", "-w", "production/checkout-v1"]],
    ["select", ["select", "--criteria", CRITERIA]],
    ["select", ["select", "services.yaml", "seed.yaml", ...ISTIO, "--criteria", CRITERIA]],
  ])("what %s prints as JSON is of its schema (%#)", async (name, args) => {
    const { out } = await cli([...args, "--json"]);
    const value = JSON.parse(out) as Record<string, unknown>;
    expect(await problemsOf(name, value)).toEqual([]);
    expect(await problemsOf(name, { ...value, ok: "perhaps" })).not.toEqual([]);
    expect(await problemsOf(name, { ...value, surprise: 1 })).not.toEqual([]);
  });

  test("files of designs, questions and tests have theirs", async () => {
    for (const object of demoMesh().objects) expect(await problemsOf("object", object)).toEqual([]);
    expect(await problemsOf("object", { kind: "Service" })).not.toEqual([]);
    const question = {
      from: { kind: "workload", workload: "Workload/a/b" },
      to: { host: "c" },
      method: "GET",
      path: "/",
      headers: {},
    };
    expect(await problemsOf("questions", { questions: [question] })).toEqual([]);
    expect(await problemsOf("tests", { tests: [{ name: "a", question, expect: { status: 200 } }] })).toEqual([]);
    expect(await problemsOf("tests", { tests: [{ name: "a", question, expects: {} }] })).not.toEqual([]);
    expect(await problemsOf("criteria", { weights: { mirroring: 5 } })).toEqual([]);
    expect(await problemsOf("criteria", { weights: { mirroring: 6 } })).not.toEqual([]);
  });

  test("every name is listed by help, and another is refused", async () => {
    const { out } = await cli(["schema", "--help"]);
    for (const name of SCHEMA_NAMES) expect(out).toContain(`  ${name} `);
    expect(await cli(["schema", "everything"])).toMatchObject({
      code: 2,
      notes: expect.stringContaining("name one of object"),
    });
  });
});
