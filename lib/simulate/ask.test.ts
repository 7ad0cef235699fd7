import { expect, test } from "vitest";
import { demoMesh, type ExternalTls, type MeshDocument, type MeshObject, type SpecOf } from "@/lib/mesh";
import { object, seedObjects } from "../compile/testing/rich";
import { accessMatrix, ask, buildScene, consequencesOf, type Question } from ".";
import { changesBetween } from "./changes";

const from = (workload: string): Question["from"] => ({
  kind: "workload",
  workload: `Workload/production/${workload}`,
});
const get = (workload: string, host: string, path = "/", more: Partial<Question> = {}): Question => ({
  from: from(workload),
  to: { host },
  method: "GET",
  path,
  headers: {},
  ...more,
});
const demoWith = (...objects: MeshObject[]): MeshDocument => {
  const keys = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  const kept = demoMesh().objects.filter(({ kind, metadata }) => !keys.has(`${kind}/${metadata.name}`));
  return { objects: [...kept, ...objects] };
};

test("a drawn dependency is reached in mutual TLS, and the line that allows it is named", () => {
  const answer = ask(buildScene(demoMesh()), get("storefront-v1", "cart", "/cart"));
  expect(answer).toMatchObject({ outcome: "forwarded", status: null });
  expect(answer.destinations).toEqual([
    {
      pool: {
        maxConnections: 1024,
        connectTimeoutMs: 5000,
        tcpKeepaliveMs: null,
        http: {
          maxPendingRequests: 1024,
          maxRequests: 1024,
          retries: { percent: 20, minConcurrency: 100 },
          idleTimeoutMs: 300_000,
          maxRequestsPerConnection: null,
          maxConnectionDurationMs: null,
          protocol: "auto",
          maxConcurrentStreams: 1024,
        },
      },
      service: "Service/production/cart",
      workloads: ["Workload/production/cart-v1"],
      probability: 1,
      outcome: "forwarded",
      status: null,
    },
  ]);
  expect(answer.hops.map(({ direction, mtls }) => [direction, mtls])).toEqual([
    ["outbound", "mutual"],
    ["inbound", "mutual"],
  ]);
  expect(answer.hops[1]?.authorization).toMatchObject({
    allowed: true,
    policy: "Dependency/production/storefront-to-cart",
  });
  expect(answer.sentence).toBe(
    "storefront reaches cart in mutual TLS, by the drawn dependency storefront-to-cart; the drawn dependency storefront-to-cart allows it.",
  );
});

test("what is not drawn is a host that the sidecar does not know", () => {
  const answer = ask(buildScene(demoMesh()), get("catalog-v1", "payment-service"));
  expect(answer).toMatchObject({ outcome: "no-route", status: 404, destinations: [] });
  expect(answer.sentence).toBe(
    "catalog answers 404: no dependency from it to payment-service is drawn for this host and port.",
  );
});

test("a split tells the share of each subset, and a draw picks one", () => {
  const scene = buildScene(demoWith(...seedObjects()));
  const answer = ask(scene, get("checkout-v1", "payment-service", "/pay"));
  expect(answer.destinations.map(({ subset, probability }) => [subset, probability])).toEqual([
    ["v1", 0.9],
    ["v2", 0.1],
  ]);
  expect(answer.hops[0]?.cluster).toContain("|v1|");
  expect(ask(scene, get("checkout-v1", "payment-service", "/pay", { draw: 0.95 })).hops[0]?.cluster).toContain("|v2|");
});

test("the rule that decided and those that did not match are told in words, with their place", () => {
  const answer = ask(buildScene(demoWith(...seedObjects())), get("checkout-v1", "payment-service"));
  const [outbound] = answer.hops;
  expect(outbound?.rule).toMatchObject({ object: "Route/production/payment-service", path: "spec.rules[1]" });
  expect(outbound?.considered).toMatchObject([
    {
      path: "spec.rules[0]",
      name: "beta",
      matched: false,
      why: 'header x-user-type is absent; the rule wants exact "beta-tester"',
    },
    { path: "spec.rules[1]", matched: true, why: "takes every request" },
  ]);
});

test("a written denial names its policy and rule", () => {
  const deny = object("AuthorizationPolicy", "no-delete", {
    target: { service: "cart" },
    action: "deny",
    rules: [{ to: [{ methods: ["PUT"] }] }, { to: [{ methods: ["DELETE"], paths: ["/cart*"] }] }],
  });
  const scene = buildScene(demoWith(deny));
  const answer = ask(scene, get("storefront-v1", "cart", "/cart/1", { method: "DELETE" }));
  expect(answer).toMatchObject({ outcome: "denied", status: 403 });
  expect(answer.hops[1]?.authorization).toMatchObject({
    allowed: false,
    policy: "AuthorizationPolicy/production/no-delete",
    rule: { path: "spec.rules[1]" },
    why: "no-delete, rule 2, denies it",
  });
  expect(ask(scene, get("storefront-v1", "cart", "/cart/1")).outcome).toBe("forwarded");
});

test("a gRPC caller is told the status of gRPC that it will read, and nothing when the app answers", () => {
  const scene = buildScene(demoMesh());
  const grpc = { method: "POST", headers: { "content-type": "application/grpc", te: "trailers" } };
  const refused = ask(scene, get("catalog-v1", "payment-service", "/shop.Payment/Pay", grpc));
  expect(refused).toMatchObject({ outcome: "no-route", status: 404, grpcStatus: 12 });
  expect(refused.sentence).toMatch(/ To a gRPC caller that is grpc-status 12 \(Unimplemented\)\.$/);
  expect(ask(scene, get("storefront-v1", "cart", "/shop.Cart/Get", grpc)).grpcStatus).toBeUndefined();
  expect(ask(scene, get("catalog-v1", "payment-service")).grpcStatus).toBeUndefined();
});

test("a workload that serves nothing is asked for as a caller, and is one in the table of who reaches whom", () => {
  const job = object("Workload", "nightly", { version: "v1" });
  const line = object("Dependency", "nightly-to-cart", {
    from: { kind: "Workload", name: "nightly" },
    to: { kind: "Service", name: "cart" },
  });
  const scene = buildScene(demoWith(job, line));
  const answer = ask(scene, get("nightly", "cart", "/cart"));
  expect(answer).toMatchObject({
    outcome: "forwarded",
    hops: [{ mtls: "mutual" }, { identity: { peer: expect.stringMatching(/\/sa\/nightly$/) } }],
  });
  expect(ask(scene, get("nightly", "catalog"))).toMatchObject({ outcome: "no-route", status: 404 });
  const { callers, cells } = accessMatrix(scene);
  expect(callers).toContain("Workload/production/nightly");
  const reached = cells.filter(
    ({ caller, access }) => caller === "Workload/production/nightly" && access === "allowed",
  );
  expect(reached.map(({ callee }) => callee)).toEqual(["Service/production/cart"]);
  const gained = consequencesOf(buildScene(demoWith()), scene);
  expect(JSON.stringify(gained)).toContain("Workload/production/nightly");
});

test("a rule for some callers decides for them, and is told to others as not theirs", () => {
  const teapot = { type: "respond" as const, status: 418 };
  const scene = buildScene(
    demoWith(
      object("Workload", "storefront-v2", { service: "storefront", version: "v2" }),
      object("Route", "cart", {
        target: { kind: "Service", name: "cart" },
        rules: [
          { name: "new", matches: [{ methods: ["PUT"] }, { caller: { labels: { version: "v2" } } }], action: teapot },
          {
            name: "rest",
            matches: [],
            action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
          },
        ],
      }),
    ),
  );
  expect(ask(scene, get("storefront-v2", "cart"))).toMatchObject({
    outcome: "responded",
    status: 418,
    hops: [{ rule: { object: "Route/production/cart", path: "spec.rules[0].matches[1]", name: "new" } }],
  });
  const other = ask(scene, get("storefront-v1", "cart"));
  expect(other).toMatchObject({ outcome: "forwarded", hops: [{ rule: { name: "rest" } }, {}] });
  expect(other.hops[0]?.considered.map(({ path, matched, why }) => [path, matched, why])).toEqual([
    ["spec.rules[0].matches[0]", false, expect.stringContaining("method")],
    [
      "spec.rules[0].matches[1]",
      false,
      "it is for another caller with version=v2; the sidecar of storefront-v1 does not have it",
    ],
    ["spec.rules[1]", true, expect.any(String)],
  ]);
});

test("TCP to an external service is asked for by CONNECT, by those who draw it, and by its host and port only", () => {
  const to = { kind: "ExternalService" as const, name: "ledger" };
  const scene = buildScene(
    demoWith(
      object("ExternalService", "ledger", {
        hosts: ["ledger.example"],
        ports: [{ name: "postgres", port: 5432, protocol: "tcp" }],
      }),
      object("Dependency", "shipping-to-ledger", { from: { kind: "Service", name: "shipping" }, to }),
      object("Egress", "ledger", { to, from: [{ kind: "Service", name: "shipping" }] }),
    ),
  );
  const connect = (workload: string, port: number, method = "CONNECT") =>
    ask(scene, { ...get(workload, "ledger.example"), to: { host: "ledger.example", port }, method });
  expect(connect("shipping-v1", 5432)).toMatchObject({
    outcome: "forwarded",
    destinations: [{ service: "ExternalService/production/ledger" }],
    hops: [{ rule: { object: "Egress/production/ledger" } }],
  });
  expect(connect("shipping-v1", 5433)).toMatchObject({ outcome: "no-route", status: 405 });
  expect(connect("shipping-v1", 5432, "GET")).toMatchObject({ outcome: "no-route", status: 404 });
  expect(connect("cart-v1", 5432)).toMatchObject({ outcome: "no-route", status: 405 });
  const { cells } = accessMatrix(scene);
  expect(cells.filter(({ callee }) => callee === "ExternalService/production/ledger")).toMatchObject([
    { caller: "Service/production/shipping", access: "allowed" },
  ]);
});

test("TLS that the proxy makes to what is outside is told with who is verified, and a change of it is a consequence", () => {
  const to = { kind: "ExternalService" as const, name: "bank" };
  const bank = (tls: ExternalTls | undefined) =>
    buildScene(
      demoWith(
        object("ExternalService", "bank", {
          hosts: ["bank.example"],
          ports: [{ name: "http", port: 80, protocol: "http" }],
          ...(tls ? { tls } : {}),
        }),
        object("Dependency", "shipping-to-bank", { from: { kind: "Service", name: "shipping" }, to }),
        object("Egress", "bank", { to, from: [{ kind: "Service", name: "shipping" }] }),
      ),
    );
  const answer = (tls: ExternalTls | undefined) => ask(bank(tls), get("shipping-v1", "bank.example"));
  const plain = answer(undefined);
  expect(plain.hops[0]?.tls).toBeUndefined();
  const simple = answer({ mode: "simple" });
  expect(simple).toMatchObject({
    outcome: "forwarded",
    sentence: expect.stringContaining("in TLS to bank.example, signed by a public authority"),
    hops: [
      {
        mtls: "none",
        tls: { serverName: "bank.example", names: ["bank.example"], authorities: "public", isMutual: false },
      },
    ],
  });
  const mutual = answer({
    mode: "mutual",
    sni: "a.example",
    subjectAltNames: ["b.example"],
    authorities: "environment",
  });
  expect(mutual.hops[0]?.tls).toEqual({
    ...{ serverName: "a.example", names: ["b.example"], authorities: "environment", isMutual: true },
  });
  const open = answer({ mode: "simple", insecureSkipVerify: true });
  expect(open.sentence).toContain("in TLS to bank.example, and nobody verifies who answers");
  expect(changesBetween(plain, simple)).toMatchObject([{ kind: "mtls", severity: "change" }]);
  expect(changesBetween(simple, open)).toMatchObject([{ kind: "mtls", severity: "attention" }]);
  expect(changesBetween(simple, plain)).toMatchObject([
    { severity: "attention", text: expect.stringMatching(/^in plain text now \(in TLS to bank\.example/) },
  ]);
  expect(changesBetween(simple, simple)).toEqual([]);
});

test("the PROXY protocol to what is outside is told, and a change of it is a consequence", () => {
  const to = { kind: "ExternalService" as const, name: "bank" };
  const bank = (more: Partial<SpecOf<"ExternalService">>) =>
    buildScene(
      demoWith(
        object("ExternalService", "bank", {
          hosts: ["bank.example"],
          ports: [{ name: "http", port: 80, protocol: "http" }],
          ...more,
        }),
        object("Dependency", "shipping-to-bank", { from: { kind: "Service", name: "shipping" }, to }),
        object("Egress", "bank", { to, from: [{ kind: "Service", name: "shipping" }] }),
      ),
    );
  const answer = (more: Partial<SpecOf<"ExternalService">>) => ask(bank(more), get("shipping-v1", "bank.example"));
  const plain = answer({});
  expect(plain.hops[0]?.proxyProtocol).toBeUndefined();
  const told = answer({ proxyProtocol: "v2", resolution: "dns-round-robin" });
  expect(told).toMatchObject({ outcome: "forwarded", hops: [{ proxyProtocol: "v2" }] });
  for (const sentence of [told.sentence, told.hops[0]?.sentence])
    expect(sentence).toContain("behind the PROXY protocol, version 2, which says who called");
  expect(changesBetween(plain, told)).toEqual([
    {
      kind: "destination",
      severity: "attention",
      text: "behind the PROXY protocol, version 2, which says who called now (without the PROXY protocol before)",
    },
  ]);
  expect(changesBetween(told, told)).toEqual([]);
});
