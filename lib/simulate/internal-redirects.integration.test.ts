// Redirects that a caller's sidecar follows itself, on our proxy and where ENVOY_BIN names it on Envoy: which are followed, and where to, is
// what the simulator says. Rule: where a redirect leads is a question of its own; what the caller may not call by itself it does not reach so either.
import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { object } from "../compile/testing/rich";
import { ask } from "./ask";
import { buildScene } from "./scene";
import { demoWith, get, withObjects } from "./testing/designs";
import { startEnvoyMesh } from "./testing/envoy-mesh";
import type { LiveMesh } from "./testing/live-ground";
import { startLiveMesh } from "./testing/live-mesh";

const envoy = process.env["ENVOY_BIN"];
const FOLLOWED = { max: 1, codes: [302, 303, 307] as (302 | 303 | 307)[] };

const design = withObjects(
  demoWith(),
  object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
        internalRedirects: FOLLOWED,
      },
    ],
  }),
);

/** `/from?<code> <Location>`; every other path says what was asked. */
const redirecting = () =>
  createServer(({ method, url = "" }, response) => {
    const [code, location] = decodeURIComponent(/\?(.*)/.exec(url)?.[1] ?? "").split(" ");
    if (location === undefined) response.end(`cart ${method} ${url}`);
    else response.writeHead(Number(code), { location }).end("redirected");
  });

type Case = { method?: string; code: number; host?: string; path?: string; scheme?: string };
const CASES: [string, Case][] = [
  ["to another path of the service", { code: 302, path: "/here" }],
  ["to a service that the caller may call", { code: 302, host: "catalog" }],
  ["to a service that nobody drew for the caller", { code: 302, host: "payment-service" }],
  ["to a host that nobody knows", { code: 302, host: "shop.example" }],
  ["of a status that the rule leaves to the caller", { code: 301, path: "/here" }],
  ["of a POST, by 303", { method: "POST", code: 303, path: "/here" }],
  ["of a POST, by 307", { method: "POST", code: 307, path: "/here" }],
  ["to https", { code: 302, scheme: "https", path: "/here" }],
  ["to another redirect", { code: 302, path: `/again?${encodeURIComponent("302 http://cart/here")}` }],
];

describe.each([
  ["our proxy", () => startLiveMesh(design, undefined, { "cart-v1": redirecting })],
  ...(envoy ? [["Envoy", () => startEnvoyMesh(design, envoy, undefined, { "cart-v1": redirecting })] as const] : []),
] as const)("on %s", (_, start: () => Promise<LiveMesh>) => {
  test("redirects are followed as the simulator says", async () => {
    const mesh = await start();
    try {
      const { binding, endpoints } = mesh.input;
      const scene = buildScene(design, { binding, endpoints: [...endpoints] });
      const answers: string[] = [];
      for (const [what, { method = "GET", code, host = "cart", path = "/", scheme = "http" }] of CASES) {
        const location = `${scheme}://${host}${path}`;
        const question = get("storefront-v1", "cart", `/from?${encodeURIComponent(`${code} ${location}`)}`, { method });
        const followed = ask(scene, question).hops[0]?.internalRedirects;
        if (!followed) throw new Error("the simulator says nothing of redirects");
        expect(followed).toEqual(FOLLOWED);
        const next = ask(scene, get("storefront-v1", host, path));
        const isAsked = followed.codes.includes(code) && (scheme === "http" || followed.crossScheme !== undefined);
        const isFollowed = isAsked && next.outcome === "forwarded";
        const live = await mesh.send(question);
        answers.push(`${what}: ${live.app?.name ?? live.body}`);
        if (!isFollowed) {
          expect([live.status, live.headers["location"]], what).toEqual([code, location]);
          continue;
        }
        const isAgain = path.startsWith("/again");
        expect(live.status, what).toBe(isAgain ? 302 : 200);
        expect(next.destinations.map(({ service }) => service)).toEqual([`Service/production/${host}`]);
      }
      expect(answers).toEqual([
        "to another path of the service: cart GET /here",
        "to a service that the caller may call: catalog-v1",
        "to a service that nobody drew for the caller: redirected",
        "to a host that nobody knows: redirected",
        "of a status that the rule leaves to the caller: redirected",
        "of a POST, by 303: cart GET /here",
        "of a POST, by 307: cart POST /here",
        "to https: redirected",
        "to another redirect: redirected",
      ]);
    } finally {
      await mesh.close();
    }
  }, 120_000);
});
