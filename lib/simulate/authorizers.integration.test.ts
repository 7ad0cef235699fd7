// A design whose catalog and gateway ask authorizers, as it really runs: on our proxy, and on Envoy where ENVOY_BIN names it. Each answer is the one
// that the simulator told. Rule: what an authorizer says stands in the question, and reaches it as a header of the request.
import { afterAll, describe, expect, test } from "vitest";
import { grpcAuthorizer, httpAuthorizer, OK, say } from "../../proxy/test/support/authorizers";
import { validateDocument } from "../mesh";
import { ask } from "./ask";
import { buildScene } from "./scene";
import { askingAtGateway } from "./testing/asking";
import { get } from "./testing/designs";
import { startEnvoyMesh } from "./testing/envoy-mesh";
import type { LiveAnswer, LiveMesh } from "./testing/live-ground";
import { startLiveMesh } from "./testing/live-mesh";
import type { AuthorizerAnswer, Question } from "./types";

const envoy = process.env["ENVOY_BIN"];
const design = askingAtGateway();
const scene = buildScene(design);
const apps = { "opa-v1": () => grpcAuthorizer(), "oauth-v1": () => httpAuthorizer() };
const meshes: LiveMesh[] = [];
afterAll(() => Promise.all(meshes.map((mesh) => mesh.close())));

async function started(kind: string): Promise<LiveMesh> {
  const mesh = await (kind === "envoy"
    ? startEnvoyMesh(design, envoy ?? "", undefined, apps)
    : startLiveMesh(design, undefined, apps));
  meshes.push(mesh);
  return mesh;
}

const SAID: Record<"grpc" | "http", Record<AuthorizerAnswer, string>> = {
  grpc: { allow: say(OK), deny: say({ status: { code: 7 }, denied_response: {} }), away: "grpc 14" },
  http: { allow: "200", deny: "403+x-why=no+x-secret=1", away: "503" },
};
const PATHS = ["/", "/grpc", "/grpc/closed", "/http", "/http/closed", "/unknown", "/closed"];
const ANSWERS: AuthorizerAnswer[] = ["allow", "deny", "away"];

const CLIENT = {
  from: { kind: "gateway", gateway: "Gateway/production/shop-gateway" },
  to: { host: "shop.example" },
} as const;

const questions: Question[] = PATHS.flatMap((path) =>
  ANSWERS.flatMap((answer) =>
    (["GET", "POST"] as const).flatMap((method): Question[] => {
      const protocol = path.startsWith("/grpc") ? "grpc" : "http";
      const authorizers = { [`by-${protocol}`]: answer };
      const headers = { "x-say": SAID[protocol][answer] };
      const inside = get("storefront-v1", "catalog", path, { method, headers, authorizers });
      // what a client says of its own address counts for nothing at a gateway
      return [inside, { ...inside, ...CLIENT, headers: { ...headers, "x-forwarded-for": "10.1.2.3" } }];
    }),
  ),
);

const askedOf = ({ app }: LiveAnswer) => JSON.parse(app?.headers["x-asked"] ?? "{}");

test("the design is valid", () => expect(validateDocument(design)).toEqual([]));

describe.each(envoy ? ["ours", "envoy"] : ["ours"])("a catalog and a gateway that ask, on %s", (kind) => {
  test("answers as the simulator says, whatever an authorizer answers", { timeout: 60_000 }, async () => {
    const mesh = await started(kind);
    const got: string[] = [];
    const told: string[] = [];
    for (const question of questions) {
      const { from, path, method, authorizers } = question;
      const name = `${from.kind} ${method} ${path} ${JSON.stringify(authorizers)}`;
      got.push(`${name} ${(await mesh.send(question)).status}`);
      told.push(`${name} ${ask(scene, question).status ?? 200}`);
    }
    expect(got).toEqual(told);
    expect(new Set(told.map((each) => each.split(" ").at(-1)))).toEqual(new Set(["200", "403", "503"]));
    await tellsWhatIsWritten(mesh);
  });
});

/** Who asks, what is told, and what of the answer the app and the caller get. */
async function tellsWhatIsWritten(mesh: LiveMesh): Promise<void> {
  const send = (path: string, said: string) =>
    mesh.send(get("storefront-v1", "catalog", path, { headers: { "x-say": said, "x-hidden": "1" } }));
  const allowed = await send("/http?q=1", "200+x-user-id=ann+x-other=1");
  expect(askedOf(allowed)).toMatchObject({
    method: "GET",
    url: "/check/http?q=1",
    host: "catalog",
    headers: { "x-from": "mesh" },
  });
  expect(askedOf(allowed).headers).not.toHaveProperty("x-hidden");
  expect(allowed.app?.headers).toMatchObject({ "x-user-id": "ann", "x-hidden": "1" });
  expect(allowed.app?.headers).not.toHaveProperty("x-other");
  const denied = await send("/http", "403+x-why=no+x-secret=1");
  expect(denied.headers).toMatchObject({ "x-why": "no" });
  expect(denied.headers).not.toHaveProperty("x-secret");
  const atGateway = await mesh.send({
    ...get("storefront-v1", "catalog", "/http"),
    ...CLIENT,
    headers: { "x-say": "403+x-why=no" },
  });
  expect(atGateway).toMatchObject({ status: 403, headers: { "x-why": "no" } });
  const byGrpc = await send("/grpc", say(OK));
  const principal = "spiffe://shop.mesh.local/ns/production/sa";
  expect(askedOf(byGrpc)).toMatchObject({
    source: { principal: `${principal}/storefront` },
    destination: { principal: `${principal}/catalog` },
    http: { method: "GET", path: "/grpc" },
    to: "opa.production.svc.cluster.local:9191/envoy.service.auth.v3.Authorization/Check",
  });
}
