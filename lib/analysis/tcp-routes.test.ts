// What findings say of TCP routes. The mesh is that of compile's tests, without what is said of it anyway.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, type TcpRule, validateDocument } from "@/lib/mesh";
import { ledgerMesh, ledgerRoute } from "../compile/testing/ledger";
import { object } from "../compile/testing/rich";
import { analyze } from ".";

const KEY = "TcpRoute/production/ledger";
const findingsOf = (document: MeshDocument) => analyze(document).filter(({ refs }) => refs[0] === KEY);
const told = (...rules: TcpRule[]) => findingsOf(ledgerMesh(ledgerRoute(rules))).map(({ code, path }) => [code, path]);
const to = (subset: string, weight: number) => ({ service: { name: "ledger" }, subset, weight });
const all: TcpRule = { matches: [], destinations: [to("v1", 90), to("v2", 10)] };

test("a route that does what it says has no finding, and its subsets are used", () => {
  const document = ledgerMesh(ledgerRoute([all]));
  expect(findingsOf(document)).toEqual([]);
  expect(analyze(document).filter(({ code, refs }) => code === "MW1044" && refs[0]?.includes("ledger"))).toEqual([]);
  const unused = analyze(ledgerMesh()).filter(({ code }) => code === "MW1044");
  expect(unused.map(({ refs }) => refs[0])).toEqual(["Subset/production/ledger-v1", "Subset/production/ledger-v2"]);
});

test("weights that are no percents, with a fix that leaves the shares as they are", () => {
  const document = ledgerMesh(ledgerRoute([{ matches: [], destinations: [to("v1", 3), to("v2", 1)] }]));
  const [finding] = findingsOf(document);
  expect(finding).toMatchObject({ code: "MW1005", path: "spec.rules[0].destinations" });
  const command = finding?.fixes?.[0]?.command;
  if (!command) throw new Error("a fix is offered");
  const fixed = applyCommand(document, {}, command);
  if (!fixed.ok) throw new Error(JSON.stringify(fixed.violations));
  expect(validateDocument(fixed.document)).toEqual([]);
  expect(findingsOf(fixed.document)).toEqual([]);
});

test("a rule behind one that takes all of its connections, and one for callers that nobody is", () => {
  const ofStaging: TcpRule = { ...all, matches: [{ caller: { labels: { version: "v9" } } }] };
  const ofPort: TcpRule = { ...all, matches: [{ port: 5432 }] };
  expect(told(all, ofPort)).toEqual([["MW1006", "spec.rules[1]"]]);
  expect(told(ofPort, { ...all, matches: [{ port: 5432, caller: { labels: { version: "v1" } } }] })).toEqual([
    ["MW1006", "spec.rules[1]"],
  ]);
  expect(told({ ...all, matches: [{ caller: { labels: { version: "v1" } } }] }, all)).toEqual([]);
  expect(told(ofStaging, all)).toEqual([["MW1057", "spec.rules[0].matches[0].caller"]]);
});

test("a rule by methods or paths on its port is told as one without connections", () => {
  const policy = object("AuthorizationPolicy", "paths", {
    target: { service: "ledger" },
    action: "allow",
    rules: [{ to: [{ ports: [5432], paths: ["/x"] }] }],
  });
  expect(analyze(ledgerMesh(policy)).map(({ code }) => code)).toContain("MW1018");
});

test("what cannot work is an error of the draft: a subset that is not there, a port of HTTP", () => {
  const of = (rule: TcpRule) => analyze(ledgerMesh(ledgerRoute([rule]))).filter(({ refs }) => refs[0] === KEY);
  expect(of({ matches: [], destinations: [to("v7", 1)] })).toMatchObject([{ severity: "error" }]);
  expect(of({ matches: [{ port: 8080 }], destinations: [to("v1", 1)] })).toMatchObject([{ severity: "error" }]);
});
