import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoMesh, toYaml } from "@/lib/mesh";
import { type CliSetting, runCli } from "./testing/run-cli";

const fixture = (name: string) => readFileSync(new URL(`../dialects/${name}`, import.meta.url), "utf8");
let cwd = "";

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "meshwright-dialects-"));
  writeFileSync(path.join(cwd, "mesh.yaml"), toYaml(demoMesh()));
  writeFileSync(path.join(cwd, "ground.yaml"), fixture("gateway-api/fixtures/corpus/ground.yaml"));
  writeFileSync(path.join(cwd, "route.yaml"), fixture("gateway-api/fixtures/corpus/precedence.yaml"));
  writeFileSync(path.join(cwd, "seed.yaml"), fixture("istio/fixtures/seed.yaml"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const cli = (args: string[], extra: Partial<CliSetting> = {}) => runCli(args, { cwd, ...extra });

test("import reads files of several products as one world, by what they say they are", async () => {
  // the route comes before its services, and the order does not matter
  const { code, out, notes } = await cli(["import", "route.yaml", "ground.yaml", "seed.yaml", "--json"]);
  expect([code, notes]).toEqual([0, ""]);
  const { understood, warnings, document } = JSON.parse(out) as {
    understood: { source: string; file: string }[];
    warnings: { message: string; verdict: string }[];
    document: { objects: { kind: string; metadata: { name: string } }[] };
  };
  expect(understood.map(({ file }) => file)).toContain("seed.yaml");
  expect(warnings.some(({ message }) => message.includes("service web is not in the design"))).toBe(false);
  const routes = document.objects.filter(({ kind }) => kind === "Route").map(({ metadata }) => metadata.name);
  expect(routes.sort()).toEqual(["payment-service", "web"]);
}, 30_000);

test("help and refusals list the products of the registry", async () => {
  expect((await cli(["import", "--help"])).out).toContain("gateway-api: GatewayClass, Gateway");
  expect(await cli(["import", "--from", "another", "route.yaml"])).toMatchObject({
    code: 2,
    notes: expect.stringContaining("--from must be auto or kubernetes or istio or gateway-api"),
  });
  expect(await cli(["export", "--to", "compose", "mesh.yaml"])).toMatchObject({ code: 2 });
  expect(await cli(["export", "--to", "istio", "--channel", "standard", "mesh.yaml"])).toMatchObject({
    code: 2,
    notes: expect.stringContaining("--channel has no meaning for istio"),
  });
});

test.each(["istio", "gateway-api", "linkerd", "consul", "kuma", "cilium", "kubernetes"])(
  "export --to %s --out writes manifests, notes and the report, and nothing over what is there",
  async (dialect) => {
    const args = ["export", "--to", dialect, "--out", `bundle-${dialect}`, "mesh.yaml"];
    const { code, notes } = await cli(args);
    expect([code, notes]).toEqual([0, expect.stringContaining(`files in bundle-${dialect}:`)]);
    const folder = path.join(cwd, `bundle-${dialect}`);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    expect(files).toEqual(expect.arrayContaining(["report.md", "report.json", "manifests/production.yaml"]));
    expect(files.some((file) => file.startsWith("manual/") && file.endsWith(".md"))).toBe(true);
    const report = JSON.parse(readFileSync(path.join(folder, "report.json"), "utf8")) as {
      format: string;
      counts: Record<string, number>;
      entries: { changesMeaning?: boolean }[];
    };
    expect(report).toMatchObject({ format: "meshwright.dev/export-report/v1", dialect });
    // what gives calls another answer stands first
    const loud = report.entries.findLastIndex(({ changesMeaning }) => changesMeaning);
    expect(loud + 1).toBe(report.counts["changesMeaning"]);
    expect(readFileSync(path.join(folder, "report.md"), "utf8")).toContain("## Calls that get another answer");
    expect(await cli(args)).toMatchObject({ code: 2, notes: expect.stringContaining("is not empty") });
  },
);

test("a change of meaning is louder than a loss", async () => {
  const { notes } = await cli(["export", "--to", "gateway-api", "mesh.yaml"]);
  const lines = notes.trim().split("\n");
  const first = lines.findIndex((line) => line.startsWith("CHANGES THE MEANING"));
  expect(first).toBeGreaterThan(0);
  expect(lines.slice(first, -1).every((line) => line.startsWith("CHANGES THE MEANING"))).toBe(true);
});

test.each([
  ["envoy", ["--channel", "one-machine"], "manifests/production/checkout-v1.json"],
  ["app-mesh", [], "manifests/2-virtual-node/checkout-v1.json"],
])("export --to %s writes a file for each thing, with what a person has to do beside it", async (id, more, file) => {
  const { code } = await cli(["export", "--to", id, ...more, "--out", `bundle-${id}`, "mesh.yaml"]);
  expect(code).toBe(0);
  const files = readdirSync(path.join(cwd, `bundle-${id}`), { recursive: true, encoding: "utf8" });
  expect(files).toEqual(expect.arrayContaining([file, "README.md", "manual/certificates.md", "report.json"]));
});
