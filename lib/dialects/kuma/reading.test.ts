// How Kuma's policies act together: who they are for, which of two wins, and what is kept.
import { expect, test } from "vitest";
import type { MeshDocument } from "@/lib/mesh";
import { ask, buildScene } from "@/lib/simulate";
import { exportDocument } from "..";
import { schemaErrors } from "../gateway-api/testing/schemas";
import { specOf } from "../testing/imported";
import { all, policy, read, service, to } from "./testing/resources";

const retriesOf = ({ objects }: MeshDocument, name: string) =>
  objects.flatMap((each) => (each.kind === "Route" && each.spec.target.name === name ? each.spec.rules : []))[0];
const loud = ({ warnings }: ReturnType<typeof read>) =>
  warnings.filter(({ changesMeaning }) => changesMeaning).map(({ source, message }) => `${source} ${message}`);

test("the universal form is the same design: instances, what they call, and the versions by tag", () => {
  const dataplane = (name: string, tags: object, outbound: object[] = []) => ({
    type: "Dataplane",
    mesh: "default",
    name,
    networking: {
      address: "127.0.0.1",
      inbound: [{ port: 5050, tags: { "kuma.io/protocol": "http", ...tags } }],
      outbound,
    },
  });
  const { document, warnings } = read([
    {
      type: "Mesh",
      name: "default",
      mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin", mode: "PERMISSIVE" }] },
    },
    dataplane("web-1", { "kuma.io/service": "web" }, [{ port: 5000, tags: { "kuma.io/service": "kv" } }]),
    dataplane("kv-1", { "kuma.io/service": "kv", version: "v1" }),
    dataplane("kv-2", { "kuma.io/service": "kv", version: "v2" }),
    {
      type: "MeshHTTPRoute",
      mesh: "default",
      name: "kv",
      spec: {
        targetRef: { kind: "Mesh" },
        to: [
          {
            targetRef: { kind: "MeshService", name: "kv" },
            rules: [
              {
                matches: [{ headers: [{ name: "x-beta", value: "1" }] }],
                default: { backendRefs: [{ kind: "MeshServiceSubset", name: "kv", tags: { version: "v2" } }] },
              },
            ],
          },
        ],
      },
    },
    {
      type: "MeshTrafficPermission",
      mesh: "default",
      name: "kv",
      spec: {
        targetRef: { kind: "MeshSubset", tags: { "kuma.io/service": "kv" } },
        from: [{ targetRef: { kind: "MeshSubset", tags: { "kuma.io/service": "web" } }, default: { action: "Allow" } }],
      },
    },
  ]);
  expect(warnings.filter(({ changesMeaning }) => changesMeaning)).toEqual([]);
  expect(specOf(document, "Mesh//shop")).toMatchObject({
    defaults: { mutualTls: "permissive", authorization: "deny" },
  });
  expect(specOf(document, "Service/default/kv")).toEqual({
    ports: [{ name: "http-5050", port: 5050, protocol: "http" }],
  });
  expect(specOf(document, "Workload/default/kv-2")).toEqual({ service: "kv", version: "v2" });
  expect(specOf(document, "Subset/default/kv-v2")).toEqual({
    service: { name: "kv" },
    name: "v2",
    labels: { version: "v2" },
  });
  // what no rule takes goes to the service itself, after Envoy's 15 seconds and without retries
  expect(specOf(document, "Route/default/kv")).toMatchObject({
    rules: [
      {
        matches: [{ headers: [{ name: "x-beta", type: "exact", value: "1" }] }],
        action: { destinations: [{ subset: "v2" }] },
      },
      {
        matches: [],
        timeoutMs: 15_000,
        retries: { attempts: 0 },
        action: { destinations: [{ service: { name: "kv" } }] },
      },
    ],
  });
  const scene = buildScene(document);
  const call = {
    from: { kind: "workload" as const, workload: "Workload/default/web-1" },
    to: { host: "kv" },
    method: "GET",
    path: "/",
  };
  expect(ask(scene, { ...call, headers: { "x-beta": "1" } }).destinations.map(({ subset }) => subset)).toEqual(["v2"]);
  expect(ask(scene, { ...call, headers: {} }).outcome).toBe("forwarded");
});

test("policies are merged field by field: the mesh's, then the service's, then of two the name that comes first", () => {
  const { document } = read([
    service("kv"),
    policy("MeshRetry", "z-last", { to: [to("kv", { http: { numRetries: 9, perTryTimeout: "2s" } })] }),
    policy("MeshRetry", "a-first", { to: [to("kv", { http: { numRetries: 2 } })] }),
    policy("MeshRetry", "aa-mesh", { to: [all({ http: { numRetries: 7, retryOn: ["5XX"] } })] }),
    policy("MeshTimeout", "mesh", { to: [all({ http: { requestTimeout: "0s" } })] }),
  ]);
  expect(retriesOf(document, "kv")).toMatchObject({ retries: { attempts: 2, perTryTimeoutMs: 2000, on: ["5xx"] } });
  // 0 is no limit
  expect(retriesOf(document, "kv")?.timeoutMs).toBeUndefined();
});

test("a policy for some callers has no place: it is kept whole and comes back", () => {
  const narrow = [
    policy("MeshTimeout", "of-web", {
      targetRef: { kind: "Dataplane", labels: { app: "web" } },
      to: [to("kv", { http: { requestTimeout: "1s" } })],
    }),
    policy("MeshTimeout", "of-namespace", { to: [to("kv", { http: { requestTimeout: "2s" } })] }, "elsewhere"),
    policy("MeshTimeout", "of-owner", { to: [to("kv", { http: { requestTimeout: "3s" } })] }, "shop"),
  ];
  const result = read([service("kv"), service("web"), service("other", "elsewhere"), ...narrow]);
  expect(loud(result)).toEqual([
    expect.stringContaining("MeshTimeout kuma-system/of-web is left out: it is for calls of web only"),
    expect.stringContaining(
      "MeshTimeout elsewhere/of-namespace is left out: it is for calls from namespace elsewhere only",
    ),
  ]);
  // the owner of a service speaks to all of its callers
  expect(retriesOf(result.document, "kv")?.timeoutMs).toBe(3000);
  for (const channel of ["2.x", "3.x"] as const) {
    const { resources } = exportDocument("kuma", result.document, { channel });
    expect(schemaErrors(resources, `kuma-${channel}`)).toEqual([]);
    const back = resources.find(({ metadata }) => metadata.name === "of-web");
    expect(back?.spec).toEqual({
      targetRef: { kind: "Dataplane", labels: { app: "web" } },
      to: [
        {
          targetRef:
            channel === "2.x"
              ? { kind: "MeshService", name: "kv", namespace: "shop" }
              : { kind: "MeshService", labels: { "kuma.io/display-name": "kv", "k8s.kuma.io/namespace": "shop" } },
          default: { http: { requestTimeout: "1s" } },
        },
      ],
    });
  }
});

test("from[]: a denial of what nobody allowed says nothing, a later one wins, and an allowance over a denial is told", () => {
  const from = (action: string, tags?: object) => ({
    targetRef: tags ? { kind: "MeshSubset", tags } : { kind: "Mesh" },
    default: { action },
  });
  const web = { "kuma.io/service": "web_shop_svc_80" };
  const target = { kind: "Dataplane", labels: { app: "kv" } };
  const permissions = (entries: object[]) =>
    read([
      service("kv"),
      service("web"),
      policy("MeshTrafficPermission", "kv", { targetRef: target, from: entries }, "shop"),
    ]);
  const closed = permissions([from("Deny"), from("Allow", web)]);
  expect(specOf(closed.document, "AuthorizationPolicy/shop/kv")).toEqual({
    target: { service: "kv" },
    action: "allow",
    rules: [{ from: [{ services: [{ kind: "Service", name: "web" }] }] }],
  });
  expect(specOf(closed.document, "AuthorizationPolicy/shop/kv-deny")).toBeUndefined();
  const narrowed = permissions([from("Allow"), from("Deny", web)]);
  expect(specOf(narrowed.document, "AuthorizationPolicy/shop/kv")).toMatchObject({ action: "allow", rules: [{}] });
  expect(specOf(narrowed.document, "AuthorizationPolicy/shop/kv-deny")).toMatchObject({
    action: "deny",
    rules: [{ from: [{ services: [{ name: "web" }] }] }],
  });
  expect(loud(permissions([from("Allow"), from("Deny"), from("Allow", web)]))).toEqual([
    expect.stringContaining("here the denial wins, so these calls are refused"),
  ]);
});

test("rules[]: SPIFFE IDs are principals, a denial wins, a shadow is evaluated only, and conditions on SNI keep the policy whole", () => {
  const id = (value: string, type = "Exact") => ({
    spiffeID: { type, value: `spiffe://default.east.mesh.local/${value}` },
  });
  const result = read([
    service("kv"),
    policy(
      "MeshTrafficPermission",
      "kv",
      {
        targetRef: { kind: "Dataplane", labels: { app: "kv" } },
        rules: [
          {
            default: {
              allow: [id("ns/shop/", "Prefix")],
              deny: [id("ns/shop/sa/old")],
              allowWithShadowDeny: [id("ns/test/sa/probe")],
            },
          },
        ],
      },
      "shop",
    ),
    policy(
      "MeshTrafficPermission",
      "sni",
      { rules: [{ default: { allow: [{ sni: { type: "Exact", value: "kv" } }] } }] },
      "shop",
    ),
  ]);
  expect(specOf(result.document, "Mesh//shop")).toMatchObject({ trustDomain: "default.east.mesh.local" });
  const principals = (name: string) => specOf(result.document, `AuthorizationPolicy/shop/${name}`);
  expect(principals("kv")).toMatchObject({
    action: "allow",
    rules: [
      { from: [{ principals: ["default.east.mesh.local/ns/shop/*", "default.east.mesh.local/ns/test/sa/probe"] }] },
    ],
  });
  expect(principals("kv-deny")).toMatchObject({
    action: "deny",
    rules: [{ from: [{ principals: ["default.east.mesh.local/ns/shop/sa/old"] }] }],
  });
  expect(principals("kv-shadow")).toMatchObject({ action: "deny", shadow: true });
  expect(loud(result)).toEqual([
    expect.stringContaining(
      "MeshTrafficPermission shop/sni is left out: rules[0].default.allow[0].sni is not in the model",
    ),
  ]);
  expect(
    exportDocument("kuma", result.document, { channel: "3.x" }).resources.some(
      ({ metadata }) => metadata.name === "sni",
    ),
  ).toBe(true);
});

test("a design is one mesh: resources of another one are kept and told", () => {
  const other = {
    ...policy("MeshTimeout", "other", { to: [all({ http: { requestTimeout: "1s" } })] }),
    metadata: { name: "other", namespace: "kuma-system", labels: { "kuma.io/mesh": "second" } },
  };
  const result = read([
    service("kv"),
    { apiVersion: "kuma.io/v1alpha1", kind: "Mesh", metadata: { name: "default" } },
    other,
  ]);
  expect(loud(result)).toEqual([expect.stringContaining("it belongs to mesh second, and the design is default")]);
  expect(specOf(result.document, "Route/shop/kv")).toBeUndefined();
  // without mutual TLS Kuma refuses nobody
  expect(specOf(result.document, "Mesh//shop")).toMatchObject({
    defaults: { mutualTls: "disable", authorization: "allow" },
  });
});
