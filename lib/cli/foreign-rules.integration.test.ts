// The rules of others' samples in the other form: how many are exact, and whether those get every request the same answer.
// The rule: "exact" is the report's own word. `REQUESTS=10000` asks as many of each route; `RULES=1` prints what is not exact, and why.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { exportDocument, importDocuments } from "@/lib/dialects";
import { applyCommand, type Command, type MeshDocument, objectKey, type Route, type RouteMatch } from "@/lib/mesh";
import { type Answer, ask, buildScene, type Caller, type Question } from "@/lib/simulate";
import { askable, designOfManifests } from "./manifests";
import { files, textOf, worldOf } from "./testing/foreign";

const REQUESTS = Number(process.env["REQUESTS"] ?? 40);
type Form = "istio" | "gateway-api";
type Case = { file: string; document: MeshDocument; route: Route; exact: boolean[]; reasons: string[] };

function casesOf(file: string): { file: string; to: Form; cases: Case[] } {
  const from: Form = file.includes("gateway-api") ? "gateway-api" : "istio";
  const to: Form = from === "istio" ? "gateway-api" : "istio";
  const read = designOfManifests({ choice: from, defaultNamespace: undefined }, worldOf(file, attached));
  if (!read.ok) throw new Error(`${file}: ${JSON.stringify(read.violations)}`);
  const document = askable(read.design);
  const routes = document.objects.filter((each) => each.kind === "Route");
  if (routes.length === 0) return { file, to, cases: [] };
  const { report } = exportDocument(to, document, { channel: "experimental" });
  const cases = routes.map((route) => {
    const own = report.filter(({ key, verdict }) => key === objectKey(route) && !SAME.includes(verdict));
    const kept = route.metadata.origin?.kept?.map(({ path }) => path) ?? [];
    const isExact = (i: number) =>
      !own.some(({ path }) => path === "spec" || isOfRule(path, i)) && !kept.some((path) => isOfRule(path, i));
    const exact = route.spec.rules.map((_, i) => isExact(i));
    const reasons = [
      ...own.map(({ path, verdict, reason }) => `${path} ${verdict}: ${reason}`),
      ...kept.filter((path) => /^spec\.\w+\[/.test(path)).map((path) => `${path} is only kept`),
    ];
    return { file, document, route, exact, reasons };
  });
  return { file, to, cases };
}

/** Some samples are routes without a parent, which take no call anywhere: they hang on a gateway here, as their pages say. */
function attached(text: string): string {
  const documents = parseAllDocuments(text);
  for (const each of documents) {
    const isRoute = each.get("kind") === "HTTPRoute" || each.get("kind") === "GRPCRoute";
    if (isRoute && !each.hasIn(["spec", "parentRefs"])) each.setIn(["spec", "parentRefs"], [{ name: "any" }]);
  }
  return documents.map((each) => each.toString()).join("---\n");
}

/** What is said in another place is said. */
const SAME = ["exact", "moved"];
/** In the design, or in the document that it came from. */
const isOfRule = (path: string, i: number) => new RegExp(`^spec\\.(rules|http)\\[${i}\\]`).test(path);

/** As the documents have them: rules that did not come into the design are not exact. */
function rulesOf(file: string): number {
  const documents = parseAllDocuments(textOf(file).text).map((each) => each.toJS() as Written | null);
  return documents
    .filter((each) => /^(VirtualService|HTTPRoute|GRPCRoute)$/.test(each?.kind ?? ""))
    .map((each) => ["http", "tcp", "tls", "rules"].map((list) => each?.spec?.[list]?.length ?? 0))
    .reduce((sum, counts) => counts.reduce((total, count) => total + count, sum), 0);
}
type Written = { kind?: string; spec?: Record<string, unknown[] | undefined> };

const all = files.map(casesOf);
const cases = all.flatMap((each) => each.cases);

test("at least 80 % of the rules of others' samples are exact in the other form", () => {
  const counted = all.map(({ file, cases: own }) => {
    const rules = own.flatMap(({ exact }) => exact);
    const written = rulesOf(file);
    // one rule may be for several hosts, and then is as many of the design
    const share = rules.length === 0 ? 0 : rules.filter(Boolean).length / Math.max(rules.length, written);
    return { written, exact: written * share };
  });
  const sum = (field: "written" | "exact") => counted.reduce((total, each) => total + each[field], 0);
  if (process.env["RULES"]) {
    console.log(`${sum("written")} rules, ${sum("exact")} of them exact`);
    for (const { file, route, reasons } of cases)
      for (const each of reasons) console.log(`${file} ${route.metadata.name} ${each}`);
    for (const { file, cases: own } of all)
      if (rulesOf(file) > 0 && own.length === 0) console.log(`${file}: no rule came in`);
  }
  expect(sum("written")).toBeGreaterThan(50);
  expect(sum("exact") / sum("written")).toBeGreaterThanOrEqual(0.8);
});

/** The design with its routes as the other form has them. */
function inForm(to: Form, document: MeshDocument): MeshDocument {
  const { text } = exportDocument(to, document, { channel: "experimental" });
  const bare = { objects: document.objects.filter(({ kind }) => kind !== "Route" && kind !== "Subset") };
  const { commands, violations } = importDocuments(to, [{ text }], { document: bare });
  expect(violations).toEqual([]);
  const traffic = commands.filter(
    (each: Command) => each.type === "addObject" && (each.object.kind === "Route" || each.object.kind === "Subset"),
  );
  const applied = applyCommand(bare, {}, { type: "batch", commands: traffic });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  return applied.document;
}

const PLACES = [
  "/",
  "/a",
  "/a/b",
  "/productpage",
  "/static/x",
  "/api/v1/products/1",
  "/login",
  "/foo",
  "/bar/baz",
  "/hello",
];
const near = (value: string) => [value, `${value}/`, `${value}x`, `${value}/x`, value.slice(0, -1) || "/"];

function requestOf(route: Route): fc.Arbitrary<Pick<Question, "path" | "method" | "headers" | "draw">> {
  const matches: RouteMatch[] = route.spec.rules.flatMap((rule) => rule.matches);
  const paths = [...PLACES, ...matches.flatMap(({ path }) => (path ? near(path.value) : []))];
  const headers = matches.flatMap((match) => match.headers ?? []);
  const query = matches.flatMap((match) => match.query ?? []);
  const pair = headers.map(({ name, value = "any" }) =>
    fc.constantFrom(undefined, value, "other").map((each) => [name, each] as const),
  );
  const params = query.map(({ name, value = "any" }) => fc.constantFrom("", `${name}=${value}`, `${name}=other`));
  return fc.record({
    path: fc
      .tuple(fc.constantFrom(...paths.map((each) => (each.startsWith("/") ? each : `/${each}`))), fc.tuple(...params))
      .map(([path, all]) => [path, all.filter(Boolean).join("&")].filter(Boolean).join("?")),
    method: fc.constantFrom("GET", "POST", ...matches.flatMap(({ methods }) => methods ?? [])),
    headers: fc
      .tuple(...pair)
      .map((all) => Object.fromEntries(all.filter((each): each is [string, string] => each[1] !== undefined))),
    draw: fc.constantFrom(0, 0.3, 0.6, 0.95),
  });
}

function callerOf(document: MeshDocument, { spec: { target }, metadata }: Route): Caller | undefined {
  const namespace = target.namespace ?? metadata.namespace;
  if (target.kind === "Gateway") return { kind: "outside", gateway: `Gateway/${namespace}/${target.name}` };
  const workload = document.objects.find((each) => each.kind === "Workload");
  return workload && { kind: "workload", workload: objectKey(workload) };
}

function answered({ outcome, status, destinations, hops }: Answer) {
  const { timeoutMs, retries, rewrites, reply } = hops[0] ?? {};
  const places = destinations.map(({ service, subset, probability }) => [
    service,
    subset,
    Math.round(probability * 1e6),
  ]);
  const sent = { timeoutMs, retries: retries && { ...retries, on: [...retries.on].sort() }, rewrites };
  return { outcome, status, places, reply, ...(outcome === "forwarded" ? sent : {}) };
}

test(`${REQUESTS} requests to each route get the same answer in the other form wherever its rule is said to be exact`, () => {
  let asked = 0;
  let answers = 0;
  for (const { to, cases: ofFile } of all) {
    const [first] = ofFile;
    if (!first) continue;
    const own = buildScene(first.document);
    const other = buildScene(inForm(to, first.document));
    for (const { file, document, route, exact } of ofFile) {
      const from = callerOf(document, route);
      if (!from) continue;
      const { target, hosts } = route.spec;
      const host = hosts?.[0]?.replace("*", "any.example") ?? (target.kind === "Gateway" ? "any.example" : target.name);
      const told = new Set<string>();
      for (const request of fc.sample(requestOf(route), { numRuns: REQUESTS, seed: 1 })) {
        const question: Question = { from, to: { host }, ...request };
        asked += 1;
        // the same question has the same answer
        const words = JSON.stringify(request);
        if (told.has(words)) continue;
        told.add(words);
        const expected = ask(own, question);
        const rule = expected.hops[0]?.rule;
        const index = rule?.object === objectKey(route) ? /^spec\.rules\[(\d+)\]/.exec(rule.path)?.[1] : undefined;
        if (index === undefined || !exact[Number(index)]) continue;
        answers += 1;
        expect({ file, question, ...answered(ask(other, question)) }).toEqual({
          file,
          question,
          ...answered(expected),
        });
      }
    }
  }
  if (process.env["RULES"]) console.log(`${asked} requests asked, ${answers} different ones compared`);
  expect(answers).toBeGreaterThan(1000);
}, 3_600_000);
