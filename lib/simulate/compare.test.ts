import { expect, test } from "vitest";
import { demoMesh, type MeshDocument, type MeshObject, type RouteRule } from "@/lib/mesh";
import { ledgerMesh } from "../compile/testing/ledger";
import { object } from "../compile/testing/rich";
import { buildScene, callsOf, consequencesOf } from ".";
import { demoWith, largeMesh, seedMesh, splitOf, withObjects, without } from "./testing/designs";

function consequences(before: MeshDocument, after: MeshDocument) {
  const [a, b] = [buildScene(before), buildScene(after)];
  return consequencesOf(a, b);
}
const sentences = (before: MeshDocument, after: MeshDocument) =>
  consequences(before, after).map(({ kind, sentence }) => `${kind}: ${sentence}`);

test("nothing changed, nothing follows", () => {
  expect(sentences(seedMesh(), seedMesh())).toEqual([]);
});

test("a changed split is told by its shares", () => {
  const before = withObjects(seedMesh(), splitOf(10));
  expect(sentences(before, withObjects(before, splitOf(25)))).toEqual([
    "share: checkout → payment-service: 25 % now goes to v2 (10 % before)",
    "share: checkout → payment-service: 75 % now goes to v1 (90 % before)",
  ]);
});

test("a dependency that is taken away costs its caller the access, and the reason is said", () => {
  const found = consequences(demoMesh(), without(demoMesh(), "Dependency/production/storefront-to-cart"));
  expect(found.map(({ kind, severity, sentence }) => ({ kind, severity, sentence }))).toEqual([
    {
      kind: "loses-access",
      severity: "attention",
      sentence:
        "storefront loses access to cart: storefront answers 404: no dependency from it to cart is drawn for this host and port.",
    },
  ]);
});

test("a denial of one path names the requests that it takes away", () => {
  const deny = object("AuthorizationPolicy", "no-refund", {
    target: { service: "payment-service" },
    action: "deny",
    rules: [{ to: [{ methods: ["POST"], paths: ["/refund"] }] }],
  });
  expect(sentences(demoMesh(), demoWith(deny))).toEqual([
    "loses-access: checkout loses access to payment-service (POST /refund): payment-service refuses checkout with 403: no-refund, rule 1, denies it.",
  ]);
});

test("timeouts, retries and mutual TLS are told as they are now and were before", () => {
  const route = object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [
      {
        matches: [],
        action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
        timeoutMs: 2000,
        retries: { attempts: 0 },
      },
    ],
  });
  const plain = object("MutualTls", "cart", { target: { service: "cart" }, mode: "disable" });
  const before = without(demoMesh(), "Route/production/cart");
  expect(sentences(before, withObjects(before, route, plain))).toEqual([
    "mtls: storefront → cart: in plain text now (in mutual TLS before)",
    "timeout: storefront → cart: a timeout of 2 s now (no timeout before)",
    expect.stringContaining("retries: storefront → cart: no retries now (up to 2 retries on "),
  ]);
});

test("idle times and waits before retries are told as they are now and were before", () => {
  const route = (rule: Pick<RouteRule, "idleTimeoutMs" | "retries">) =>
    object("Route", "cart", {
      target: { kind: "Service", name: "cart" },
      rules: [
        { matches: [], action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] }, ...rule },
      ],
    });
  const bare = without(demoMesh(), "Route/production/cart");
  const backoff = { baseMs: 100, maxMs: 2000 };
  const before = withObjects(bare, route({ retries: { attempts: 3, on: ["reset"] } }));
  const after = withObjects(bare, route({ idleTimeoutMs: 45_000, retries: { attempts: 3, on: ["reset"], backoff } }));
  expect(sentences(before, after)).toEqual([
    "timeout: storefront → cart: an idle timeout of 45 s now (no idle timeout of its own before)",
    "retries: storefront → cart: up to 3 retries on reset, waiting up to 100 ms at first and 2 s at most now (up to 3 retries on reset before)",
  ]);
  expect(sentences(before, before)).toEqual([]);
  const remote = withObjects(bare, route({ retries: { attempts: 3, on: ["reset"], remoteLocalities: true } }));
  expect(sentences(before, remote)).toEqual([
    "retries: storefront → cart: up to 3 retries on reset, in other localities after two tries now (up to 3 retries on reset before)",
  ]);
  const again = withObjects(bare, route({ retries: { attempts: 3, on: ["reset"], ignorePreviousHosts: false } }));
  expect(sentences(before, again)).toEqual([
    "retries: storefront → cart: up to 3 retries on reset, at hosts that were tried too now (up to 3 retries on reset before)",
  ]);
});

test("the idle time of a connection of TCP, and that it is tried again, are told as those of a request", () => {
  const pool = object("TrafficPolicy", "archive", {
    service: { name: "archive" },
    connectionPool: { tcpIdleTimeoutMs: 90_000, maxConnectAttempts: 3 },
  });
  expect(sentences(ledgerMesh(), ledgerMesh(pool))).toEqual([
    "timeout: storefront → archive: an idle timeout of 90 s now (no idle timeout of its own before)",
    "retries: storefront → archive: up to 2 retries on connect-failure, at hosts that were tried too now (no retries before)",
  ]);
});

test("a callee that takes plain text too is weaker, though its drawn callers stay in mutual TLS", () => {
  const permissive = object("MutualTls", "cart", { target: { service: "cart" }, mode: "permissive" });
  const after = withObjects(demoMesh(), permissive);
  const [weaker, ...others] = consequencesOf(buildScene(demoMesh()), buildScene(after));
  expect(weaker).toMatchObject({
    kind: "mtls",
    severity: "attention",
    sentence: "storefront → cart: plain text is taken too now (mutual TLS only before)",
  });
  expect(others.every(({ callee }) => callee === "Service/production/cart")).toBe(true);
  expect(consequencesOf(buildScene(after), buildScene(demoMesh()))[0]).toMatchObject({
    severity: "change",
    sentence: "storefront → cart: mutual TLS only now (plain text is taken too before)",
  });
});

test("one edit in a mesh of 1,000 services is compared in a moment (the figure is printed)", () => {
  const document = largeMesh(1000);
  const before = buildScene(document);
  const policy = (paths: string[]) =>
    object("AuthorizationPolicy", "service-500-no-admin", {
      target: { service: "service-500" },
      action: "deny",
      rules: [{ to: [{ paths }] }],
    });
  const times: number[] = [];
  let latest = before;
  for (const path of ["/secret", "/secret*", "/v2*", "/other"]) {
    // As a worker gets it: a copy, no object of it known.
    const copy = structuredClone(withObjects(document, policy(["/admin*", path])));
    const from = performance.now();
    const after = buildScene(copy);
    const found = consequencesOf(latest, after);
    times.push(performance.now() - from);
    if (path === "/v2*") expect(found.map(({ kind }) => kind)).toContain("loses-access");
    latest = after;
  }
  console.log(
    `${callsOf(document).length} calls, ${document.objects.length} objects: first edit ${times[0]?.toFixed(0)} ms, then ${times.slice(1).map((ms) => `${ms.toFixed(0)} ms`)}`,
  );
  expect(times).toHaveLength(4);
}, 60_000);

test("rules and policies that go by the host are asked with such a host", () => {
  const toCart = { type: "forward" as const, destinations: [{ service: { name: "cart" }, weight: 1 }] };
  const route = object("Route", "cart", {
    target: { kind: "Service", name: "cart" },
    rules: [
      {
        matches: [{ authority: { type: "prefix", value: "cart.production.svc" } }],
        action: { type: "respond", status: 503, body: "closed" },
      },
      { matches: [], action: toCart },
    ],
  });
  expect(sentences(demoMesh(), demoWith(route))).toEqual([
    expect.stringMatching(
      /^loses-access: storefront loses access to cart \(GET \/ with host: cart\.production\.svc\.cluster\.local\)/,
    ),
  ]);
  const deny = object("AuthorizationPolicy", "no-short-name", {
    target: { service: "cart" },
    action: "deny",
    rules: [{ to: [{ hosts: ["cart", "cart:8080"] }] }],
  });
  expect(sentences(demoMesh(), demoWith(deny))).toEqual([
    expect.stringMatching(/^loses-access: storefront loses access to cart \(GET \/ with host: cart\)/),
  ]);
});

test("who asks for a token takes access from calls without one only", () => {
  const tokens = object("RequestAuthentication", "tokens", {
    target: { service: "inventory" },
    jwtRules: [{ issuer: "https://issuer.test", audiences: ["shop"], jwks: '{"keys":[{"kty":"EC"}]}' }],
  });
  const deny = object("AuthorizationPolicy", "inventory-without-token", {
    target: { service: "inventory" },
    action: "deny",
    rules: [{ from: [{ notRequestPrincipals: ["*"] }] }],
  });
  const before = buildScene(demoWith(tokens));
  const lost = (after: MeshObject[]) =>
    consequencesOf(before, buildScene(demoWith(...after))).flatMap(({ kind, sentence }) =>
      kind === "loses-access" ? [sentence] : [],
    );
  expect(lost([tokens, deny]).length).toBeGreaterThan(0);
  expect(lost([tokens, deny]).join(" ")).not.toContain("a token");
  const other = { ...tokens, spec: { ...tokens.spec, jwtRules: [{ ...tokens.spec.jwtRules[0], issuer: "b" }] } };
  expect(lost([other as MeshObject]).every((each) => each.includes("a token"))).toBe(true);
  expect(lost([other as MeshObject]).length).toBeGreaterThan(0);
});
