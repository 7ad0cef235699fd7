import { expect, test } from "vitest";
import { ledgerMesh, ledgerRoute } from "../../compile/testing/ledger";
import {
  applyCommand,
  buildIndex,
  diffDocuments,
  fromYaml,
  objectKey,
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
  expect(buildIndex(renamed.document).find("TcpRoute", KEY)?.spec.service.name).toBe("book");
  expect(validateDocument(renamed.document)).toEqual([]);
});
