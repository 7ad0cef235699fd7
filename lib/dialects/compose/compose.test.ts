import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { applyCommand, emptyMesh, objectKey, validateDocument, withValueAt } from "@/lib/mesh";
import { ask, buildScene, type Question } from "@/lib/simulate";
import { exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { imported as importedFrom, specOf } from "../testing/imported";

const votes = readFileSync(new URL("fixtures/votes.yaml", import.meta.url), "utf8");
const imported = (text: string) => importedFrom("auto", [{ text, file: "compose.yaml" }]);
const refused = (text: string) =>
  importDocuments("auto", [{ text, file: "compose.yaml" }], { document: emptyMesh("shop") });
const told = (text: string) => imported(text).warnings.map(({ path, message }) => `${path}: ${message}`);
const project = imported(votes);

test("services are services with workloads, in the namespace of the project's name", () => {
  const { document } = project;
  expect(validateDocument(document)).toEqual([]);
  expect(specOf(document, "Service/votes/ballot")).toEqual({ ports: [{ name: "http", port: 80, protocol: "http" }] });
  expect(specOf(document, "Workload/votes/ballot")).toEqual({ service: "ballot", version: "1.4.2", replicas: 2 });
  expect(specOf(document, "Service/votes/queue")).toEqual({ ports: [{ name: "tcp", port: 6379, protocol: "tcp" }] });
  expect(specOf(document, "Workload/votes/queue")).toMatchObject({ version: "7.2-alpine", replicas: 1 });
  expect(specOf(document, "Service/votes/result")).toEqual({ ports: [{ name: "http", port: 8080, protocol: "http" }] });
});

test("what starts first, and addresses in settings, are drawn as calls", () => {
  const drawn = project.document.objects.flatMap((object) =>
    object.kind === "Dependency" ? [`${object.spec.from.name} ${object.spec.to.name} ${object.spec.port ?? ""}`] : [],
  );
  expect(drawn.sort()).toEqual([
    "ballot queue 6379",
    "counter db ",
    "counter queue ",
    "counter schema ",
    "result tally 9000",
    "tally db ",
  ]);
});

test("what a service keeps is as the file says it, and its settings are not stored", () => {
  const ballot = project.document.objects.find((each) => objectKey(each) === "Service/votes/ballot");
  expect(ballot?.metadata.labels).toEqual({ "com.example.team": "ballots" });
  expect(ballot?.metadata.origin).toMatchObject({ dialect: "compose", kind: "service", name: "ballot" });
  const kept = Object.fromEntries((ballot?.metadata.origin?.kept ?? []).map(({ path, value }) => [path, value]));
  expect(kept).toMatchObject({
    "services.ballot.image": "registry.example:5000/votes/ballot:$" + "{BALLOT_VERSION:-1.4.2}",
    "services.ballot.ports": ["5000:80"],
    "services.ballot.healthcheck": { interval: "15s", test: ["CMD", "curl", "-f", "http://localhost"] },
  });
  expect(JSON.stringify(project.document)).not.toContain("not-for-the-design");
});

test("everything that was assumed is told with its place", () => {
  expect(project.warnings.map(({ line, path, message }) => `${line} ${path}: ${message}`)).toMatchInlineSnapshot(`
    [
      "11 services.ballot.image: BALLOT_VERSION has no value here; its default "1.4.2" is taken",
      "56 services.schema.profiles: starts only with a profile; it is in the design as if it always ran",
      "15 services.ballot.environment.STORE: STORE names queue:6379, and queue says nothing of port 6379: it is added to queue",
      "13 services.ballot.ports[0]: port 80 does not say what it speaks; HTTP is assumed",
      "45 services.counter: says no port; 80 (http) is assumed, for a service here has one",
      "53 services.schema: says no port; 80 (http) is assumed, for a service here has one",
      "64 services.db.image: says no port; 5432 (tcp) is assumed from its image",
      "36 services.result.environment[0]: TALLY_URL names tally:9000; that is taken for a call and drawn",
      "20 services.ballot.networks: shares no network with schema, db, but is published on the host, where all reach it; nothing is denied",
      "37 services.result.networks: shares no network with schema, db, but is published on the host, where all reach it; nothing is denied",
      "57 services.schema.networks: shares no network with ballot, result, queue; a policy denies them, by identity and not by address",
      "61 services.queue.networks: shares no network with schema, db; a policy denies them, by identity and not by address",
      "66 services.db.networks: shares no network with ballot, result, queue; a policy denies them, by identity and not by address",
    ]
  `);
});

const call = (from: string, to: string, port: number): Question => ({
  from: { kind: "workload", workload: `Workload/votes/${from}` },
  to: { host: to, port },
  method: "GET",
  path: "/api",
  headers: {},
  draw: 0,
});

test("the design answers drawn calls, refuses those that Compose does not connect, and goes out to Istio", () => {
  const { document } = project;
  const scene = buildScene(document);
  const answer = (from: string, to: string, port: number) => ask(scene, call(from, to, port));
  expect(answer("result", "tally", 9000).destinations).toMatchObject([{ probability: 1 }]);
  expect(answer("result", "tally", 9000)).toMatchObject({ outcome: "forwarded" });
  expect(specOf(document, "AuthorizationPolicy/votes/db-networks")).toEqual({
    target: { service: "db" },
    action: "deny",
    rules: [{ from: [{ services: ["ballot", "result", "queue"].map((name) => ({ kind: "Service", name })) }] }],
  });
  expect(answer("ballot", "db", 5432)).toMatchObject({ outcome: "no-route" });
  const out = exportDocument("istio", document);
  expect(out.resources.length).toBeGreaterThan(0);
  expect(schemaErrors(out.resources, "istio")).toEqual([]);
});

test("a call between services that share no network is told, and denied", () => {
  const { document, warnings } = imported(`
name: votes
services:
  result: {expose: ["80"], networks: [front], depends_on: [tally]}
  tally: {expose: ["9000"], networks: [back]}
`);
  expect(warnings.map(({ message }) => message)).toContain(
    "calls tally, and shares no network with it: in Compose the call fails",
  );
  expect(ask(buildScene(document), call("result", "tally", 9000))).toMatchObject({ outcome: "denied" });
});

test("reading twice changes nothing", () => {
  const again = importDocuments("compose", [{ text: votes, file: "compose.yaml" }], { document: project.document });
  expect(again.violations).toEqual([]);
  expect(again.commands).toEqual([]);
});

test("ports of every form are the ports of the container", () => {
  const portsOf = (...ports: unknown[]) => {
    const { document } = imported(JSON.stringify({ name: "p", services: { a: { ports } } }));
    const spec = specOf(document, "Service/p/a") as { ports: { port: number; protocol: string }[] };
    return spec.ports.map(({ port, protocol }) => `${port}/${protocol}`);
  };
  expect(portsOf(3000, "4000")).toEqual(["3000/http", "4000/http"]);
  expect(portsOf("127.0.0.1:8001:8000", "[::1]:6000:6000", "127.0.0.1::50")).toEqual([
    "8000/http",
    "6000/http",
    "50/http",
  ]);
  expect(portsOf("9090-9091:8080-8081", "6379:6379/tcp", "53:53/udp")).toEqual(["8080/http", "8081/http", "6379/tcp"]);
  expect(portsOf({ target: 80, app_protocol: "grpc", name: "api" }, { target: "81-82" })).toEqual([
    "80/grpc",
    "81/http",
    "82/http",
  ]);
});

test("a service that extends another one begins as it", () => {
  const { document } = imported(`
name: p
services:
  base: {image: "app:1", expose: ["80"], labels: [a=1, b=2], depends_on: [db]}
  more: {extends: {service: base}, image: "app:2", expose: ["81"], labels: {b: "3"}}
  db: {image: "postgres:16"}
`);
  expect(specOf(document, "Service/p/more")).toMatchObject({ ports: [{ port: 80 }, { port: 81 }] });
  expect(specOf(document, "Workload/p/more")).toMatchObject({ version: "2" });
  expect(specOf(document, "Dependency/p/more-to-db")).toBeDefined();
  expect(document.objects.find((each) => objectKey(each) === "Service/p/more")?.metadata.labels).toEqual({
    a: "1",
    b: "3",
  });
});

test("an address is a call only where one service is meant", () => {
  const text = (environment: unknown, more: unknown = {}) =>
    JSON.stringify({
      name: "p",
      services: { a: { environment, expose: ["80"] }, b: { expose: ["90"] }, ...(more as object) },
    });
  const callsOf = (...given: Parameters<typeof text>) =>
    imported(text(...given)).document.objects.flatMap((each) =>
      each.kind === "Dependency" ? [each.metadata.name] : [],
    );
  expect(callsOf({ X: "http://b:90/x" })).toEqual(["a-to-b"]);
  expect(callsOf({ X: "b:90" })).toEqual(["a-to-b"]);
  expect(callsOf(["X=grpc://user:word@b:91"])).toEqual(["a-to-b"]);
  expect(callsOf({ X: "b:7", Y: "b", Z: "http://b.example:90", W: "http://a:80" })).toEqual([]);
  const twins = { c: { container_name: "twin", expose: ["80"] }, d: { hostname: "twin", expose: ["80"] } };
  expect(callsOf({ X: "http://twin:80" }, twins)).toEqual([]);
  expect(told(text({ X: "http://twin:80" }, twins))).toContain(
    "services.a.environment.X: X names twin:80, which is a name of c and d; no call is drawn",
  );
});

test("what other files say, and what is no call, is told", () => {
  const all = told(`
name: p
include: [other.yaml]
services:
  a:
    extends: {file: common.yaml, service: base}
    image: "a:\${TAG}"
    expose: ["80"]
    depends_on:
      migrate: {condition: service_completed_successfully}
      elsewhere: {condition: service_started}
    external_links: [legacy]
  migrate: {image: "m:1", expose: ["80"], network_mode: host}
`);
  for (const part of [
    "include: names other files, which are not read",
    "services.a.extends: begins as a service of common.yaml, which is not read",
    "services.a.image: TAG has no value here; nothing is taken for it",
    "services.a.depends_on.migrate: waits until migrate has ended, which is no call; none is drawn",
    "services.a.depends_on.elsewhere: elsewhere is no service of this file; the call is left out",
    "services.a.external_links: names containers of other projects, of which nothing is known",
    'services.migrate.network_mode: has the network of "host"; who reaches it is not in the design',
  ])
    expect(all).toContain(part);
});

test.each([
  ["services: []", 1, "services", "must be a map of services"],
  ["services:\n  a: text", 2, "services.a", "must be a map"],
  ['services:\n  a:\n    ports: ["80:x"]', 3, "services.a.ports[0]", '"80:x" is no port'],
  [
    "services:\n  a:\n    ports:\n      - 80\n      - published: 1",
    5,
    "services.a.ports[1].target",
    "must be the port of the container",
  ],
  ["services:\n  a:\n    expose: 80", 3, "services.a.expose", "must be a list"],
  ["services:\n  a:\n    depends_on: [b]", 3, "services.a.depends_on[0]", "b is no service of this file"],
  [
    "services:\n  a:\n    deploy:\n      replicas: many",
    4,
    "services.a.deploy.replicas",
    "must be a whole number from 0",
  ],
  ["services:\n  a:\n    image: 7", 3, "services.a.image", "must be a text"],
  ["services:\n  a:\n    image: 'x:${T'", 3, "services.a.image", "has a variable that cannot be read"],
  ["services:\n  a: {extends: b}\n  b: {extends: a}", 3, "services.b.extends", "leads back to itself"],
  ["services:\n  a_b: {}\n  a-b: {}", 3, `services["a-b"]`, "is a-b here, as another service is"],
  ["name: 7\nservices: {}", 1, "name", "must be a text"],
])("%j is refused with its place", (text, line, path, message) => {
  const { violations, commands } = refused(text);
  expect(violations).toContainEqual(
    expect.objectContaining({ line, file: "compose.yaml", message, path: expect.stringContaining(`#${path}`) }),
  );
  expect(commands).toEqual([]);
});

const SMALL = `
name: p
include: [x.yaml]
services:
  a:
    image: "a:1"
    extends: {service: b}
    container_name: c
    ports: ["1:80", {target: 81, app_protocol: http}]
    depends_on: {b: {condition: service_started, required: true}}
    environment: {X: "http://b:90"}
    networks: {n: {aliases: [other]}}
    deploy: {replicas: 1}
    labels: {l: "1"}
    links: ["b:c"]
  b: {expose: ["90"], networks: [m], scale: 2, network_mode: bridge, profiles: [x], annotations: [a=b]}
networks: {n: {external: true}}
`;

test("no value at any place of a project makes reading it throw", () => {
  const base = parse(SMALL) as Record<string, unknown>;
  const places: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    if (path.length > 0) places.push(path);
    if (value === null || typeof value !== "object") return;
    for (const [key, each] of Object.entries(value)) walk(each, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  walk(base, []);
  const before = emptyMesh("shop");
  const words = fc.constantFrom(
    "$" + "{A:-" + "$" + "{B}}",
    "http://queue:1",
    "__proto__",
    "1-99999:1",
    "::",
    "\u0000",
  );
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.oneof(fc.jsonValue({ maxDepth: 2 }), words), (path, value) => {
      const text = JSON.stringify(withValueAt(base, path, value));
      const result = importDocuments("auto", [{ text }], { document: before });
      const applied = applyCommand(before, {}, { type: "batch", commands: result.commands });
      expect(applied.ok).toBe(true);
    }),
    { numRuns: 25 },
  );
});

test("chains of defaults and of services that extend each other end", () => {
  const deep = `${"$" + "{A:-"}`.repeat(5000);
  expect(refused(JSON.stringify({ services: { a: { image: deep } } })).violations).not.toEqual([]);
  // a variable is told once for a text
  expect(
    told(JSON.stringify({ name: "p", services: { a: { expose: ["80"], restart: "$A".repeat(50_000) } } })),
  ).toEqual(expect.arrayContaining(["services.a.restart: A has no value here; nothing is taken for it"]));
  const services = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`s${i}`, { expose: ["80"], ...(i > 0 ? { extends: `s${i - 1}` } : {}) }]),
  );
  expect(refused(JSON.stringify({ services })).violations).toContainEqual(
    expect.objectContaining({ message: "is longer than 32 steps" }),
  );
});
