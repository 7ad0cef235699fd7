import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoMesh, toYaml } from "@/lib/mesh";
import { runCli } from "./testing/run-cli";

let cwd = "";
const cli = (...args: string[]) => runCli(["migrate", ...args], { cwd });
type Answer = {
  ok: boolean;
  undecided: number;
  unknown: string[];
  migration: {
    from: string;
    decisions: { id: string; group: string; parts: { object: string; file?: string; line?: number }[] }[];
  };
};
const answer = async (...args: string[]) => {
  const { code, out } = await cli(...args, "--json");
  return { code, ...(JSON.parse(out) as Answer) };
};

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "meshwright-migrate-"));
  writeFileSync(path.join(cwd, "mesh.yaml"), toYaml(demoMesh()));
  const seed = readFileSync(new URL("../dialects/istio/fixtures/seed.yaml", import.meta.url), "utf8");
  writeFileSync(path.join(cwd, "seed.yaml"), seed);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test("manifests of one product become decisions for another, each with its place in the files", async () => {
  const { code, out } = await cli("--from", "istio", "--to", "linkerd", "seed.yaml", "--namespace", "production");
  expect(code).toBe(1);
  expect(out).toContain("From Istio to Linkerd: 0 of ");
  expect(out).toMatch(/\[ ] [0-9a-f]{10} {2}Linkerd has no maxConnections/);
  expect(out).toMatch(
    /TrafficPolicy production\/payment-service#spec\.connectionPool\.maxConnections {2}seed\.yaml:\d+/,
  );
  for (const choice of ["as-exported", "change-design", "by-hand", "stay"]) expect(out).toContain(`  ${choice} `);
  const order = ["Calls that get another answer", "What has no word there", "What is nearly the same"];
  const places = order.map((title) => out.indexOf(title)).filter((at) => at >= 0);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test("decisions that are recorded are taken, and those of something else are named", async () => {
  const open = await answer("--to", "linkerd", "mesh.yaml");
  expect([open.code, open.ok, open.undecided]).toEqual([1, false, open.migration.decisions.length]);
  expect(open.migration.decisions[0]?.parts[0]).toMatchObject({ file: "mesh.yaml", line: expect.any(Number) });
  const [first, ...rest] = open.migration.decisions.map(({ id }) => id);
  writeFileSync(path.join(cwd, "some.yaml"), `${first}: by-hand\n0123456789: stay\n`);
  const some = await cli("--to", "linkerd", "mesh.yaml", "--decisions", "some.yaml");
  expect([some.code, some.notes]).toEqual([1, expect.stringContaining("0123456789 is none of these decisions")]);
  expect(some.out).toContain(`[x] ${first}`);
  writeFileSync(path.join(cwd, "all.yaml"), [first, ...rest].map((id) => `${id}: as-exported\n`).join(""));
  expect(await answer("--to", "linkerd", "mesh.yaml", "--decisions", "all.yaml")).toMatchObject({
    code: 0,
    ok: true,
    undecided: 0,
    unknown: [],
  });
});

test("--out writes the bundle with the decisions in it", async () => {
  const { code } = await cli("--to", "app-mesh", "mesh.yaml", "--out", "bundle");
  expect(code).toBe(1);
  const files = readdirSync(path.join(cwd, "bundle"), { recursive: true, encoding: "utf8" });
  expect(files).toEqual(expect.arrayContaining(["MIGRATION.md", "README.md", "report.md"]));
  const text = readFileSync(path.join(cwd, "bundle/MIGRATION.md"), "utf8");
  expect(text).toContain("# From the design to AWS App Mesh (retired)");
  expect(text).toContain("- [ ] ");
});

test("wrong use is told by what is wrong with it", async () => {
  writeFileSync(path.join(cwd, "wrong.yaml"), "0123456789: perhaps\n");
  const refused = [
    [["mesh.yaml"], "--to must be"],
    [["--to", "compose", "mesh.yaml"], "--to must be"],
    [["--to", "linkerd", "--channel", "3.x", "mesh.yaml"], "--channel has no meaning for linkerd"],
    [["--to", "linkerd", "mesh.yaml", "--decisions", "wrong.yaml"], "wrong.yaml:1: 0123456789: must be as-exported"],
    [["--to", "linkerd", "mesh.yaml", "--decisions", "nowhere.yaml"], "nowhere.yaml cannot be read"],
  ] as const;
  for (const [args, words] of refused)
    expect(await cli(...args)).toMatchObject({ code: 2, notes: expect.stringContaining(words) });
});
