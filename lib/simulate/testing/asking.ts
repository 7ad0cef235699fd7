// The demo shop with authorizers of both protocols, one of which nobody knows where it is, and a policy for each on the catalog.
import type { Authorizer, MeshDocument, MeshObject } from "@/lib/mesh";
import { object } from "../../compile/testing/rich";
import type { AuthorizerAnswer } from "../types";
import { demoWith } from "./designs";

const place = (name: string, port: number) => ({
  target: { kind: "Service" as const, namespace: "production", name },
  port,
});

export const AUTHORIZERS: readonly Authorizer[] = [
  { name: "by-grpc", address: { ...place("opa", 9191), protocol: "grpc" }, timeoutMs: 5000, statusOnError: 503 },
  {
    name: "by-http",
    address: { ...place("oauth", 8000), protocol: "http", pathPrefix: "/check" },
    timeoutMs: 5000,
    whenAway: "allow",
    requestHeaders: ["x-say"],
    addedHeaders: [{ name: "x-from", value: "mesh" }],
    upstreamHeaders: ["X-Asked", "x-user*"],
    deniedResponseHeaders: ["x-why"],
    body: { maxBytes: 64, allowPartial: true },
  },
  { name: "unknown" },
];

type Rules = Extract<MeshObject, { kind: "AuthorizationPolicy" }>["spec"]["rules"];
const asks = (name: string, authorizer: string, rules: Rules) =>
  object("AuthorizationPolicy", name, { target: { service: "catalog" }, action: "custom", authorizer, rules });

const called = (service: string) =>
  object("Dependency", `catalog-to-${service}`, {
    from: { kind: "Service", name: "catalog" },
    to: { kind: "Service", name: service },
  });

/** The same authorizers, asked by the gateway before anything of the mesh sees the request. */
export function askingAtGateway(document: MeshDocument = askingMesh()): MeshDocument {
  const gateway = { kind: "Gateway" as const, name: "shop-gateway" };
  const atGateway = (name: string, authorizer: string, rules: Rules) =>
    object("AuthorizationPolicy", name, { target: { gateway: gateway.name }, action: "custom", authorizer, rules });
  const toAuthorizer = (service: string) =>
    object("Dependency", `gateway-to-${service}`, { from: gateway, to: { kind: "Service", name: service } });
  return {
    objects: [
      ...document.objects,
      toAuthorizer("opa"),
      toAuthorizer("oauth"),
      atGateway("gateway-asks-opa", "by-grpc", [{ to: [{ paths: ["/grpc*"] }] }]),
      atGateway("gateway-asks-oauth", "by-http", [
        { from: [{ notClientAddresses: ["10.0.0.0/8"] }], to: [{ paths: ["/http*"], methods: ["GET"] }] },
      ]),
      atGateway("gateway-asks-nobody", "unknown", [{ to: [{ paths: ["/unknown"] }] }]),
    ],
  };
}

export function askingMesh(authorizers: readonly Authorizer[] = AUTHORIZERS): MeshDocument {
  const base = demoWith(
    object("Service", "opa", { ports: [{ name: "grpc", port: 9191, protocol: "grpc" }] }),
    object("Workload", "opa-v1", { service: "opa", version: "v1" }),
    object("Service", "oauth", { ports: [{ name: "http", port: 8000, protocol: "http" }] }),
    object("Workload", "oauth-v1", { service: "oauth", version: "v1" }),
    called("opa"),
    called("oauth"),
    asks("ask-opa", "by-grpc", [{ to: [{ paths: ["/grpc*"] }] }]),
    asks("ask-oauth", "by-http", [
      {
        from: [{ services: [{ kind: "Service", name: "storefront" }] }],
        to: [{ paths: ["/http*"], methods: ["GET"] }],
      },
    ]),
    asks("ask-nobody", "unknown", [{ to: [{ paths: ["/unknown"] }] }]),
    object("AuthorizationPolicy", "closed", {
      target: { service: "catalog" },
      action: "deny",
      rules: [{ to: [{ paths: ["*/closed"] }] }],
    }),
  );
  return {
    objects: base.objects.map((each) =>
      each.kind === "Mesh" ? { ...each, spec: { ...each.spec, authorizers: [...authorizers] } } : each,
    ),
  };
}

/** What reaches the scripted authorizer of `withAsking`, for each answer. */
export const SAID_BY_HTTP: Readonly<Record<AuthorizerAnswer, string>> = {
  allow: "200",
  deny: "403+x-why=no",
  away: "503",
};

/**
 * A random design in which somebody is asked about what denials of single services matched; who calls may ask. In a namespace of its own:
 * a question says what an authorizer answers, so what its own sidecar would refuse (a token that comes along) is not part of it.
 */
export function withAsking({ objects }: MeshDocument): MeshDocument {
  const namespace = "guards";
  const target = { kind: "Service" as const, namespace, name: "authz" };
  const authorizer: Authorizer = {
    name: "authz",
    address: { target, port: 8000, protocol: "http" },
    timeoutMs: 5000,
    requestHeaders: ["x-say"],
  };
  const services = objects.filter((each) => each.kind === "Service");
  const lines = services.map(({ metadata }) =>
    object("Dependency", `${metadata.name}-to-authz`, {
      from: { kind: "Service", namespace: metadata.namespace, name: metadata.name },
      to: target,
    }),
  );
  const asking = objects.map((each): MeshObject => {
    if (each.kind === "Mesh") return { ...each, spec: { ...each.spec, authorizers: [authorizer] } };
    if (each.kind !== "AuthorizationPolicy" || each.spec.action !== "deny" || !each.spec.target.service) return each;
    const { shadow: _, ...spec } = each.spec;
    return { ...each, spec: { ...spec, action: "custom", authorizer: "authz" } };
  });
  const own = [
    object("Service", "authz", { ports: [{ name: "http", port: 8000, protocol: "http" }] }),
    object("Workload", "authz-v1", { service: "authz", version: "v1" }),
  ].map((each) => ({ ...each, metadata: { ...each.metadata, namespace } }) as MeshObject);
  return { objects: [...asking, ...own, ...lines] };
}
