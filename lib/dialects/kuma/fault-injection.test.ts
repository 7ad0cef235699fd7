// MeshFaultInjection: one fault of whole services in and out again, and what cannot be said whole is kept whole.
import { expect, test } from "vitest";
import { applyCommand, type MeshDocument, objectKey, type Route, validateDocument, valuesToYaml } from "@/lib/mesh";
import { exportDocument, importDocuments } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { specOf } from "../testing/imported";
import { policy, read, service } from "./testing/resources";

const GROUND = [service("cart"), service("kv")];
const HTTP = {
  delay: { percentage: "2.5", value: "300ms" },
  abort: { percentage: 10, httpStatus: 503 },
  responseBandwidth: { percentage: 100, limit: "5Mbps" },
};
const FAULT = {
  delay: { percent: 2.5, fixedDelayMs: 300 },
  abort: { percent: 10, httpStatus: 503 },
  responseBandwidth: { percent: 100, limitKbps: 5000 },
};
const body = (...http: object[]) => ({ default: { http } });
const PODS = { kind: "Dataplane", labels: { app: "kv" } };
const slow = (spec: object, name = "slow") => policy("MeshFaultInjection", name, { targetRef: PODS, ...spec }, "shop");
const route = (name: string, backends: readonly string[], more: object = {}) =>
  policy(
    "MeshHTTPRoute",
    `${name}-routes`,
    {
      to: [
        {
          targetRef: { kind: "MeshService", name },
          rules: [
            {
              matches: [{ path: { type: "PathPrefix", value: "/api" } }],
              default: {
                backendRefs: backends.map((each) => ({ kind: "MeshService", name: each, port: 80 })),
                ...more,
              },
            },
          ],
        },
      ],
    },
    "shop",
  );
type Read = ReturnType<typeof read>;
const warned = ({ warnings }: Read) =>
  warnings.filter(({ source }) => source.startsWith("MeshFaultInjection")).map(({ message }) => message);
const faultsOf = ({ document }: Pick<Read, "document">, name: string) =>
  (specOf(document, `Route/shop/${name}`) as Route["spec"]).rules.map(({ fault }) => fault);
const routes = ({ objects }: MeshDocument) =>
  objects.filter(({ kind }) => kind === "Route").map((each) => [objectKey(each), each.spec]);

test.each([
  ["2.x", { from: [{ targetRef: { kind: "Mesh" }, ...body(HTTP) }] }],
  ["3.x", { rules: [body(HTTP)] }],
] as const)(
  "a fault of a service without rules makes a rule, told, and is the same out of %s again",
  (channel, spec) => {
    const found = read([...GROUND, slow(spec)]);
    expect(warned(found)).toEqual([
      "makes a fault at kv; here its callers make it, before their timeouts and retries, and kv does not see it",
    ]);
    expect(validateDocument(found.document)).toEqual([]);
    expect(specOf(found.document, "Route/shop/slow")).toEqual({
      target: { kind: "Service", name: "kv" },
      rules: [
        {
          matches: [],
          action: { type: "forward", destinations: [{ service: { name: "kv" }, weight: 1 }] },
          timeoutMs: 15_000,
          retries: { attempts: 0 },
          fault: FAULT,
        },
      ],
    });
    const { resources, report } = exportDocument("kuma", found.document, { channel });
    expect(schemaErrors(resources, `kuma-${channel}`)).toEqual([]);
    const faults = resources.filter(({ kind }) => kind === "MeshFaultInjection");
    const limit = { responseBandwidth: { percentage: 100, limit: "5000kbps" } };
    expect(faults.map(({ spec: { targetRef, rules } }) => ({ targetRef, rules }))).toEqual([
      { targetRef: PODS, rules: [body({ ...HTTP, ...limit })] },
    ]);
    const told = report.filter(({ key, changesMeaning }) => key === "Route/shop/slow" && changesMeaning);
    expect(told).toMatchObject([{ path: "spec.rules[0]", verdict: "approximate" }]);
    expect(told[0]?.reason).toContain("MeshFaultInjection makes the fault at the callee");
    expect(routes(read([...GROUND, ...resources]).document)).toEqual(routes(found.document));
  },
);

test.each(["2.x", "3.x"] as const)(
  "it is on every rule that leads to the service, of other routes too, in %s",
  (channel) => {
    const found = read([...GROUND, route("kv", ["kv"]), route("cart", ["kv"]), slow({ rules: [body(HTTP)] })]);
    expect(faultsOf(found, "kv-routes")).toEqual([FAULT, FAULT]);
    // what no rule takes goes to cart itself
    expect(faultsOf(found, "cart-routes")).toEqual([FAULT, undefined]);
    const { resources } = exportDocument("kuma", found.document, { channel });
    expect(schemaErrors(resources, `kuma-${channel}`)).toEqual([]);
    expect(resources.filter(({ kind }) => kind === "MeshFaultInjection")).toHaveLength(1);
    expect(routes(read([...GROUND, ...resources]).document)).toEqual(routes(found.document));
  },
);

test.each([
  ["with rules of its own", [route("kv", ["kv"])]],
  ["without rules", []],
])("read again over what it made, it is the same: a service %s", (_what, more) => {
  const texts = [...GROUND, ...more, slow({ rules: [body(HTTP)] })];
  const { document } = read(texts);
  const { commands, violations } = importDocuments("kuma", [{ text: valuesToYaml(texts) }], { document });
  expect(violations).toEqual([]);
  const applied = applyCommand(document, {}, { type: "batch", commands });
  if (!applied.ok) throw new Error(JSON.stringify(applied.violations));
  expect(routes(applied.document)).toEqual(routes(document));
});

const mirror = {
  filters: [{ type: "RequestMirror", requestMirror: { backendRef: { kind: "MeshService", name: "kv", port: 80 } } }],
};

test.each([
  [
    "for some callers of 3.x",
    [slow({ rules: [{ ...body(HTTP), matches: [{ spiffeID: { type: "Exact", value: "spiffe://d/a" } }] }] })],
  ],
  [
    "for some callers of 2.x",
    [slow({ from: [{ targetRef: { kind: "MeshSubset", tags: { a: "b" } }, ...body(HTTP) }] })],
  ],
  ["of several entries", [slow({ rules: [body(HTTP), body({ abort: HTTP.abort })] })]],
  ["of several faults", [slow({ rules: [body(HTTP, { abort: HTTP.abort })] })]],
  ["of nothing", [slow({ rules: [body()] })]],
  ["of one port", [slow({ targetRef: { ...PODS, sectionName: "http" }, rules: [body(HTTP)] })]],
  [
    "of some pods",
    [slow({ targetRef: { kind: "Dataplane", labels: { app: "kv", version: "v2" } }, rules: [body(HTTP)] })],
  ],
  ["of everything", [slow({ targetRef: { kind: "Mesh" }, rules: [body(HTTP)] })]],
  ["with a status that is no error of HTTP", [slow({ rules: [body({ abort: { percentage: 1, httpStatus: 100 } })] })]],
  ["without a wait", [slow({ rules: [body({ delay: { percentage: 1, value: "0s" } })] })]],
  ["in another unit", [slow({ rules: [body({ responseBandwidth: { percentage: 1, limit: "5Tbps" } })] })]],
  ["where a rule shares calls out", [route("kv", ["kv", "cart"]), slow({ rules: [body(HTTP)] })]],
  ["where copies of other calls come", [route("cart", ["cart"], mirror), slow({ rules: [body(HTTP)] })]],
] as const)("one %s is kept whole, told, and written back", (_what, resources) => {
  const found = read([...GROUND, ...resources]);
  const rules = found.document.objects.flatMap((each) => (each.kind === "Route" ? each.spec.rules : []));
  expect(rules.filter(({ fault }) => fault)).toEqual([]);
  expect(warned(found)).toEqual([expect.stringContaining("kept word for word")]);
  const written = exportDocument("kuma", found.document, { channel: "2.x" }).resources;
  const [back] = written.filter(({ kind }) => kind === "MeshFaultInjection");
  expect(back?.spec).toEqual(resources.at(-1)?.spec);
});

test("two of one service are both kept whole", () => {
  const found = read([
    ...GROUND,
    slow({ rules: [body(HTTP)] }),
    slow({ rules: [body({ abort: HTTP.abort })] }, "failing"),
  ]);
  expect(routes(found.document)).toEqual([]);
  expect(warned(found)).toEqual(
    Array.from({ length: 2 }, () => expect.stringContaining("several policies make faults at kv")),
  );
});

test.each([
  ["one rule has none", [{ matches: [{ path: { type: "exact", value: "/a" } }] }, { matches: [], fault: FAULT }]],
  [
    "rules differ",
    [
      { matches: [{ path: { type: "exact", value: "/a" } }], fault: { abort: FAULT.abort } },
      { matches: [], fault: FAULT },
    ],
  ],
  ["it aborts with a status of gRPC", [{ matches: [], fault: { abort: { percent: 1, grpcStatus: 14 } } }]],
])("where %s, no policy is written and the fault is told as lost", (_what, rules) => {
  const { document } = read([...GROUND, slow({ rules: [body(HTTP)] })]);
  const objects = document.objects.map((each) =>
    each.kind === "Route"
      ? {
          ...each,
          spec: {
            ...each.spec,
            rules: rules.map((rule) => ({
              action: { type: "forward", destinations: [{ service: { name: "kv" }, weight: 1 }] },
              ...rule,
            })),
          },
        }
      : each,
  );
  const changed = { objects } as MeshDocument;
  expect(validateDocument(changed)).toEqual([]);
  const { resources, report } = exportDocument("kuma", changed, { channel: "3.x" });
  expect(resources.filter(({ kind }) => kind === "MeshFaultInjection")).toEqual([]);
  const lost = report.filter(({ verdict, reason }) => verdict === "lost" && reason.includes("Kuma makes faults"));
  expect(lost.map(({ path }) => path)).toEqual(
    rules.flatMap((rule, i) => ("fault" in rule ? [`spec.rules[${i}]`] : [])),
  );
});
