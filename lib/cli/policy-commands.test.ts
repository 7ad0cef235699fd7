// simulate, test, and what validate and diff say to pipelines.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientEdgeMesh } from "@/lib/compile/testing/client-edge";
import { digestOf, type MeshObject, toYaml } from "@/lib/mesh";
import { seedMesh, splitOf, withObjects, without } from "@/lib/simulate/testing/designs";
import { runCli } from "./testing/run-cli";

let cwd = "";
const write = (name: string, text: string) => writeFileSync(path.join(cwd, name), text);

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "meshwright-cli-"));
  mkdirSync(path.join(cwd, "tests"));
  write("mesh.yaml", toYaml(seedMesh()));
  write("split.yaml", toYaml(withObjects(seedMesh(), splitOf(25))));
  write("closed.yaml", toYaml(without(seedMesh(), "Dependency/production/storefront-to-cart")));
  write("tests/payments.yaml", TESTS);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const TESTS = `tests:
  - name: a tenth of the payments goes to v2
    question: &question
      from: { kind: workload, workload: Workload/production/checkout-v1 }
      to: { host: payment-service }
      method: GET
      path: /pay
      headers: {}
    expect:
      outcome: forwarded
      destinations:
        - { service: Service/production/payment-service, subset: v1, probability: 0.9 }
        - { service: Service/production/payment-service, subset: v2, probability: 0.1 }
  - name: catalog does not pay
    question:
      from: { kind: workload, workload: Workload/production/catalog-v1 }
      to: { host: payment-service }
      method: GET
      path: /pay
      headers: {}
    expect: { outcome: no-route, status: 404 }
`;

const cli = (args: string[], stdin = "", answers: Record<string, unknown> = {}) =>
  runCli(args, {
    cwd,
    stdin,
    env: { MESHWRIGHT_TOKEN: "t", MESHWRIGHT_URL: "http://server" },
    fetch: (url) => {
      const answer = answers[String(url).replace("http://server/api/v1", "")];
      return answer ? Promise.resolve(Response.json(answer)) : Promise.reject(new Error(`no answer for ${url}`));
    },
  });

const ASK = ["simulate", "mesh.yaml", "--from", "production/checkout-v1", "--to", "payment-service"];

test("simulate tells the answer, the deciding rule with file and line, and why others did not match", async () => {
  const { code, out } = await cli(ASK);
  expect(code).toBe(0);
  expect(out).toContain(
    "The calls of checkout go 90 % to payment-service v1, 10 % to payment-service v2, in mutual TLS",
  );
  expect(out).toMatch(/decided by Route\/production\/payment-service#spec\.rules\[1\] \(mesh\.yaml:\d+\)/);
  expect(out).toContain('header x-user-type is absent; the rule wants exact "beta-tester"');
  const beta = await cli([...ASK, "--header", "X-User-Type: beta-tester", "--header", "x-a: b", "--json"]);
  const [{ answer }] = JSON.parse(beta.out).answers;
  expect(answer.destinations).toMatchObject([{ subset: "v2", probability: 1 }]);
});

test("simulate ends with 1 when a request is not answered, and asks a gateway's client at the gateway", async () => {
  expect(
    (await cli(["simulate", "mesh.yaml", "--from", "production/catalog-v1", "--to", "payment-service"])).code,
  ).toBe(1);
  const gateway = await cli(["simulate", "mesh.yaml", "--from", "production/shop-gateway", "--to", "shop.example"]);
  expect([gateway.code, gateway.out]).toEqual([0, expect.stringContaining("gateway production/shop-gateway/0")]);
});

test("simulate asks with a token's claims and from an address", async () => {
  const named = (kind: "RequestAuthentication" | "AuthorizationPolicy", name: string, spec: object) =>
    ({ apiVersion: "meshwright.dev/v1", kind, metadata: { namespace: "production", name }, spec }) as MeshObject;
  const target = { service: "catalog" };
  const tokens = named("RequestAuthentication", "tokens", {
    target,
    jwtRules: [{ issuer: "https://issuer.test", jwks: '{"keys":[{"kty":"EC"}]}' }],
  });
  const deny = named("AuthorizationPolicy", "with-token", {
    target,
    action: "deny",
    rules: [{ from: [{ notRequestPrincipals: ["*"] }], to: [{ paths: ["/mine"] }] }],
  });
  write("tokens.yaml", toYaml(withObjects(seedMesh(), tokens, deny)));
  const ask = ["simulate", "tokens.yaml", "--from", "production/storefront-v1", "--to", "catalog", "--path", "/mine"];
  expect((await cli(ask)).code).toBe(1);
  const claims = '{"iss": "https://issuer.test", "sub": "ann"}';
  const { code, out } = await cli([...ask, "--claims", claims, "--address", "10.1.2.3", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out).answers[0].question).toMatchObject({ token: { claims: { sub: "ann" } }, address: "10.1.2.3" });
  expect(await cli([...ask, "--claims", "ann"])).toMatchObject({
    code: 2,
    notes: expect.stringContaining("--claims must be an object in JSON"),
  });
  expect(await cli([...ask, "--claims", "3"])).toMatchObject({ code: 2, notes: expect.stringContaining("--claims: ") });
  expect(await cli([...ask, "--address", "home"])).toMatchObject({
    code: 2,
    notes: expect.stringContaining("--address: must be an IP address"),
  });
});

test("simulate asks as a client with a certificate, by option and by file, and plain HTTP is sent on", async () => {
  write("edge.yaml", toYaml(clientEdgeMesh()));
  const edge = ["simulate", "edge.yaml", "--from", "production/edge", "--to"];
  const refused = await cli([...edge, "shop.example.com:443"]);
  expect([refused.code, refused.out]).toEqual([1, expect.stringContaining("it asks for a client certificate")]);
  const named = [...edge, "partners.example.com:443", "--certificate", "a.example,spiffe://partners.example/one"];
  expect((await cli(named)).code).toBe(0);
  const question = {
    from: { kind: "outside", gateway: "Gateway/production/edge" },
    to: { host: "shop.example.com", port: 443 },
    ...{ method: "GET", path: "/", headers: {}, certificate: { names: [] } },
  };
  const read = (asked: object) => cli(["simulate", "edge.yaml", "--questions", "-"], JSON.stringify([asked]));
  expect((await read(question)).code).toBe(0);
  expect((await read({ ...question, certificate: { names: [], isForged: true } })).code).toBe(1);
  expect(await read({ ...question, certificate: { names: [""] } })).toMatchObject({
    code: 2,
    notes: expect.stringContaining("[0].certificate.names.0: must not be empty"),
  });
  const plain = await cli([...edge, "shop.example.com:80"]);
  expect([plain.code, plain.out]).toEqual([0, expect.stringContaining("redirects (301) to https://shop.example.com")]);
});

test("simulate reads many questions from a file or standard input", async () => {
  const question = {
    from: { kind: "workload", workload: "Workload/production/storefront-v1" },
    to: { host: "cart" },
    method: "GET",
    path: "/",
    headers: {},
  };
  const { code, out } = await cli(
    ["simulate", "mesh.yaml", "--questions", "-", "--format", "json"],
    JSON.stringify({ questions: [question, question] }),
  );
  expect([code, JSON.parse(out).answers.length]).toEqual([0, 2]);
  const bad = await cli(
    ["simulate", "mesh.yaml", "--questions", "-"],
    JSON.stringify([{ ...question, method: "G T" }]),
  );
  expect(bad).toMatchObject({ code: 2, notes: expect.stringContaining("stdin:1: [0].method: must be an HTTP method") });
});

test.each([
  [["--header", "nothing"], "--header must be"],
  [["--draw", "2"], "--draw"],
  [["--path", "pay"], "must begin with /"],
])("simulate refuses %j", async (more, told) => {
  expect(await cli([...ASK, ...more])).toMatchObject({ code: 2, notes: expect.stringContaining(told) });
});

test("test passes, and fails with what came instead", async () => {
  expect(await cli(["test", "mesh.yaml", "--tests", "tests"])).toMatchObject({
    code: 0,
    out: "ok   a tenth of the payments goes to v2\nok   catalog does not pay\n",
    notes: "2 policy tests, 0 failed.\n",
  });
  const { code, out } = await cli(["test", "split.yaml", "--tests", "tests/payments.yaml"]);
  expect(code).toBe(1);
  expect(out).toContain("FAIL a tenth of the payments goes to v2 (tests/payments.yaml)");
  expect(out).toContain("expected 10 % to payment-service v2, got 25 %");
});

test("test writes JUnit with a failure per test that does not hold", async () => {
  const { code, out } = await cli(["test", "split.yaml", "--tests", "tests", "--format", "junit"]);
  expect(code).toBe(1);
  expect(out).toMatch(/<testsuite name="meshwright policy tests".* tests="2" failures="1" errors="0"/);
  expect(out).toContain('timestamp="2026-01-02T03:04:05"');
  expect(out).toContain("got 25 %");
});

describe("with the tests that are saved on the server", () => {
  const base = "/meshes/shop/policy-tests";
  const answer = (notRun: number) => ({
    at: "r3",
    results: [
      { id: "a", name: "paying", passed: true, failures: [], answer: { sentence: "It is answered." } },
      {
        id: "b",
        name: "refusing",
        passed: false,
        failures: ["expected denied, got forwarded"],
        answer: { sentence: "So." },
      },
    ],
    notRun,
  });

  test("the server asks a revision, and the failures are told as of files", async () => {
    const answers = { [`${base}/run`]: answer(0) };
    const told = await cli(["test", "--mesh", "shop", "--revision", "r3"], "", answers);
    expect(told).toMatchObject({
      code: 1,
      out: "ok   paying\nFAIL refusing (mesh shop, r3)\n       expected denied, got forwarded\n       So.\n",
      notes: "2 policy tests, 1 failed.\n",
    });
    const junit = await cli(["test", "--mesh", "shop", "--format", "junit"], "", answers);
    expect(junit.out).toMatch(/tests="2" failures="1"/);
    expect(junit.out).toContain('classname="mesh shop, draft"');
  });

  test("a test that was not asked in time is no pass", async () => {
    const [paying] = answer(0).results;
    const run = { results: [paying], notRun: 2 };
    expect(await cli(["test", "--mesh", "shop"], "", { [`${base}/run`]: run })).toMatchObject({
      code: 1,
      notes: "3 policy tests, 0 failed, 2 not asked in time.\n",
    });
  });

  test("no test at all is no pass, unless that is said", async () => {
    const none = { [`${base}/run`]: { results: [], notRun: 0 }, [base]: { items: [] } };
    for (const more of [[], ["mesh.yaml"]]) {
      const told = await cli(["test", "--mesh", "shop", ...more], "", none);
      expect(told).toMatchObject({ code: 1, out: "", notes: expect.stringContaining("0 policy tests, 0 failed.\n") });
      expect(told.notes).toContain("mesh shop has no saved test");
      expect(told.notes).toContain("--pass-with-no-tests");
      const json = await cli(["test", "--mesh", "shop", ...more, "--json"], "", none);
      expect([json.code, JSON.parse(json.out)]).toMatchObject([1, { ok: false, passed: 0, failed: 0 }]);
      expect(await cli(["test", "--mesh", "shop", ...more, "--pass-with-no-tests"], "", none)).toMatchObject({
        code: 0,
        notes: "0 policy tests, 0 failed.\n",
      });
    }
  });

  test("a design on disk is asked here", async () => {
    const saved = {
      id: "a",
      version: 1,
      updatedBy: "Ada",
      name: "the cart answers",
      question: {
        from: { kind: "workload", workload: "Workload/production/storefront-v1" },
        to: { host: "cart" },
        method: "GET",
        path: "/",
        headers: {},
      },
      expect: { outcome: "forwarded" },
    };
    const answers = { [base]: { items: [saved] } };
    expect(await cli(["test", "--mesh", "shop", "mesh.yaml"], "", answers)).toMatchObject({ code: 0 });
    expect(await cli(["test", "--mesh", "shop", "closed.yaml"], "", answers)).toMatchObject({
      code: 1,
      out: expect.stringContaining("FAIL the cart answers (mesh shop)"),
    });
  });

  test.each([
    [["--mesh", "shop", "--tests", "tests"], "either --tests or --mesh"],
    [["--mesh", "shop", "--revision", "3", "mesh.yaml"], "either --revision or a design"],
    [["--mesh", "shop", "--revision", "soon"], "--revision must be a number"],
    [["--revision", "3", "mesh.yaml", "--tests", "tests"], "--revision needs --mesh"],
  ])("%j is wrong use", async (more, told) => {
    expect(await cli(["test", ...more])).toMatchObject({ code: 2, notes: expect.stringContaining(told) });
  });
});

test("tests that cannot be read are refused with file, line and place", async () => {
  write("bad.yaml", TESTS.replace("outcome: forwarded", "outcome: perhaps").replace("path: /pay", "path: pay"));
  const { code, notes } = await cli(["test", "mesh.yaml", "--tests", "bad.yaml"]);
  expect(code).toBe(2);
  expect(notes).toContain("bad.yaml:7: tests[0].question.path: must begin with /");
  expect(notes).toMatch(/bad\.yaml:10: tests\[0\]\.expect\.outcome: /);
  expect(await cli(["test", "mesh.yaml"])).toMatchObject({
    code: 2,
    notes: expect.stringContaining("--tests is missing"),
  });
});

test("files without a test are wrong use, unless that is said", async () => {
  write("none.yaml", "tests: []\n");
  expect(await cli(["test", "mesh.yaml", "--tests", "none.yaml"])).toMatchObject({
    code: 2,
    notes: expect.stringContaining("--pass-with-no-tests"),
  });
  expect(await cli(["test", "mesh.yaml", "--tests", "none.yaml", "--pass-with-no-tests"])).toMatchObject({
    code: 0,
    notes: "0 policy tests, 0 failed.\n",
  });
});

test("a caller is named as the help says, and so is the mistake", async () => {
  expect(await cli(["simulate", "mesh.yaml", "--from", "checkout-v1", "--to", "payment-service"])).toMatchObject({
    code: 2,
    notes: expect.stringContaining('--from must be NAMESPACE/NAME, as production/checkout-v1, not "checkout-v1"'),
  });
});

test("a question without method, path and headers is GET /, and what is missing is named", async () => {
  const short = `tests:
  - name: the short one
    question: { from: { kind: workload, workload: Workload/production/checkout-v1 }, to: { host: payment-service } }
    expect: { outcome: forwarded }
`;
  write("short.yaml", short);
  expect(await cli(["test", "mesh.yaml", "--tests", "short.yaml"])).toMatchObject({ code: 0 });
  write("missing.yaml", short.replace(", to: { host: payment-service }", ""));
  expect((await cli(["test", "mesh.yaml", "--tests", "missing.yaml"])).notes).toContain(
    "missing.yaml:3: tests[0].question.to: is missing",
  );
});

test("validate writes SARIF with a location per finding, and JUnit with a case per analyzer", async () => {
  const sarif = JSON.parse((await cli(["validate", "mesh.yaml", "--format", "sarif"])).out);
  const [result] = sarif.runs[0].results;
  expect(result).toMatchObject({
    ruleId: expect.stringMatching(/^MW\d{4}$/),
    locations: [
      { physicalLocation: { artifactLocation: { uri: "mesh.yaml" }, region: { startLine: expect.any(Number) } } },
    ],
  });
  write("broken.yaml", toYaml(seedMesh()).replace("subset: v2", "subset: v9"));
  const broken = await cli(["validate", "broken.yaml", "--format", "sarif"]);
  expect(broken.code).toBe(1);
  expect(JSON.parse(broken.out).runs[0].results[0]).toMatchObject({
    ruleId: "MW0000",
    level: "error",
    locations: [{ physicalLocation: { artifactLocation: { uri: "broken.yaml" } } }],
  });
  const junit = await cli(["validate", "mesh.yaml", "--format", "junit", "--fail-on", "info"]);
  expect(junit.code).toBe(1);
  expect(junit.out).toContain('<testcase name="The design holds together" classname="schema"');
  expect(junit.out).toContain("<failure");
});

test("diff says what a change does to calls, and can fail on what needs attention only", async () => {
  const split = await cli(["diff", "mesh.yaml", "split.yaml", "--fail-on", "attention"]);
  expect(split.code).toBe(0);
  expect(split.out).toContain("> checkout → payment-service");
  const closed = await cli(["diff", "mesh.yaml", "closed.yaml", "--fail-on", "attention", "--format", "json"]);
  expect(closed.code).toBe(1);
  expect(JSON.parse(closed.out).consequences).toMatchObject([
    {
      kind: "loses-access",
      severity: "attention",
      caller: "Service/production/storefront",
      before: { outcome: "forwarded" },
    },
  ]);
  expect((await cli(["diff", "mesh.yaml", "mesh.yaml"])).code).toBe(0);
});

test("approval finds the revision by its digest, page by page, and asks the environment's rule", async () => {
  const digest = digestOf(seedMesh());
  const pages = {
    "/meshes/shop/revisions?limit=100": { items: [{ number: 9, digest: "other" }], nextCursor: "9" },
    "/meshes/shop/revisions?limit=100&cursor=9": { items: [{ number: 3, digest }], nextCursor: null },
  };
  const asked = ["approval", "--mesh", "shop", "-e", "production", "mesh.yaml"];
  const rule = "/meshes/shop/environments/production/approval?revision=3";
  const yes = { allowed: true, sentence: "Approved by review 2.", wayOn: "", unmet: [] };
  expect(await cli(asked, "", { ...pages, [rule]: yes })).toMatchObject({
    code: 0,
    out: "r3: Approved by review 2.\n",
  });
  const no = {
    allowed: false,
    sentence: "Not approved.",
    wayOn: "Submit it.",
    unmet: [{ text: "load test", owner: "ops" }],
  };
  expect(await cli(asked, "", { ...pages, [rule]: no })).toMatchObject({
    code: 1,
    out: "r3: Not approved. Submit it.\n  open: load test (ops)\n",
  });
  const unknown = await cli([...asked.slice(0, -1), "split.yaml"], "", pages);
  expect(unknown).toMatchObject({ code: 1, out: expect.stringContaining("No revision of shop is this design") });
});

test("the examples of the reference read as policy tests", async () => {
  const page = readFileSync(new URL("../../docs/reference/simulator.md", import.meta.url), "utf8");
  const [, example = ""] = /```yaml\n(tests:\n[\s\S]*?)```/.exec(page) ?? [];
  write("example.yaml", example);
  expect(await cli(["test", "mesh.yaml", "--tests", "example.yaml"])).toMatchObject({ code: 0 });
});
