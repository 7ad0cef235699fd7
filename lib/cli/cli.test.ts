import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodeBootstrap } from "@meshwright/proxy/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyCommand, type Command, commandSchema, demoMesh, digestOf, type MeshDocument, toYaml } from "@/lib/mesh";
import { type CliSetting, runCli } from "./testing/run-cli";

const seed = readFileSync(new URL("../dialects/istio/fixtures/seed.yaml", import.meta.url), "utf8");
let cwd = "";

beforeAll(() => {
  cwd = mkdtempSync(path.join(tmpdir(), "meshwright-cli-"));
  writeFileSync(path.join(cwd, "mesh.yaml"), toYaml(demoMesh()));
  writeFileSync(path.join(cwd, "payment.yaml"), seed);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const cli = (args: string[], extra: Partial<CliSetting> = {}) => runCli(args, { cwd, ...extra });

describe("without a server", () => {
  test("help lists the commands, and each has its own", async () => {
    expect((await cli(["--help"])).out).toContain("validate");
    expect((await cli(["import", "--help"])).out).toContain("--into FILE");
    expect((await cli([])).code).toBe(2);
    expect(await cli(["explode"])).toMatchObject({ code: 2, notes: expect.stringContaining('no command "explode"') });
    expect(await cli(["validate", "--colour"])).toMatchObject({ code: 2, notes: expect.stringContaining("--colour") });
    expect(await cli(["validate", "nowhere.yaml"])).toMatchObject({
      code: 2,
      notes: expect.stringContaining("ENOENT"),
    });
  });

  test("validate accepts the demo shop, and says what could be better in it", async () => {
    expect(await cli(["validate", "mesh.yaml"])).toMatchObject({
      code: 0,
      out: expect.stringContaining("warning MW1030: Service/production/checkout"),
      notes: expect.stringContaining("0 violations"),
    });
    expect(await cli(["validate", "mesh.yaml", "--fail-on", "warning"])).toMatchObject({ code: 1 });
    const { out } = await cli(["validate", "mesh.yaml", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ ok: true, digest: digestOf(demoMesh()), violations: [] });
  });

  test("validate names file, line, field and fix", async () => {
    const broken = toYaml(demoMesh())
      .replace("name: cart\n    weight", "name: card\n    weight")
      .replace("service: cart", "service: card");
    writeFileSync(path.join(cwd, "broken.yaml"), broken);
    const line = broken.split("\n").findIndex((text) => text.includes("service: card")) + 1;
    const { code, out } = await cli(["validate", "broken.yaml"]);
    expect(code).toBe(1);
    expect(out).toContain(
      `broken.yaml:${line}: error: Workload/production/cart-v1#spec.service: names Service production/card`,
    );
    expect(out).toContain("fix: Add it");
  });

  test("import takes the seed's document over, and diff says what it changes", async () => {
    const imported = await cli(["import", "--from", "istio", "payment.yaml", "--into", "mesh.yaml"]);
    expect(imported.code).toBe(0);
    expect(imported.notes).toContain("MW1002");
    const diff = await cli(["diff", "mesh.yaml", "-"], { stdin: imported.out });
    expect(diff.code).toBe(1);
    expect(diff.out).toContain("Calls to payment-service: now header x-user-type = beta-tester goes to v2.");
    expect((await cli(["diff", "mesh.yaml", "mesh.yaml"])).code).toBe(0);
    const json = JSON.parse(
      (await cli(["import", "--from", "istio", "payment.yaml", "--into", "mesh.yaml", "--json"])).out,
    );
    expect(json).toMatchObject({ ok: true, violations: [], understood: [{ file: "payment.yaml" }, {}] });
    // The first comparison of a process compiles cold.
  }, 30_000);

  test("import --write changes the file, and only with --into", async () => {
    writeFileSync(path.join(cwd, "own.yaml"), toYaml(demoMesh()));
    expect((await cli(["import", "--from", "istio", "payment.yaml", "--into", "own.yaml", "--write"])).code).toBe(0);
    expect(readFileSync(path.join(cwd, "own.yaml"), "utf8")).toContain("legacyConsecutiveErrors: 5");
    expect((await cli(["import", "--from", "istio", "payment.yaml", "--write"])).code).toBe(2);
  });

  test("import of a broken text changes nothing and says where it is broken", async () => {
    const result = await cli(["import", "--from", "istio", "-", "--into", "mesh.yaml"], {
      stdin: seed.replace("weight: 90", "weight: x"),
    });
    expect(result).toMatchObject({ code: 1, out: "" });
    expect(result.notes).toContain("stdin:10: error:");
  });

  test("export prints Istio, and yaml is stable", async () => {
    const istio = await cli(["export", "--to", "istio", "mesh.yaml"]);
    expect(istio.out).toContain("kind: VirtualService");
    expect(istio.notes).toContain("approximate: Egress/production/carrier-api");
    expect((await cli(["export", "--to", "yaml", "mesh.yaml"])).out).toBe(toYaml(demoMesh()));
  });
});

/** A server that keeps one draft and answers as the API does. */
function fakeServer(document: MeshDocument) {
  const state = { document, version: 7, revisions: [] as string[], polls: 0, requests: [] as string[] };
  const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
  const fake: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const call = `${init?.method ?? "GET"} ${url.pathname}`;
    state.requests.push(call);
    const headers = new Headers(init?.headers);
    if (headers.get("authorization") !== "Bearer secret")
      return answer(401, { title: "Unauthorized", code: "unauthorized", detail: "Sign in." });
    const body = typeof init?.body === "string" ? JSON.parse(init.body) : {};
    if (call === "GET /api/v1/meshes/shop/draft") {
      return answer(200, {
        version: state.version,
        document: state.document,
        positions: {},
        digest: digestOf(state.document),
      });
    }
    if (call === "POST /api/v1/meshes/shop/draft/commands") {
      if (headers.get("if-match") !== `"v${state.version}"`)
        return answer(412, { title: "Changed", detail: "Read it again." });
      for (const command of body.commands as Command[]) {
        const applied = applyCommand(state.document, {}, commandSchema.parse(command));
        if (!applied.ok) return answer(422, { title: "Bad", violations: applied.violations });
        state.document = applied.document;
      }
      state.version += 1;
      return answer(200, { version: state.version, digest: digestOf(state.document), merged: false });
    }
    if (call === "POST /api/v1/meshes/shop/revisions") {
      state.revisions.push(body.message);
      return answer(201, { number: state.revisions.length, digest: digestOf(state.document) });
    }
    if (call === "GET /api/v1/meshes/shop/revisions")
      return answer(200, { items: [{ number: 1 }, { number: 2 }], nextCursor: null });
    if (call === "POST /api/v1/meshes/shop/environments/local/deployments")
      return answer(201, { id: "d1", state: "queued", revision: body.revision, reason: null });
    if (call === "GET /api/v1/meshes/shop/environments/local/deployments/d1") {
      state.polls += 1;
      return answer(200, { id: "d1", state: state.polls < 3 ? "rolling" : "done", revision: 2, reason: null });
    }
    return answer(404, { title: "Not found" });
  };
  return { state, extra: { fetch: fake, env: { MESHWRIGHT_URL: "http://mesh.test", MESHWRIGHT_TOKEN: "secret" } } };
}

describe("with a server", () => {
  test("push makes the draft equal to the file in one step, and freezes it with --message", async () => {
    const { state, extra } = fakeServer({
      objects: demoMesh().objects.filter((object) => object.metadata.name !== "carrier-api"),
    });
    const result = await cli(["push", "mesh.yaml", "--mesh", "shop", "-m", "with the carrier"], extra);
    expect(result).toMatchObject({ code: 0, notes: expect.stringContaining("Revision r1.") });
    expect(digestOf(state.document)).toBe(digestOf(demoMesh()));
    expect(state.requests.filter((call) => call.endsWith("/commands"))).toHaveLength(1);
    expect(state.revisions).toEqual(["with the carrier"]);
    const again = await cli(["push", "mesh.yaml", "--mesh", "shop"], extra);
    expect(again.notes).toContain("0 changes");
    expect(state.requests.filter((call) => call.endsWith("/commands"))).toHaveLength(1);
  });

  test("push --dry-run only says what would change", async () => {
    const { state, extra } = fakeServer({ objects: demoMesh().objects.filter((object) => object.kind !== "Egress") });
    expect((await cli(["push", "mesh.yaml", "--mesh", "shop", "--dry-run"], extra)).out).toBe(
      "Egress to carrier-api is opened for shipping.\n",
    );
    expect(state.requests).toEqual(["GET /api/v1/meshes/shop/draft"]);
  });

  test("pull prints what push sent", async () => {
    const { extra } = fakeServer(demoMesh());
    expect((await cli(["pull", "--mesh", "shop"], extra)).out).toBe(toYaml(demoMesh()));
  });

  test("deploy takes the newest revision and waits until it is done", async () => {
    const { state, extra } = fakeServer(demoMesh());
    expect(await cli(["deploy", "--mesh", "shop"], extra)).toMatchObject({ code: 0, out: "Revision r2: done.\n" });
    expect(state.polls).toBe(3);
  });

  test("a refusal is exit code 3 with what the server said; no token is wrong use; no server says so", async () => {
    const { extra } = fakeServer(demoMesh());
    const denied = await cli(["pull", "--mesh", "shop"], {
      ...extra,
      env: { ...extra.env, MESHWRIGHT_TOKEN: "other" },
    });
    expect(denied).toMatchObject({ code: 3, notes: expect.stringContaining("401 unauthorized): Sign in.") });
    expect((await cli(["pull", "--mesh", "shop"])).code).toBe(2);
    const dead = await cli(["pull", "--mesh", "shop", "--json"], { env: { MESHWRIGHT_TOKEN: "x" } });
    expect(dead.code).toBe(3);
    expect(JSON.parse(dead.out).error).toContain("does not answer");
  });
});

describe("compile", () => {
  test("prints a bootstrap that the proxy's own decoder accepts, for every workload of the demo shop", async () => {
    const proxies = demoMesh().objects.flatMap((object) =>
      object.kind === "Workload" || object.kind === "Gateway" ? [object] : [],
    );
    for (const { metadata } of proxies) {
      const args = [
        "compile",
        "mesh.yaml",
        "-w",
        `production/${metadata.name}`,
        "--external",
        "production/carrier-api=127.0.0.1:9",
      ];
      const { code, out, notes } = await cli(args);
      expect({ code, notes }, metadata.name).toEqual({ code: 0, notes: "" });
      expect(decodeBootstrap(out), metadata.name).toMatchObject({ ok: true });
    }
  }, 60_000);

  test("gives every proxy ports of its own, and says them", async () => {
    const { out } = await cli(["compile", "mesh.yaml", "-w", "production/checkout-v1", "--show-places"]);
    const { endpoints } = JSON.parse(out) as {
      endpoints: { inboundPort: number; outboundPort: number; adminPort: number; appPort?: number }[];
    };
    expect(endpoints).toHaveLength(11);
    const ports = endpoints.flatMap((each) => [
      each.inboundPort,
      each.outboundPort,
      each.adminPort,
      each.appPort ?? [],
    ]);
    // Four each, and the gateway has no app.
    expect(new Set(ports.flat()).size).toBe(43);
    writeFileSync(path.join(cwd, "places.json"), out);
    expect((await cli(["compile", "mesh.yaml", "-w", "production/checkout-v1", "--places", "places.json"])).code).toBe(
      0,
    );
  });

  test("names the workloads when one is not there, and the option that is wrong", async () => {
    expect(await cli(["compile", "mesh.yaml", "-w", "production/nobody"])).toMatchObject({
      code: 2,
      notes: expect.stringContaining("production/checkout-v1"),
    });
    expect((await cli(["compile", "mesh.yaml"])).notes).toContain("--workload is missing");
    expect((await cli(["compile", "mesh.yaml", "-w", "production/cart-v1", "--base-port", "70000"])).code).toBe(2);
    expect((await cli(["compile", "mesh.yaml", "-w", "production/cart-v1", "--external", "x"])).code).toBe(2);
  });
});
