import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { applyCommand, digestOf, emptyMesh, type MeshDocument, objectKey, validateDocument } from "@/lib/mesh";
import { exportDocument, importDocuments } from "..";
import { imported as importedFrom, specOf } from "../testing/imported";
import { schemaErrors } from "./testing/schemas";

const corpus = new URL("fixtures/corpus/", import.meta.url);
const sample = (name: string) => readFileSync(new URL(`${name}.yaml`, corpus), "utf8");
const names = readdirSync(corpus)
  .filter((name) => name.endsWith(".yaml") && name !== "ground.yaml")
  .map((name) => name.replace(".yaml", ""));
const ground = sample("ground");

const imported = (...texts: string[]) =>
  importedFrom(
    "gateway-api",
    texts.map((text) => ({ text })),
  );

const withoutOrigin = (mesh: MeshDocument): MeshDocument => ({
  objects: mesh.objects
    .map((object) => ({ ...object, metadata: { ...object.metadata, origin: undefined } }) as typeof object)
    .sort((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1)),
});

test.each(names)("%s comes in, goes out as the published schema has it, and comes back as the same design", (name) => {
  const { document } = imported(ground, sample(name));
  expect(validateDocument(document)).toEqual([]);
  for (const channel of ["standard", "experimental"] as const) {
    const out = exportDocument("gateway-api", document, { channel });
    const isOfChannel = name !== "times" || channel === "experimental";
    if (isOfChannel) expect(schemaErrors(out.resources, channel)).toEqual([]);
    if (channel === "standard") continue;
    const again = imported(ground, out.text).document;
    expect(withoutOrigin(again)).toEqual(withoutOrigin(document));
    expect(digestOf(withoutOrigin(again))).toBe(digestOf(withoutOrigin(document)));
    // and what was kept is still there
    const kept = (mesh: MeshDocument) =>
      mesh.objects
        .flatMap((each) => each.metadata.origin?.kept ?? [])
        .map(({ value }) => JSON.stringify(value))
        .sort();
    expect(kept(again)).toEqual(kept(document));
  }
});

test("rules come in the order in which the product tries them, not in that of the list", () => {
  const { document } = imported(ground, sample("precedence"));
  const route = specOf(document, "Route/shop/web") as { rules: { name?: string; matches: unknown[] }[] };
  expect(route.rules.map(({ name, matches }) => [name, matches])).toEqual([
    [
      undefined,
      [{ path: { type: "exact", value: "/beta" }, headers: [{ name: "x-old", type: "regex", value: "yes|true" }] }],
    ],
    ["by-header", [{ path: { type: "exact", value: "/beta" } }]],
    [
      undefined,
      [
        { path: { type: "pathPrefix", value: "/api/v2" }, methods: ["GET"] },
        { path: { type: "pathPrefix", value: "/api" } },
      ],
    ],
    [undefined, [{ headers: [{ name: "x-beta", type: "exact", value: "1" }] }]],
    ["everything", []],
  ]);
});

test("the older route wins where two are as specific, and hosts that share their routes share a Route", () => {
  const { document } = imported(ground, sample("hosts"));
  expect(specOf(document, "Route/shop/b")).toMatchObject({ hosts: ["b.example.com"] });
  const both = document.objects.find(
    (object) => object.kind === "Route" && object.spec.hosts?.includes("both.example.com"),
  );
  expect(
    both?.kind === "Route" &&
      both.spec.rules.map(({ action }) => action.type === "forward" && action.destinations[0]?.service.name),
  ).toEqual(["store", "web"]);
  expect(specOf(document, "Route/accounts/login")).toMatchObject({
    target: { kind: "Gateway", namespace: "shop", name: "front" },
    hosts: ["*"],
  });
});

test("what would answer calls differently is told so, with its place", () => {
  const { document, warnings } = imported(ground, sample("filters"));
  expect(specOf(document, "Route/shop/changes")).toMatchObject({
    rules: expect.arrayContaining([
      expect.objectContaining({
        action: expect.objectContaining({
          destinations: [expect.objectContaining({ headers: { request: { remove: ["x-d"] } } })],
        }),
      }),
    ]),
  });
  expect(
    warnings.filter(({ changesMeaning }) => changesMeaning).map(({ source, line, path }) => [source, line, path]),
  ).toEqual([]);
  const across = imported(ground, sample("across"));
  expect(across.warnings.map(({ source, message }) => `${source} ${message}`)).toEqual([
    expect.stringContaining("web-v1 is read as subset"),
    expect.stringContaining("web-v2 is read as subset"),
  ]);
  // a route in the mesh needs no grant, one of a gateway does
  const atGateway = sample("across")
    .replace("namespace: shop}]", "namespace: elsewhere}]")
    .replace('{group: "", kind: Service, name: web}', "{name: front}");
  const ungranted = imported(ground, sample("hosts"), atGateway);
  expect(
    ungranted.warnings.some(
      ({ message, changesMeaning }) => changesMeaning && message.includes("has no ReferenceGrant"),
    ),
  ).toBe(true);
});

test("a document for another dialect says where it belongs", () => {
  const rule = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: x, namespace: shop}\n";
  expect(imported(rule).warnings).toMatchObject([{ fix: "Read it as Istio." }]);
});

test("a route of Istio for the same service in the same set does not vanish without a word", () => {
  const rule = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web-by-istio, namespace: shop}
spec:
  hosts: [web]
  http: [{route: [{destination: {host: web}}]}]
`;
  const texts = [ground, rule, sample("splits")].map((text) => ({ text }));
  const { warnings, violations } = importDocuments("auto", texts, { document: emptyMesh("shop") });
  expect(violations).toEqual([]);
  expect(
    warnings.filter(({ message }) => message.includes("VirtualService web-by-istio of the same set")),
  ).toMatchObject([{ source: "HTTPRoute shop/web", changesMeaning: true }]);
});

test("at least four of five rules of the samples, and of Istio's, are exact", () => {
  const istio = ["seed", "everything"].map((name) =>
    readFileSync(new URL(`../istio/fixtures/${name}.yaml`, import.meta.url), "utf8"),
  );
  const designs = [
    ...names.map((name) => imported(ground, sample(name)).document),
    ...istio.map((text) => {
      const document = emptyMesh("shop");
      const { commands } = importDocuments("istio", [{ text }], { document });
      const applied = applyCommand(document, {}, { type: "batch", commands });
      if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
      return applied.document;
    }),
  ];
  const verdicts = designs.flatMap((document) => {
    const { report } = exportDocument("gateway-api", document, { channel: "experimental" });
    const routes = document.objects.filter((object) => object.kind === "Route");
    return routes.flatMap((route) =>
      route.spec.rules.map((_, i) =>
        report
          .filter(({ key, path }) => key === objectKey(route) && path === `spec.rules[${i}]`)
          .map(({ verdict, reason }) => `${verdict}: ${reason}`),
      ),
    );
  });
  const exact = verdicts.filter((all) => all.every((each) => each.startsWith("exact")));
  console.log(
    `${exact.length} of ${verdicts.length} rules are exact; others: ${verdicts
      .flat()
      .filter((each) => !each.startsWith("exact"))
      .join("; ")}`,
  );
  expect(exact.length / verdicts.length).toBeGreaterThanOrEqual(0.8);
});
