import { expect, test } from "vitest";
import { edgeMesh, edgeRoute } from "../../compile/testing/edge";
import { ledgerMesh, ledgerRoute } from "../../compile/testing/ledger";
import {
  applyCommand,
  buildIndex,
  diffDocuments,
  fromYaml,
  objectKey,
  parseObject,
  type TcpRule,
  toYaml,
  validateDocument,
} from "..";
import { effectOf, isPolicy } from "../policies";

const problems = (...rules: TcpRule[]) =>
  validateDocument(ledgerMesh(ledgerRoute(rules))).map((each) => `${each.path}: ${each.message}`);
const to = (name: string, weight = 1, more: object = {}) => ({ service: { name }, weight, ...more });
const KEY = "TcpRoute/production/ledger";

test("a TCP route of a service is valid, and comes back from YAML as it was", () => {
  const document = ledgerMesh(ledgerRoute());
  expect(validateDocument(document)).toEqual([]);
  const read = fromYaml(toYaml(document));
  expect(read.ok && read.document.objects.find((each) => objectKey(each) === KEY)).toEqual(ledgerRoute());
});

test.each<[string, TcpRule, string]>([
  [
    "a match for a port of HTTP",
    { matches: [{ port: 8080 }], destinations: [to("ledger")] },
    "spec.rules[0].matches[0].port: names port 8080 of Service ledger, which does not have protocol tcp",
  ],
  [
    "a match for no port",
    { matches: [{ port: 1 }], destinations: [to("ledger")] },
    "spec.rules[0].matches[0].port: names port 1, which Service ledger does not have",
  ],
  [
    "a match for server names",
    { matches: [{ serverNames: ["a.example.com"] }], destinations: [to("ledger")] },
    "spec.rules[0].matches[0].serverNames: asks for server names, which sidecars do not see: what an app says is inside its tunnel",
  ],
  [
    "a destination on a port of HTTP",
    { matches: [], destinations: [to("ledger", 1, { port: 8080 })] },
    "spec.rules[0].destinations[0].port: names port 8080 of Service ledger, which does not have protocol tcp",
  ],
  [
    "a destination that speaks HTTP only",
    { matches: [], destinations: [to("cart")] },
    "spec.rules[0].destinations[0].service: names Service cart, which has no port of protocol tcp",
  ],
  [
    "no weight above 0",
    { matches: [], destinations: [to("ledger", 0), to("archive", 0)] },
    "spec.rules[0].destinations: has only weights of 0",
  ],
  [
    "a subset that is not there",
    { matches: [], destinations: [to("ledger", 1, { subset: "v9" })] },
    "spec.rules[0].destinations[0].subset: names subset v9 of Service production/ledger, which does not exist",
  ],
  [
    "a namespace of callers that is not there",
    { matches: [{ caller: { namespace: "nowhere" } }], destinations: [to("ledger")] },
    "spec.rules[0].matches[0].caller.namespace: names namespace nowhere, which does not exist",
  ],
])("%s is refused at its field", (_, rule, problem) => {
  expect(problems(rule)).toEqual([`${KEY}#${problem}`]);
});

test("a route for a service without TCP, and a second one for the same service, are refused", () => {
  const ofCart = { ...ledgerRoute([{ matches: [], destinations: [to("archive")] }]) };
  const document = ledgerMesh({ ...ofCart, spec: { ...ofCart.spec, service: { name: "cart" } } });
  expect(validateDocument(document).map(({ message }) => message)).toEqual([
    "names Service cart, which has no port of protocol tcp",
  ]);
  const twin = { ...ledgerRoute(), metadata: { name: "twin", namespace: "production" } };
  expect(validateDocument(ledgerMesh(ledgerRoute(), twin)).map(({ message }) => message)).toEqual([
    `is for the same service as ${KEY} is`,
  ]);
});

test("it is told in words, and so is what changes of it", () => {
  const before = ledgerMesh(ledgerRoute());
  const route = buildIndex(before).get(KEY);
  if (!route || !isPolicy(route)) throw new Error("a TCP route is a policy");
  expect(effectOf(route, buildIndex(before))).toBe(
    "port 5432 and caller with version=v2: to archive; 75 % to v1, 25 % to v2",
  );
  const half = [
    { service: { name: "ledger" }, subset: "v1", weight: 1 },
    { service: { name: "ledger" }, subset: "v2", weight: 1 },
  ];
  const changed = applyCommand(
    before,
    {},
    { type: "patchSpec", key: KEY, path: ["rules", 1, "destinations"], value: half },
  );
  if (!changed.ok) throw new Error(JSON.stringify(changed.violations));
  expect(diffDocuments(before, changed.document).map(({ sentence }) => sentence)).toEqual([
    "TCP connections to ledger, rule 2 (everything else): v1 goes from 75 % to 50 %, v2 goes from 25 % to 50 %.",
  ]);
  expect(diffDocuments(ledgerMesh(), before).map(({ sentence }) => sentence)).toEqual([
    "TCP connections to ledger get a route: port 5432 and caller with version=v2 goes to archive; every connection goes to v1 (75 %), v2 (25 %).",
  ]);
});

test("what it names takes it along: a destination first, then the rule, then the route", () => {
  const without = (key: string, document = ledgerMesh(ledgerRoute())) => {
    const result = applyCommand(document, {}, { type: "removeObject", key });
    if (!result.ok) throw new Error(JSON.stringify(result.violations));
    return result.document;
  };
  const routeIn = (document: ReturnType<typeof without>) => buildIndex(document).find("TcpRoute", KEY)?.spec.rules;
  expect(routeIn(without("Service/production/archive"))?.map(({ name }) => name)).toEqual([undefined]);
  expect(routeIn(without("Subset/production/ledger-v2"))?.[1]?.destinations).toHaveLength(1);
  expect(routeIn(without("Service/production/ledger"))).toBeUndefined();
  const renamed = applyCommand(
    ledgerMesh(ledgerRoute()),
    {},
    { type: "renameObject", key: "Service/production/ledger", name: "book" },
  );
  if (!renamed.ok) throw new Error(JSON.stringify(renamed.violations));
  expect(buildIndex(renamed.document).find("TcpRoute", KEY)?.spec.service?.name).toBe("book");
  expect(validateDocument(renamed.document)).toEqual([]);
});

const atEdge = (...rules: TcpRule[]) =>
  validateDocument(edgeMesh(edgeRoute(rules))).map((each) => `${each.path}: ${each.message}`);
const EDGE = "TcpRoute/production/edge";

test("a route of a gateway is valid, comes back from YAML as it was, and is told in words", () => {
  const document = edgeMesh(edgeRoute());
  expect(validateDocument(document)).toEqual([]);
  const read = fromYaml(toYaml(document));
  expect(read.ok && read.document.objects.find((each) => objectKey(each) === EDGE)).toEqual(edgeRoute());
  expect(effectOf(edgeRoute() as never, buildIndex(document))).toBe(
    "TLS for archive.example.com: to archive; port 8443 and TLS for *.example.com: 75 % to ledger v1, 25 % to ledger v2; port 6000: to archive",
  );
  expect(diffDocuments(edgeMesh(), document).map(({ sentence }) => sentence)).toEqual([
    "Connections at gateway edge get a route: TLS for archive.example.com goes to archive; port 8443 and TLS for *.example.com goes to ledger v1 (75 %), ledger v2 (25 %); port 6000 goes to archive.",
  ]);
  const moved = applyCommand(
    document,
    {},
    { type: "patchSpec", key: EDGE, path: ["rules", 0, "matches", 0, "serverNames"], value: ["a.example.com"] },
  );
  if (!moved.ok) throw new Error(JSON.stringify(moved.violations));
  expect(diffDocuments(document, moved.document).map(({ sentence }) => sentence)).toEqual([
    'Connections at gateway edge, rule "archive": now for TLS for a.example.com.',
  ]);
});

test.each<[string, TcpRule, string]>([
  [
    "a server name that nobody serves",
    { matches: [{ serverNames: ["a.example.com", "a.example.org"] }], destinations: [to("archive")] },
    "spec.rules[0].matches[0].serverNames[1]: asks for server name a.example.org, which no listener of Gateway edge serves",
  ],
  [
    "a server name where nobody says one",
    { matches: [{ port: 6000, serverNames: ["a.example.com"] }], destinations: [to("archive")] },
    "spec.rules[0].matches[0].serverNames: asks for server names, which Gateway edge sees at listeners of protocol tls only",
  ],
  [
    "a port of HTTP",
    { matches: [{ port: 8080 }], destinations: [to("archive")] },
    "spec.rules[0].matches[0].port: names port 8080, where Gateway edge has no listener of protocol tcp or tls",
  ],
  [
    "a caller",
    { matches: [{ caller: { namespace: "production" } }], destinations: [to("archive")] },
    "spec.rules[0].matches[0].caller: asks for callers at a gateway",
  ],
])("%s in a route of a gateway is refused at its field", (_, rule, problem) => {
  expect(atEdge(rule)).toEqual([`${EDGE}#${problem}`]);
});

test("a route needs a service or a gateway, one of them, and a gateway that carries connections", () => {
  const parse = (spec: object) => {
    const read = parseObject({ ...edgeRoute(), spec });
    return read.ok ? [] : read.issues.map(({ message }) => message);
  };
  const { rules } = edgeRoute().spec;
  expect(parse({ rules })).toEqual(["needs either a service or a gateway"]);
  expect(parse({ service: { name: "ledger" }, gateway: { name: "edge" }, rules })).toEqual([
    "needs either a service or a gateway",
  ]);
  const shop = {
    ...edgeRoute(),
    spec: { gateway: { name: "shop-gateway" }, rules: [{ matches: [], destinations: [to("archive")] }] },
  };
  expect(validateDocument(edgeMesh(shop)).map(({ message }) => message)).toEqual([
    "names Gateway shop-gateway, which has no listener of protocol tcp or tls",
  ]);
});

test("routes of one gateway may stand beside each other, unless they ask for the same", () => {
  const named = (name: string, ...serverNames: string[]) => ({
    ...edgeRoute([{ matches: [{ serverNames }], destinations: [to("archive")] }]),
    metadata: { name, namespace: "production" },
  });
  expect(validateDocument(edgeMesh(named("a", "a.example.com"), named("b", "b.example.com")))).toEqual([]);
  expect(
    validateDocument(edgeMesh(named("a", "a.example.com"), named("b", "A.example.com"))).map(({ message }) => message),
  ).toEqual(["is for the same gateway, port and server name as TcpRoute/production/a is"]);
});

test("a gateway that is renamed or removed takes its route along", () => {
  const document = edgeMesh(edgeRoute());
  const key = "Gateway/production/edge";
  const renamed = applyCommand(document, {}, { type: "renameObject", key, name: "front" });
  if (!renamed.ok) throw new Error(JSON.stringify(renamed.violations));
  expect(buildIndex(renamed.document).find("TcpRoute", EDGE)?.spec.gateway).toEqual({ name: "front" });
  const removed = applyCommand(document, {}, { type: "removeObject", key });
  if (!removed.ok) throw new Error(JSON.stringify(removed.violations));
  expect(buildIndex(removed.document).find("TcpRoute", EDGE)).toBeUndefined();
});
