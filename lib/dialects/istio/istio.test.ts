import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import {
  applyCommand,
  demoMesh,
  diffDocuments,
  digestOf,
  emptyMesh,
  type MeshDocument,
  objectKey,
  validateDocument,
} from "@/lib/mesh";
import { documentsOf, placesOf, textWith } from "../testing/any-value";
import { exportIstio, importIstio } from ".";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.yaml`, import.meta.url), "utf8");
const seed = fixture("seed");

function imported(text: string, document: MeshDocument) {
  const result = importIstio(text, { document });
  expect(result.violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands: result.commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return { ...result, document: applied.document };
}

const changedKeys = (a: MeshDocument, b: MeshDocument) =>
  [...new Set(diffDocuments(a, b).map((change) => change.key))].sort();

test("the seed's document changes the route, the policy and the subsets of payment-service, and nothing else", () => {
  const { document } = imported(seed, demoMesh());
  expect(changedKeys(demoMesh(), document)).toEqual([
    "Route/production/payment-service",
    "Subset/production/payment-service-v1",
    "Subset/production/payment-service-v2",
    "TrafficPolicy/production/payment-service",
  ]);
  expect(validateDocument(document)).toEqual([]);
  const find = (key: string) => document.objects.find((object) => objectKey(object) === key)?.spec;
  expect(find("Route/production/payment-service")).toEqual({
    target: { kind: "Service", name: "payment-service" },
    rules: [
      {
        matches: [{ headers: [{ name: "x-user-type", type: "exact", value: "beta-tester" }] }],
        action: {
          type: "forward",
          destinations: [{ service: { name: "payment-service" }, subset: "v2", weight: 100 }],
        },
      },
      {
        matches: [],
        action: {
          type: "forward",
          destinations: [
            { service: { name: "payment-service" }, subset: "v1", weight: 90 },
            { service: { name: "payment-service" }, subset: "v2", weight: 10 },
          ],
        },
      },
    ],
  });
  expect(find("TrafficPolicy/production/payment-service")).toEqual({
    service: { name: "payment-service" },
    connectionPool: { maxConnections: 100, maxPendingRequests: 50, maxRequestsPerConnection: 2 },
    outlierDetection: { legacyConsecutiveErrors: 5, intervalMs: 30_000, baseEjectionTimeMs: 30_000 },
  });
});

test("each trap of the seed is a finding with a fix, and the fixes settle them", () => {
  let { document, findings } = imported(seed, demoMesh());
  expect(findings.map((finding) => finding.code)).toEqual(["MW1001", "MW1002", "MW1003", "MW1039"]);
  for (const finding of findings) {
    const applied = applyCommand(document, {}, finding.fixes![0]!.command);
    if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
    document = applied.document;
  }
  const again = importIstio("", { document });
  expect(again.findings).toEqual([]);
  const policy = document.objects.find((object) => objectKey(object) === "TrafficPolicy/production/payment-service");
  // the second fix replaces the block; the third one's value was set after it
  expect(policy?.spec).toMatchObject({
    outlierDetection: { consecutiveGatewayErrors: 5, consecutive5xxErrors: 0, maxEjectionPercent: 50 },
  });
});

test("what was understood reads as sentences", () => {
  const { understood, warnings } = imported(seed, demoMesh());
  expect(understood).toMatchObject([
    {
      source: "VirtualService production/payment-service",
      line: 1,
      sentences: ["header x-user-type = beta-tester goes to v2.", "everything goes to v1 (90 %), v2 (10 %)."],
    },
    { source: "DestinationRule production/payment-service", line: 13 },
  ]);
  expect(warnings).toMatchObject([
    { line: 15, message: expect.stringContaining("has no namespace; production is assumed") },
  ]);
});

test("importing the same text twice changes nothing the second time", () => {
  const first = imported(seed, demoMesh()).document;
  const second = importIstio(seed, { document: first });
  expect(second.commands).toEqual([]);
});

test("export without a decision writes the legacy field back", () => {
  const { document } = imported(seed, demoMesh());
  const rule = exportIstio(document).resources.find(
    (each) => each.kind === "DestinationRule" && each.metadata.name === "payment-service",
  );
  expect(rule).toEqual({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "payment-service", namespace: "production" },
    spec: {
      host: "payment-service",
      trafficPolicy: {
        connectionPool: {
          tcp: { maxConnections: 100 },
          http: { http1MaxPendingRequests: 50, maxRequestsPerConnection: 2 },
        },
        outlierDetection: { consecutiveErrors: 5, interval: "30s", baseEjectionTime: "30s" },
      },
      subsets: [
        { name: "v1", labels: { version: "v1" } },
        { name: "v2", labels: { version: "v2" } },
      ],
    },
  });
});

test("an empty mesh gets the services that the text speaks of, and says that it assumed them", () => {
  const { document, warnings, findings } = imported(seed, emptyMesh("new"));
  expect(validateDocument(document)).toEqual([]);
  expect(document.objects.map(objectKey)).toContain("Service/production/payment-service");
  expect(document.objects.map(objectKey)).toContain("Namespace//production");
  expect(warnings.map((each) => each.message).join()).toContain("is not in the design; it is added with port 80");
  expect(findings.map((finding) => finding.code)).toContain("MW1004");
});

/** What the text says, without what the way through the model may write differently. */
function meaning(text: string): unknown[] {
  const values = parseAllDocuments(text).map((document) => document.toJS() as Record<string, never>);
  return values
    .filter((value) => !JSON.stringify(value).includes("meshwright.dev/generated"))
    .map((value) =>
      JSON.parse(
        JSON.stringify(value)
          .replace(/networking.istio.io\/v1\w*/g, "N")
          .replace(/security.istio.io\/v1\w*/g, "S"),
      ),
    )
    .sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

test("everything the model has no word for survives the round trip", () => {
  const document = emptyMesh("shop");
  const { document: after, kept, warnings } = imported(fixture("everything"), document);
  expect(validateDocument(after)).toEqual([]);
  expect(kept.map((each) => each.path).sort()).toEqual([
    "spec.exportTo",
    "spec.http[1]",
    "spec.http[3].fault",
    "spec.resolution",
    "spec.trafficPolicy.tls",
  ]);
  expect(warnings.some((each) => each.message.includes("match.0.scheme"))).toBe(true);
  const out = exportIstio(after);
  const expected = meaning(
    fixture("everything")
      .replace("LEAST_CONN", "LEAST_REQUEST")
      .replace("timeout: 2.5s", "timeout: 2500ms")
      .replace("idleTimeout: 1m", "idleTimeout: 60s")
      .replace("reviews.books.svc.cluster.local", "reviews")
      .replace("subset: v1, port: {number: 9080}}", "subset: v1, port: {number: 9080}}\n      weight: 100")
      .replace(
        "selector: {matchLabels: {app: reviews}}\n  rules",
        "selector: {matchLabels: {app: reviews}}\n  action: ALLOW\n  rules",
      ),
  );
  expect(meaning(out.text)).toEqual(expected);
  // and the way back again is the same design
  const again = imported(out.text, after);
  const strip = (mesh: MeshDocument): MeshDocument => ({
    objects: mesh.objects.map(
      (object) => ({ ...object, metadata: { ...object.metadata, origin: undefined } }) as typeof object,
    ),
  });
  expect(digestOf(strip(again.document))).toBe(digestOf(strip(after)));
});

test("a rule with conditions that the model lacks is left out, never widened", () => {
  const { document } = imported(fixture("everything"), emptyMesh("shop"));
  const route = document.objects.find((object) => object.kind === "Route")!;
  expect(route.kind === "Route" && route.spec.rules.map((rule) => rule.name ?? rule.action.type)).toEqual([
    "mirrored",
    "redirect",
    "respond",
    "forward",
  ]);
});

const whenPolicy = (when: string, action = "DENY") => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: by-header, namespace: production}
spec:
  selector: {matchLabels: {app: payment-service}}
  action: ${action}
  rules: [{to: [{operation: {paths: [/refund]}}], when: ${when}}]
`;
const rulesOf = (document: MeshDocument) =>
  document.objects.flatMap((each) =>
    each.kind === "AuthorizationPolicy" && each.metadata.name === "by-header" ? each.spec.rules : [],
  );

test("conditions on headers come in with Istio's comparisons, and go out as they were", () => {
  const notStaff = '{key: "request.headers[X-Role]", notValues: [staff, "own*", "*-admin"]}';
  const when = `[${notStaff}, {key: "request.headers[x-trace]", values: ["*"]}]`;
  const { document } = imported(whenPolicy(when), demoMesh());
  const headers = [
    { name: "X-Role", type: "exact", values: ["staff"], invert: true },
    { name: "X-Role", type: "prefix", values: ["own"], invert: true },
    { name: "X-Role", type: "suffix", values: ["-admin"], invert: true },
    { name: "x-trace", type: "present" },
  ];
  expect(rulesOf(document)).toEqual([{ to: [{ paths: ["/refund"], headers }] }]);
  const out = exportIstio(document);
  expect(out.losses.filter(({ path }) => path.startsWith("spec.rules"))).toEqual([]);
  expect(out.resources.find(({ metadata }) => metadata.name === "by-header")?.spec["rules"]).toEqual([
    {
      to: [{ operation: { paths: ["/refund"] } }],
      when: [
        { key: "request.headers[X-Role]", notValues: ["staff"] },
        { key: "request.headers[X-Role]", notValues: ["own*"] },
        { key: "request.headers[X-Role]", notValues: ["*-admin"] },
        { key: "request.headers[x-trace]", values: ["*"] },
      ],
    },
  ]);
});

test("values of several comparisons become operations, and those become rules again", () => {
  const { document } = imported(whenPolicy('[{key: "request.headers[x-role]", values: [a, b, "c*"]}]'), demoMesh());
  const [exact, prefix] = [
    { name: "x-role", type: "exact", values: ["a", "b"] },
    { name: "x-role", type: "prefix", values: ["c"] },
  ];
  expect(rulesOf(document)).toEqual([
    {
      to: [
        { paths: ["/refund"], headers: [exact] },
        { paths: ["/refund"], headers: [prefix] },
      ],
    },
  ]);
  const rules = exportIstio(document).resources.find(({ metadata }) => metadata.name === "by-header")?.spec["rules"];
  expect(rules).toEqual([
    { to: [{ operation: { paths: ["/refund"] } }], when: [{ key: "request.headers[x-role]", values: ["a", "b"] }] },
    { to: [{ operation: { paths: ["/refund"] } }], when: [{ key: "request.headers[x-role]", values: ["c*"] }] },
  ]);
});

test.each([
  ["another key", '[{key: "source.labels[a]", values: [b]}]'],
  ["no values", '[{key: "request.headers[x]"}]'],
  ["an empty value", '[{key: "request.headers[x]", values: [""]}]'],
  ["no header's name", '[{key: "request.headers[x y]", values: [a]}]'],
])("a policy whose condition has %s is left out whole", (_what, when) => {
  const { commands, warnings } = importIstio(whenPolicy(when), { document: demoMesh() });
  expect(commands).toMatchObject([{ type: "setMetadata", key: "Namespace//production" }]);
  const loud = { verdict: "lost", changesMeaning: true };
  expect(warnings[0]).toMatchObject({
    message: expect.stringContaining("left out: it is kept word for word"),
    path: "spec.rules[0].when",
    ...loud,
  });
});

test("a comparison that Istio lacks refuses more and is told: never less", () => {
  const document = (action: "allow" | "deny"): MeshDocument => ({
    objects: [
      ...demoMesh().objects,
      {
        apiVersion: "meshwright.dev/v1",
        kind: "AuthorizationPolicy",
        metadata: { name: "by-header", namespace: "production" },
        spec: {
          target: { service: "payment-service" },
          action,
          rules: [{ to: [{ headers: [{ name: "x-trace", type: "contains", values: ["drop"] }] }] }],
        },
      },
    ],
  });
  const exported = (action: "allow" | "deny") => {
    const { resources, losses } = exportIstio(document(action));
    const spec = resources.find(({ metadata }) => metadata.name === "by-header")?.spec;
    return { rules: spec?.["rules"], losses: losses.filter(({ path }) => path === "spec.rules[0].to") };
  };
  expect(exported("deny")).toMatchObject({ rules: [{}], losses: [{ verdict: "approximate" }] });
  expect(exported("allow")).toMatchObject({ rules: [], losses: [{ verdict: "lost" }] });
});

test("an authorization policy with a condition that the model lacks is left out whole", () => {
  const text = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: production}
spec:
  action: DENY
  rules: [{from: [{source: {notLabels: [a]}}]}]
`;
  const { commands, warnings, document } = imported(text, demoMesh());
  expect(commands.map((command) => command.type)).toEqual(["setMetadata"]);
  expect(warnings[0]).toMatchObject({ message: expect.stringContaining("left out"), line: 6, changesMeaning: true });
  const back = exportIstio(document).resources.find(
    ({ kind, metadata }) => kind.endsWith("Policy") && metadata.name === "p",
  );
  expect(back?.spec).toEqual({ action: "DENY", rules: [{ from: [{ source: { notLabels: ["a"] } }] }] });
});

test("a selector means a service by the labels of its workloads, never some of them or several services", () => {
  const world = (labels: string) => `apiVersion: v1
kind: Service
metadata: {name: web, namespace: production}
spec: {selector: {run: web}, ports: [{port: 80, name: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-a, namespace: production}
spec: {selector: {matchLabels: {run: web}}, template: {metadata: {labels: {run: web, tier: front, track: a}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-b, namespace: production}
spec: {selector: {matchLabels: {run: web}}, template: {metadata: {labels: {run: web, tier: front, track: b}}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: production}
spec: {selector: {matchLabels: ${labels}}, rules: [{to: [{operation: {methods: [GET]}}]}]}
`;
  const targetOf = (labels: string) =>
    imported(world(labels), emptyMesh("shop")).document.objects.find(({ kind }) => kind === "AuthorizationPolicy")
      ?.spec;
  expect(targetOf("{tier: front}")).toMatchObject({ target: { service: "web" } });
  expect(targetOf("{run: web, track: a}")).toBeUndefined();
  expect(imported(world("{track: a}"), emptyMesh("shop")).warnings.at(-1)).toMatchObject({
    message: expect.stringContaining("means only some workloads of a service; it is kept word for word"),
    changesMeaning: true,
  });
});

test("what is drawn is written out as policies, and passed over when it comes back", () => {
  const out = exportIstio(demoMesh());
  const policy = out.resources.find((each) => each.metadata.name === "drawn-callers-of-payment-service");
  expect(policy?.spec).toEqual({
    selector: { matchLabels: { app: "payment-service" } },
    action: "ALLOW",
    rules: [{ from: [{ source: { principals: ["cluster.local/ns/production/sa/checkout"] } }] }],
  });
  const back = importIstio(out.text, { document: demoMesh() });
  expect(back.violations).toEqual([]);
  expect(back.understood.map((each) => each.source).join()).not.toContain("drawn-callers");
});

test("problems carry their line, and nothing is changed by a text with problems", () => {
  const text = seed.replace("weight: 90", "weight: ninety").replace("interval: 30s", "interval: 30");
  const result = importIstio(text, { document: demoMesh(), file: "pay.yaml" });
  expect(result.commands).toEqual([]);
  expect(result.violations).toMatchObject([
    {
      file: "pay.yaml",
      line: 20,
      path: "DestinationRule production/payment-service#spec.trafficPolicy.outlierDetection.interval",
    },
    {
      line: 10,
      path: "VirtualService production/payment-service#spec.http[1].route[0].weight",
      message: "must be a number",
    },
  ]);
});

test("a version or a kind that nobody knows is named", () => {
  expect(
    importIstio("apiVersion: networking.istio.io/v2\nkind: VirtualService\nmetadata: {name: x}\n", {
      document: demoMesh(),
    }).violations[0]?.fix,
  ).toContain("v1beta1");
  expect(
    importIstio("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", { document: demoMesh() }).warnings[0]
      ?.message,
  ).toContain("left out");
});

/** Any JSON value at any place of a valid document: what a hostile or careless file may hold. */
const anyJson = fc.jsonValue({ maxDepth: 3 });
test("no value at any place makes the import throw, and what it lets through is a consistent design or says why not", () => {
  const base = documentsOf(fixture("everything"));
  const before = demoMesh();
  fc.assert(
    fc.property(fc.constantFrom(...placesOf(base)), anyJson, (place, value) => {
      const result = importIstio(textWith(base, place, value), { document: before });
      const applied = applyCommand(before, {}, { type: "batch", commands: result.commands });
      expect(applied.ok).toBe(true);
      if (applied.ok) expect(() => exportIstio(applied.document)).not.toThrow();
    }),
    { numRuns: 80 },
  );
}, 60_000);

test("faults come in and go out; what the model does not have of them is kept", () => {
  const text = (fault: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: production}
spec:
  hosts: [cart]
  http:
  - fault: ${fault}
    route: [{destination: {host: cart}}]
`;
  const faultOf = (fault: string) => {
    const { document, kept } = imported(text(fault), demoMesh());
    const route = document.objects.find((each) => each.kind === "Route" && each.metadata.name === "cart");
    const out = exportIstio(document).resources.find((each) => each.metadata.name === "cart");
    return {
      inModel: route?.kind === "Route" ? route.spec.rules[0]?.fault : undefined,
      kept: kept.map((each) => each.path),
      out: (out as unknown as { spec: { http: { fault: unknown }[] } }).spec.http[0]?.fault,
    };
  };
  expect(
    faultOf(
      "{delay: {fixedDelay: 2s, percentage: {value: 0.1}}, abort: {grpcStatus: UNAVAILABLE, percentage: {value: 5}}}",
    ),
  ).toEqual({
    inModel: { delay: { percent: 0.1, fixedDelayMs: 2000 }, abort: { percent: 5, grpcStatus: 14 } },
    kept: [],
    out: {
      delay: { percentage: { value: 0.1 }, fixedDelay: "2s" },
      abort: { percentage: { value: 5 }, grpcStatus: "UNAVAILABLE" },
    },
  });
  expect(faultOf("{abort: {httpStatus: 400}}").inModel).toEqual({ abort: { percent: 0, httpStatus: 400 } });
  const unknown = faultOf("{abort: {http2Error: REFUSED, percentage: {value: 5}}}");
  expect(unknown.inModel).toBeUndefined();
  expect(unknown.kept).toEqual(["spec.http[0].fault.abort.http2Error", "spec.http[0].fault.abort.percentage"]);
});

test("answers that are slow on purpose are told as lost, and the rest of the fault goes out", () => {
  const fault = (more: object): MeshDocument => ({
    objects: [
      ...demoMesh().objects,
      {
        apiVersion: "meshwright.dev/v1",
        kind: "Route",
        metadata: { name: "cart", namespace: "production" },
        spec: {
          target: { kind: "Service", name: "cart" },
          rules: [
            {
              matches: [],
              action: { type: "forward", destinations: [{ service: { name: "cart" }, weight: 1 }] },
              fault: { responseBandwidth: { percent: 5, limitKbps: 8 }, ...more },
            },
          ],
        },
      },
    ],
  });
  const writtenOf = (more: object) => {
    const { losses, resources } = exportIstio(fault(more));
    expect(losses).toContainEqual(
      expect.objectContaining({
        key: "Route/production/cart",
        path: "spec.rules[0].fault.responseBandwidth",
        changesMeaning: true,
      }),
    );
    const out = resources.find(({ kind, metadata }) => kind === "VirtualService" && metadata.name === "cart");
    return (out as unknown as { spec: { http: { fault?: unknown }[] } }).spec.http[0]?.fault;
  };
  expect(writtenOf({})).toBeUndefined();
  expect(writtenOf({ abort: { percent: 5, httpStatus: 503 } })).toEqual({
    abort: { percentage: { value: 5 }, httpStatus: 503 },
  });
});

test("a CORS policy comes in and goes out; what the model does not have of it is kept", () => {
  const text = (cors: string, action = "route: [{destination: {host: cart}}]") => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: production}
spec:
  hosts: [cart]
  http:
  - corsPolicy: ${cors}
    ${action}
`;
  const corsOf = (cors: string, action?: string) => {
    const { document, kept } = imported(text(cors, action), demoMesh());
    expect(validateDocument(document)).toEqual([]);
    const route = document.objects.find((each) => each.kind === "Route" && each.metadata.name === "cart");
    const out = exportIstio(document).resources.find((each) => each.metadata.name === "cart");
    return {
      inModel: route?.kind === "Route" ? route.spec.rules[0]?.cors : undefined,
      kept: kept.map((each) => each.path),
      out: (out as unknown as { spec: { http: { corsPolicy: unknown }[] } }).spec.http[0]?.corsPolicy,
    };
  };
  const whole = {
    allowOrigins: [{ exact: "https://shop.example" }, { prefix: "http://localhost:" }, { regex: "https://.+" }],
    allowMethods: ["GET", "PUT"],
    allowHeaders: ["x-a"],
    exposeHeaders: ["x-b"],
    maxAge: "600s",
    allowCredentials: false,
    unmatchedPreflights: "IGNORE",
  };
  expect(corsOf(JSON.stringify(whole))).toEqual({
    inModel: {
      allowOrigins: [
        { type: "exact", value: "https://shop.example" },
        { type: "prefix", value: "http://localhost:" },
        { type: "regex", value: "https://.+" },
      ],
      allowMethods: ["GET", "PUT"],
      allowHeaders: ["x-a"],
      exposeHeaders: ["x-b"],
      maxAgeSeconds: 600,
      allowCredentials: false,
      unmatchedPreflights: "ignore",
    },
    kept: [],
    out: whole,
  });
  expect(corsOf('{allowOrigin: ["*"], allowHeaders: ["x-a, x-b"], maxAge: 1500ms}')).toEqual({
    inModel: { allowOrigins: [{ type: "exact", value: "*" }], allowHeaders: ["x-a", "x-b"], maxAgeSeconds: 1 },
    kept: [],
    out: { allowOrigins: [{ exact: "*" }], allowHeaders: ["x-a", "x-b"], maxAge: "1s" },
  });
  expect(corsOf("{allowMethods: [GET]}")).toEqual({
    inModel: undefined,
    kept: ["spec.http[0].corsPolicy.allowMethods"],
    out: { allowMethods: ["GET"] },
  });
  const answered = corsOf('{allowOrigins: [{exact: "*"}]}', "directResponse: {status: 200}");
  expect(answered).toMatchObject({ inModel: undefined, kept: ["spec.http[0].corsPolicy"] });
});

test("a rate limit has no resource in Istio, and its loss is told", () => {
  const limit = {
    apiVersion: "meshwright.dev/v1",
    kind: "RateLimit",
    metadata: { name: "cart", namespace: "production" },
    spec: { service: { name: "cart" }, limits: [{ requests: 5, perMs: 1000 }] },
  } as MeshDocument["objects"][number];
  const { losses } = exportIstio({ objects: [...demoMesh().objects, limit] });
  expect(losses.find((each) => each.key === "RateLimit/production/cart")).toMatchObject({
    verdict: "lost",
    changesMeaning: true,
    reason: expect.stringContaining("EnvoyFilter"),
  });
});
