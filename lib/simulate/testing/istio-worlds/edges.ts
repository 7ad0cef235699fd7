// Gateways, and services outside of the mesh.
import { HTTP_GATEWAY, PAY_SUBSETS, se, to, vs } from "./ground";

export const EDGES: Readonly<Record<string, string>> = {
  "a gateway with routes": [
    HTTP_GATEWAY,
    PAY_SUBSETS,
    vs(
      "shop",
      "www",
      `
hosts: [www.shop.example]
gateways: [edge]
http:
- match: [{ uri: { prefix: /pay } }]
  ${to("pay", "v1")}
- match: [{ uri: { prefix: /stock } }]
  rewrite: { uri: /, authority: stock.example }
  ${to("stock.back.svc.cluster.local")}
- match: [{ uri: { exact: /old } }]
  redirect: { uri: /new, scheme: https }`,
    ),
    vs(
      "shop",
      "more",
      `
hosts: ["*.shop.example"]
gateways: [shop/edge, mesh]
http:
- match: [{ gateways: [edge], uri: { prefix: /only-gateway } }]
  directResponse: { status: 211 }
- match: [{ sourceLabels: { app: front } }]
  directResponse: { status: 202 }
- directResponse: { status: 203 }`,
    ),
  ].join(""),
  "VirtualServices that share a gateway's host": [
    HTTP_GATEWAY,
    vs(
      "shop",
      "a",
      `
hosts: [www.shop.example]
gateways: [edge]
http:
- match: [{ uri: { prefix: /a } }]
  directResponse: { status: 211 }
- directResponse: { status: 202 }`,
    ),
    vs(
      "shop",
      "b",
      `
hosts: [www.shop.example]
gateways: [edge]
http:
- match: [{ uri: { prefix: /b } }]
  directResponse: { status: 203 }
- match: [{ uri: { prefix: /a/b } }]
  directResponse: { status: 204 }
- directResponse: { status: 205 }`,
    ),
  ].join(""),
  "a host for gateway and mesh": [
    HTTP_GATEWAY,
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay.shop.svc.cluster.local, pay.shop.example]
gateways: [edge, mesh]
http:
- match: [{ gateways: [edge], uri: { prefix: /x } }]
  directResponse: { status: 211 }
- match: [{ gateways: [mesh], uri: { prefix: /x } }]
  directResponse: { status: 202 }
- ${to("pay", "v2")}`,
    ),
  ].join(""),
  "services outside of the mesh": [
    se(
      "shop",
      "api",
      `
hosts: [api.carrier.example]
location: MESH_EXTERNAL
resolution: DNS
ports: [{ number: 80, name: http, protocol: HTTP }]`,
    ),
    se(
      "shop",
      "static",
      `
hosts: [static.carrier.example]
location: MESH_EXTERNAL
resolution: STATIC
ports: [{ number: 80, name: http, protocol: HTTP }]
endpoints: [{ address: 203.0.113.7, ports: { http: 8081 } }]`,
    ),
    vs(
      "shop",
      "api",
      `
hosts: [api.carrier.example]
http:
- match: [{ uri: { prefix: /slow } }]
  timeout: 3s
  ${to("api.carrier.example")}
- match: [{ uri: { prefix: /no } }]
  directResponse: { status: 451 }
- ${to("api.carrier.example")}`,
    ),
  ].join(""),
};
