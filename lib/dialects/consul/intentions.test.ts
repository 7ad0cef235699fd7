// Intentions as Consul takes them: of all that fit the most exact one, and its permissions in order.
import { expect, test } from "vitest";
import { valuesToYaml } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { importDocuments } from "..";
import { specOf } from "../testing/imported";
import { entry, intentions, read, running } from "./testing/resources";

const ground = ["a", "b", "c"].flatMap(running);
const DENY = { name: "*", action: "deny" };
const found = (...more: object[]) => read([...ground, ...more]);

function outcome({ document }: ReturnType<typeof read>, from: string, to: string, path = "/", method = "GET") {
  const workload = `Workload/shop/${from}-v1`;
  const drawn = [
    ...document.objects,
    // a call needs a way before it can be refused
    ...["a", "b", "c"].map((name) => ({
      apiVersion: "meshwright.dev/v1",
      kind: "Dependency",
      metadata: { name: `test-${name}`, namespace: "shop" },
      spec: { from: { kind: "Service", name: from }, to: { kind: "Service", name } },
    })),
  ] as typeof document.objects;
  const question = { from: { kind: "workload" as const, workload }, to: { host: to }, method, path, headers: {} };
  return ask(buildScene({ objects: drawn }), question).outcome;
}

test("both named goes before the destination named, that before the source named, that before neither", () => {
  const world = found(
    intentions("*", [{ name: "b", action: "allow" }, DENY]),
    intentions("a", [
      { name: "c", action: "allow" },
      { name: "*", action: "deny" },
    ]),
    intentions("c", [{ name: "b", action: "deny" }]),
  );
  expect(outcome(world, "c", "a")).toBe("forwarded");
  // b may call everything, and for a it is refused with everybody else
  expect(outcome(world, "b", "a")).toBe("denied");
  expect(outcome(world, "b", "c")).toBe("denied");
  expect(outcome(world, "a", "c")).toBe("denied");
  expect(outcome(world, "a", "b")).toBe("denied");
  const open = found(
    intentions("*", [{ name: "*", action: "allow" }]),
    intentions("a", [{ name: "b", action: "deny" }]),
    intentions("b", [{ name: "c", action: "allow" }, DENY]),
  );
  expect(specOf(open.document, "Mesh//shop")).toMatchObject({ defaults: { authorization: "allow" } });
  expect(["b", "c"].map((from) => outcome(open, from, "a"))).toEqual(["denied", "forwarded"]);
  expect(["a", "c"].map((from) => outcome(open, from, "b"))).toEqual(["denied", "forwarded"]);
  expect(outcome(open, "a", "c")).toBe("forwarded");
});

test("the first permission that fits decides, and what none takes is what the default says", () => {
  const world = found(
    intentions("a", [
      {
        name: "b",
        permissions: [
          { action: "deny", http: { pathPrefix: "/admin" } },
          { action: "allow", http: { pathPrefix: "/", methods: ["GET"] } },
        ],
      },
      { name: "*", permissions: [{ action: "allow", http: { pathExact: "/health" } }] },
    ]),
  );
  const to = (from: string, path: string, method = "GET") => outcome(world, from, "a", path, method);
  expect([to("b", "/x"), to("b", "/admin/x"), to("b", "/x", "POST")]).toEqual(["forwarded", "denied", "denied"]);
  // the others' permission is not b's
  expect([to("c", "/health"), to("c", "/x"), to("b", "/health", "POST")]).toEqual(["forwarded", "denied", "denied"]);
});

test("an allowance before a denial that it overlaps is refused here, and told", () => {
  const world = found(
    intentions("a", [
      {
        name: "b",
        permissions: [
          { action: "allow", http: { pathExact: "/admin/health" } },
          { action: "deny", http: { pathPrefix: "/admin" } },
          { action: "allow", http: { pathPrefix: "/" } },
        ],
      },
    ]),
  );
  expect(outcome(world, "b", "a", "/admin/health")).toBe("denied");
  expect(outcome(world, "b", "a", "/x")).toBe("forwarded");
  expect(world.warnings.filter(({ changesMeaning }) => changesMeaning).map(({ message }) => message)).toEqual([
    expect.stringContaining("denials win here"),
  ]);
});

test("a condition without words never opens: what it allows is refused, what it denies is refused with all else", () => {
  const regex = { pathRegex: "/(a|b)[0-9]+" };
  const world = found(
    intentions("a", [
      {
        name: "b",
        permissions: [
          { action: "allow", http: regex },
          { action: "allow", http: { pathExact: "/x" } },
        ],
      },
      {
        name: "c",
        permissions: [
          { action: "deny", http: regex },
          { action: "allow", http: { pathPrefix: "/" } },
        ],
      },
    ]),
    entry("ServiceIntentions", "b", {
      destination: { name: "b" },
      jwt: { providers: [{ name: "okta" }] },
      sources: [{ name: "a", action: "allow" }],
    }),
  );
  expect([outcome(world, "b", "a", "/x"), outcome(world, "b", "a", "/a1")]).toEqual(["forwarded", "denied"]);
  expect(outcome(world, "c", "a", "/x")).toBe("denied");
  expect(outcome(world, "a", "b")).toBe("denied");
  expect(world.warnings.filter(({ changesMeaning }) => changesMeaning).map(({ path }) => path)).toEqual([
    "spec.sources[0].permissions[0]",
    "spec.sources[1].permissions[0]",
    "spec.jwt",
  ]);
});

test("on connections permissions are a denial, and callers of other partitions are nobody here", () => {
  const world = read([
    ...running("b"),
    entry("ServiceDefaults", "a", { protocol: "tcp" }),
    intentions("a", [
      { name: "b", permissions: [{ action: "allow", http: { pathPrefix: "/" } }] },
      { name: "b", peer: "west", action: "allow" },
    ]),
  ]);
  expect(world.document.objects.filter(({ kind }) => kind === "AuthorizationPolicy")).toEqual([]);
  expect(world.kept.filter(({ path }) => path.startsWith("resource ")).map(({ value }) => value)).toMatchObject([
    { kind: "ServiceIntentions", spec: { sources: [{ name: "b", peer: "west", action: "allow" }] } },
  ]);
});

test("headers are compared as Envoy does: not, whatever case, alternatives at the ends of a path", () => {
  const world = found(
    intentions("a", [
      {
        name: "b",
        permissions: [
          {
            action: "allow",
            http: {
              pathRegex: "/v1/.*|/v2/.*",
              header: [
                { name: "x-kind", exact: "Bot", invert: true },
                { name: "x-team", prefix: "Ops", ignoreCase: true },
              ],
            },
          },
        ],
      },
    ]),
  );
  expect(specOf(world.document, "AuthorizationPolicy/shop/a")).toMatchObject({
    rules: [
      {
        to: [
          {
            paths: ["/v1/*", "/v2/*"],
            headers: [
              { name: "x-kind", type: "exact", values: ["Bot"], invert: true },
              { name: "x-kind", type: "present" },
              { name: "x-team", type: "regex", values: ["(?i)Ops.*"] },
            ],
          },
        ],
      },
    ],
  });
});

test("a design that had services before is told that its default changes", () => {
  const before = read([...running("a"), ...running("b")]).document;
  const { warnings } = importDocuments(
    "consul",
    [{ text: valuesToYaml([intentions("a", [{ name: "b", action: "allow" }])]) }],
    {
      document: before,
    },
  );
  expect(warnings.filter(({ changesMeaning }) => changesMeaning).map(({ message }) => message)).toEqual([
    expect.stringContaining("the mesh's default becomes deny (from drawn)"),
  ]);
});
