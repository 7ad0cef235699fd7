// MeshTCPRoute: in and out again the same design, what goes out is what the published schemas take, and what cannot be said whole is kept whole.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, validateDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { ledgerMesh, ledgerRoute } from "../../compile/testing/ledger";
import { exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { specOf } from "../testing/imported";
import { policy, read, service } from "./testing/resources";

const tcp = (name: string, namespace = "shop", more: object[] = []) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ name: "main", port: 9000, appProtocol: "tcp" }, ...more] },
});
const HTTP = { name: "http", port: 8080, appProtocol: "http" };
const ADMIN = { name: "admin", port: 9001, appProtocol: "tcp" };
const ref = (name: string, more: object = {}) => ({ kind: "MeshService", name, namespace: "shop", ...more });
const entry = (target: object, ...backendRefs: object[]) => ({
  targetRef: target,
  rules: [{ default: { backendRefs } }],
});
const route = (name: string, to: object[], namespace = "shop", more: object = {}) =>
  policy("MeshTCPRoute", name, { ...more, to }, namespace);
const KEY = "TcpRoute/shop/echo";
const GROUND = [tcp("echo", "shop", [ADMIN]), tcp("archive"), service("client", "batch")];
const warned = (warnings: readonly { source: string; message: string }[]) =>
  warnings.filter(({ source }) => source.startsWith("MeshTCPRoute")).map(({ message }) => message);

test("a policy is a TcpRoute: a port first, then what is said for all; that of another namespace is for the callers there", () => {
  const all = route("echo", [
    entry(ref("echo"), ref("echo", { port: 9000, weight: 3 }), ref("archive", { weight: 1 })),
    entry(ref("echo", { sectionName: "admin" }), ref("archive")),
  ]);
  const batch = route("batch", [entry(ref("echo"), ref("archive"))], "batch");
  const { document, warnings } = read([...GROUND, all, batch]);
  expect(warned(warnings)).toEqual([]);
  expect(validateDocument(document)).toEqual([]);
  const archive = { service: { name: "archive" }, weight: 1 };
  expect(specOf(document, KEY)).toEqual({
    service: { name: "echo" },
    rules: [
      { matches: [{ caller: { namespace: "batch" } }], destinations: [archive] },
      { matches: [{ port: 9001 }], destinations: [archive] },
      { matches: [], destinations: [{ service: { name: "echo" }, port: 9000, weight: 3 }, archive] },
    ],
  });
});

test.each(["2.x", "3.x"] as const)("through %s a route for ports and callers comes back the same", (channel) => {
  const before = read([
    ...GROUND,
    route("echo", [
      entry(
        ref("echo", { sectionName: "main" }),
        ref("echo", { port: 9000, weight: 3 }),
        ref("archive", { port: 9000 }),
      ),
      entry(ref("echo", { sectionName: "admin" }), ref("archive", { port: 9000 })),
    ]),
    route("echo", [entry(ref("echo"), ref("archive", { port: 9000 }))], "batch"),
  ]);
  const { resources, report } = exportDocument("kuma", before.document, { channel });
  expect(schemaErrors(resources, `kuma-${channel}`)).toEqual([]);
  const told = report.filter(({ key }) => key === KEY);
  expect(told.map(({ path, verdict }) => [path, verdict])).toEqual([
    ["spec.rules[0]", "exact"],
    ["spec.rules[1]", "exact"],
    ["spec.rules[2]", "exact"],
  ]);
  const made = resources.filter(({ kind }) => kind === "MeshTCPRoute");
  expect(made.map(({ metadata }) => metadata.namespace)).toEqual(["batch", channel === "2.x" ? "shop" : "kuma-system"]);
  const back = read([...GROUND, ...resources.filter(({ kind }) => kind !== "Namespace")]);
  expect(warned(back.warnings)).toEqual([]);
  const answersOf = (document: MeshDocument) => specOf(document, KEY);
  expect(answersOf(back.document)).toEqual(answersOf(before.document));
});

test.each([
  ["a service without TCP", [entry(ref("web"), ref("archive"))], {}, "service web has no TCP port"],
  ["a service that is not there", [entry(ref("nowhere"), ref("archive"))], {}, "nowhere, which is no service"],
  ["a section of HTTP", [entry(ref("both", { sectionName: "http" }), ref("archive"))], {}, "both has no TCP port http"],
  ["a backend without TCP", [entry(ref("echo"), ref("web"))], {}, "its backend MeshService web has no TCP port"],
  [
    "a backend outside",
    [entry(ref("echo"), { kind: "MeshExternalService", name: "x" })],
    {},
    "its backend MeshExternalService x",
  ],
  [
    "nothing that gets connections",
    [entry(ref("echo"), ref("archive", { weight: 0 }))],
    {},
    "nothing gets its connections",
  ],
  ["no rule", [{ targetRef: ref("echo"), rules: [] }], {}, "nothing gets its connections"],
  [
    "a gateway",
    [entry(ref("echo"), ref("archive"))],
    { targetRef: { kind: "MeshGateway", name: "edge" } },
    "its targetRef is a MeshGateway",
  ],
  [
    "some callers",
    [entry(ref("echo"), ref("archive"))],
    { targetRef: { kind: "MeshService", name: "web", namespace: "shop" } },
    "for calls of web only",
  ],
])("%s: the policy is kept whole and comes back", (_, to, more, why) => {
  const ground = [...GROUND, service("web"), tcp("both", "shop", [HTTP])];
  const written = route("kept", to, "shop", more);
  const { document, warnings } = read([...ground, written]);
  expect(warned(warnings)).toEqual([expect.stringContaining(why)]);
  expect(document.objects.filter(({ kind }) => kind === "TcpRoute")).toEqual([]);
  expect(document.objects.some(({ metadata }) => metadata.name === "nowhere")).toBe(false);
  const { resources } = exportDocument("kuma", document);
  expect(resources.filter(({ kind }) => kind === "MeshTCPRoute")).toMatchObject([{ spec: written.spec }]);
});

test("of policies for one service the one that Kuma merges last counts, and others only where it says nothing", () => {
  const system = route("system", [entry(ref("echo", { sectionName: "main" }), ref("echo"))], "kuma-system");
  const { document } = read([
    ...GROUND,
    system,
    route("b", [entry(ref("echo", { sectionName: "admin" }), ref("archive"))]),
    route("a", [entry(ref("echo", { sectionName: "admin" }), ref("echo", { port: 9001 }))]),
  ]);
  expect(specOf(document, KEY)).toMatchObject({
    rules: [
      { matches: [{ port: 9001 }], destinations: [{ service: { name: "echo" }, port: 9001 }] },
      { matches: [{ port: 9000 }], destinations: [{ service: { name: "echo" } }] },
    ],
  });
});

test("a policy for all ports of a service with HTTP is for its TCP ports, which is told", () => {
  const { document, warnings } = read([
    tcp("echo", "shop", [HTTP]),
    tcp("archive"),
    route("echo", [entry(ref("echo"), ref("archive"))]),
  ]);
  expect(warned(warnings)).toEqual([expect.stringContaining("here it is for its TCP ports 9000")]);
  expect(specOf(document, KEY)).toMatchObject({ rules: [{ matches: [] }] });
});

test.each(["2.x", "3.x"] as const)(
  "rules for labels of callers are told as lost in %s; the others send connections where they went",
  (channel) => {
    const before = ledgerMesh(ledgerRoute());
    const made = exportDocument("kuma", before, { channel });
    expect(schemaErrors(made.resources, `kuma-${channel}`)).toEqual([]);
    const told = made.report.filter(({ key }) => key === "TcpRoute/production/ledger");
    expect(told.map(({ path, verdict, changesMeaning }) => [path, verdict, changesMeaning])).toEqual([
      ["spec.rules[0]", "lost", true],
      ["spec.rules[1]", "exact", undefined],
    ]);
    const objects = before.objects.filter(({ kind }) => kind !== "TcpRoute");
    const { commands, violations } = importDocuments("kuma", [{ text: made.text }], { document: { objects } });
    expect(violations).toEqual([]);
    const applied = applyCommand({ objects }, {}, { type: "batch", commands });
    if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
    const answer = (document: MeshDocument) =>
      ask(buildScene(document), {
        from: { kind: "workload", workload: "Workload/production/storefront-v1" },
        to: { host: "ledger", port: 5432 },
        ...{ method: "CONNECT", path: "/", headers: {} },
      });
    expect(answer(applied.document).destinations).toEqual(answer(before).destinations);
    expect(answer(before).destinations.map(({ probability }) => probability)).toEqual([0.75, 0.25]);
  },
);
