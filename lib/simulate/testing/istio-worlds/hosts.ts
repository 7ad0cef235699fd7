// Whose rules count: names, several VirtualServices for one host, delegates, and what a namespace sees.
import { dr, PAY_SUBSETS, sidecar, to, vs } from "./ground";

export const HOSTS: Readonly<Record<string, string>> = {
  "nothing but the ground": "",
  "short names and full names": [
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /back } }]
  ${to("pay.back.svc.cluster.local")}
- match: [{ uri: { exact: /stock } }]
  ${to("stock.back.svc.cluster.local", undefined, 80)}
- ${to("pay", "v1")}`,
    ),
    PAY_SUBSETS,
    vs(
      "back",
      "stock",
      `
hosts: [stock.back.svc.cluster.local]
http:
- match: [{ uri: { prefix: /v2 } }]
  ${to("stock", "v2")}
- ${to("stock", "v1")}`,
    ),
    dr(
      "back",
      "stock",
      `
host: stock.back.svc.cluster.local
subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]`,
    ),
  ].join(""),
  "a short name of another namespace": vs(
    "back",
    "shops-pay",
    `
hosts: [pay.shop.svc.cluster.local]
http:
- match: [{ uri: { prefix: /here } }]
  ${to("pay")}
- match: [{ uri: { prefix: /there } }]
  ${to("pay.shop.svc.cluster.local")}`,
  ),
  "two services in one VirtualService": vs(
    "shop",
    "both",
    `
hosts: [pay, stock.back.svc.cluster.local]
http:
- match: [{ uri: { prefix: /x } }]
  ${to("stock.back.svc.cluster.local")}
- ${to("pay")}`,
  ),
  "two VirtualServices of one host": [
    vs(
      "shop",
      "first",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /a } }]
  ${to("pay", "v1")}
- match: [{ uri: { prefix: /c } }]
  ${to("pay", "v1")}`,
    ),
    vs(
      "shop",
      "second",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /b } }]
  ${to("pay", "v2")}
- ${to("pay", "v2")}`,
    ),
    PAY_SUBSETS,
  ].join(""),
  "a rule after one for all": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /a } }]
  ${to("pay", "v1")}
- match: [{ uri: { prefix: / } }]
  ${to("pay", "v2")}
- match: [{ uri: { prefix: /b } }]
  directResponse: { status: 211 }`,
    ),
  ].join(""),
  delegates: [
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /team } }]
  delegate: { name: team, namespace: back }
- ${to("pay")}`,
    ),
    vs(
      "back",
      "team",
      `
http:
- match: [{ uri: { prefix: /team/a } }]
  ${to("stock.back.svc.cluster.local", undefined, 80)}
- match: [{ uri: { prefix: /elsewhere } }]
  directResponse: { status: 211 }
- directResponse: { status: 202 }`,
    ),
  ].join(""),
  "visible to some namespaces": [
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
exportTo: ["."]
http: [{ directResponse: { status: 211 } }]`,
    ),
    dr(
      "back",
      "stock",
      `
host: stock
exportTo: ["."]
trafficPolicy: { tls: { mode: DISABLE } }
subsets: [{ name: v1, labels: { version: v1 } }]`,
    ),
    vs(
      "back",
      "stock",
      `
hosts: [stock]
exportTo: [shop]
http: [{ ${to("stock", "v1")} }]`,
    ),
  ].join(""),
  "sidecars that see less": [
    sidecar(
      "shop",
      "default",
      `
egress: [{ hosts: ["./*", "istio-system/*"] }]`,
    ),
    vs(
      "back",
      "stock",
      `
hosts: [stock]
http: [{ directResponse: { status: 211 } }]`,
    ),
  ].join(""),
};
