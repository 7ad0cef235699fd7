// A mesh that passes every control, and ways to break it: each names the controls that must fail, and no other may.
// Shared by the pure tests and by the one that breaks a running mesh through real deployments.
import { API_VERSION, type MeshDocument, type MeshObject } from "@/lib/mesh";
import type { Layer } from "../types";

const NAMESPACE = "production";
const OWNER = "orders";

export function object(kind: string, name: string, spec: unknown): MeshObject {
  const namespaced = kind === "Mesh" || kind === "Namespace" ? {} : { namespace: NAMESPACE };
  return { apiVersion: API_VERSION, kind, metadata: { name, ...namespaced }, spec } as unknown as MeshObject;
}

const ref = (name: string, kind = "Service") => ({ kind, name });
const service = (name: string) => [
  object("Service", name, { ports: [{ name: "http", port: 8080, protocol: "http" }], owner: OWNER }),
  object("Workload", `${name}-v1`, { service: name, version: "v1", replicas: 1 }),
  object("Route", name, {
    target: ref(name),
    rules: [
      {
        name: "default",
        matches: [],
        action: { type: "forward", destinations: [{ service: { name }, weight: 1 }] },
        timeoutMs: 2_000,
        retries: { attempts: name === "web" ? 0 : 1, on: ["connect-failure"] },
      },
    ],
  }),
];
const dependency = (from: string, to: string, more: object = {}) =>
  object("Dependency", `${from}-to-${to}`, { from: ref(from), to: ref(to), ...more });

/** web calls cart, cart calls store, store tells web: each service has one caller that is let in and one that is not. */
export function soundMesh(): MeshDocument {
  return {
    objects: [
      object("Mesh", "shop", {
        trustDomain: "shop.test",
        ownerTeam: "platform",
        defaults: { mutualTls: "strict", authorization: "drawn" },
        certificateTtlHours: 24,
      }),
      object("Namespace", NAMESPACE, {}),
      ...["web", "cart", "store"].flatMap(service),
      dependency("web", "cart"),
      dependency("cart", "store"),
      dependency("store", "web", { interaction: "async" }),
    ],
  };
}

export interface Breakage {
  name: string;
  /** What is deployed before, where a breakage shows only at what comes after it. */
  first?(document: MeshDocument): MeshDocument;
  change(document: MeshDocument): MeshDocument;
  /** Every control that fails, with the layers in which it does; the live ones count only on a running mesh. */
  fails: Readonly<Record<string, readonly Layer[]>>;
}

function edit(document: MeshDocument, key: string, change: (spec: Record<string, unknown>) => object): MeshDocument {
  const [kind, name] = key.split("/");
  const objects = document.objects.map((each) =>
    each.kind === kind && each.metadata.name === name
      ? ({ ...each, spec: change(structuredClone(each.spec) as Record<string, unknown>) } as MeshObject)
      : each,
  );
  if (JSON.stringify(objects) === JSON.stringify(document.objects)) throw new Error(`nothing changed at ${key}`);
  return { objects };
}
const add = (document: MeshDocument, ...objects: MeshObject[]): MeshDocument => ({
  objects: [...document.objects, ...objects],
});

type Rules = { timeoutMs?: number; retries?: object }[];
const allow = (name: string, from: object[]) =>
  object("AuthorizationPolicy", name, { target: { service: "cart" }, action: "allow", rules: [{ from }] });

function forMonths(document: MeshDocument): MeshDocument {
  return edit(document, "Mesh/shop", (spec) => ({ ...spec, certificateTtlHours: 720 }));
}

export const breakages: readonly Breakage[] = [
  {
    name: "a service takes plain text (permissive)",
    change: (document) => edit(document, "Service/cart", (spec) => ({ ...spec, mode: "permissive" })),
    fails: {
      "TLS-01": ["design", "compiled"],
      "TLS-03": ["design", "compiled", "live"],
      // Without proved identities a list of callers cannot be enforced: the same cause.
      "AZ-01": ["design", "compiled", "live"],
      "AZ-03": ["compiled", "live"],
      "AZ-06": ["live"],
    },
  },
  {
    name: "a service has no TLS at all (disable)",
    change: (document) => add(document, object("MutualTls", "cart", { target: { service: "cart" }, mode: "disable" })),
    fails: {
      "TLS-01": ["design", "compiled", "live"],
      "TLS-03": ["design", "compiled", "live"],
      "TLS-04": ["design", "compiled"],
      "TLS-05": ["compiled"],
      "TLS-06": ["compiled"],
      "AZ-01": ["compiled"],
      "AZ-03": ["compiled"],
      // The allowed caller's sidecar is served in plain text, but nobody with a certificate is.
      "AZ-06": ["live"],
    },
  },
  {
    name: "a policy grants something to a foreign trust domain",
    change: (document) => add(document, allow("partners", [{ principals: ["partner.example/ns/sales/sa/web"] }])),
    fails: { "TLS-05": ["design"] },
  },
  {
    name: "a way in without TLS is opened",
    change: (document) =>
      add(
        document,
        object("Gateway", "door", {
          type: "ingress",
          owner: OWNER,
          listeners: [{ name: "http", port: 8080, protocol: "http", hosts: ["*"] }],
        }),
        object("Dependency", "door-to-web", { from: ref("door", "Gateway"), to: ref("web") }),
        object("Route", "door", {
          target: ref("door", "Gateway"),
          rules: [
            {
              name: "all",
              matches: [],
              action: { type: "forward", destinations: [{ service: { name: "web" }, weight: 1 }] },
              timeoutMs: 2_000,
              retries: { attempts: 0 },
            },
          ],
        }),
      ),
    fails: { "TLS-06": ["design", "compiled", "live"] },
  },
  {
    name: "certificates live for a month",
    first: forMonths,
    // Certificates that were issued before keep their end: the new instance gets the long one.
    change: (document) => edit(forMonths(document), "Workload/cart-v1", (spec) => ({ ...spec, replicas: 2 })),
    fails: { "PKI-02": ["design", "live"] },
  },
  {
    name: "the mesh allows what nobody restricts",
    change: (document) =>
      edit(document, "Mesh/shop", (spec) => ({ ...spec, defaults: { mutualTls: "strict", authorization: "allow" } })),
    fails: { "AZ-01": ["design", "compiled", "live"], "AZ-03": ["design", "compiled", "live"], "AZ-06": ["design"] },
  },
  {
    name: "a policy lets in anybody with an identity",
    change: (document) => add(document, allow("everybody", [{ principals: ["*"] }])),
    fails: { "AZ-01": ["live"], "AZ-03": ["design", "compiled", "live"], "AZ-06": ["design"] },
  },
  {
    name: "a service has no caller that must be served",
    change: (document) => ({ objects: document.objects.filter(({ metadata }) => metadata.name !== "store-to-web") }),
    fails: { "AZ-06": ["design"] },
  },
  {
    name: "each hop retries",
    change: (document) =>
      ["cart", "store"].reduce(
        (changed, name) =>
          edit(changed, `Route/${name}`, (spec) => ({
            ...spec,
            rules: (spec["rules"] as Rules).map((rule) => ({ ...rule, retries: { attempts: 3, on: ["5xx"] } })),
          })),
        document,
      ),
    fails: { "RL-01": ["design", "compiled", "live"] },
  },
  {
    name: "a timeout is missing",
    change: (document) =>
      edit(document, "Route/store", (spec) => ({
        ...spec,
        rules: (spec["rules"] as Rules).map(({ timeoutMs: _gone, ...rule }) => rule),
      })),
    fails: { "RL-03": ["design", "compiled", "live"] },
  },
  {
    name: "every host is let out",
    change: (document) =>
      add(
        document,
        object("ExternalService", "anywhere", {
          hosts: ["*"],
          ports: [{ name: "http", port: 80, protocol: "http" }],
          owner: OWNER,
        }),
        object("Egress", "anywhere", {
          to: ref("anywhere", "ExternalService"),
          owner: OWNER,
          reason: "It was easier.",
        }),
        object("Dependency", "cart-to-anywhere", { from: ref("cart"), to: ref("anywhere", "ExternalService") }),
      ),
    // A way out of the mesh has the compiler's own route: no timeout, two retries.
    fails: { "EG-01": ["design", "compiled", "live"], "RL-03": ["design", "compiled", "live"] },
  },
  {
    name: "a service has no owner",
    change: (document) => edit(document, "Service/store", ({ owner: _gone, ...spec }) => spec),
    fails: { "GV-06": ["design"] },
  },
  {
    name: "nobody answers for the trail",
    change: (document) => edit(document, "Mesh/shop", ({ ownerTeam: _gone, ...spec }) => spec),
    fails: { "OB-05": ["design"] },
  },
];
