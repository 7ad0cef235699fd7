// Where requests go: shares, subsets, ports, and DestinationRules of several namespaces.
import { dr, PAY_SUBSETS, pa, to, vs } from "./ground";

export const DESTINATIONS: Readonly<Record<string, string>> = {
  "weights that are not 100": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /thirds } }]
  route: [{ destination: { host: pay, subset: v1 }, weight: 1 }, { destination: { host: pay, subset: v2 }, weight: 2 }]
- match: [{ uri: { prefix: /none } }]
  route: [{ destination: { host: pay, subset: v1 }, weight: 0 }, { destination: { host: pay, subset: v2 }, weight: 5 }]
- match: [{ uri: { prefix: /unsaid } }]
  route: [{ destination: { host: pay, subset: v1 } }, { destination: { host: pay, subset: v2 }, weight: 5 }]
- match: [{ uri: { prefix: /alone } }]
  route: [{ destination: { host: pay, subset: v2 }, weight: 0 }]
- match: [{ uri: { prefix: /all-zero } }]
  route: [{ destination: { host: pay, subset: v2 }, weight: 0 }]
- ${to("stock.back.svc.cluster.local", undefined, 80)}`,
    ),
  ].join(""),
  "headers of destinations": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /split } }]
  headers: { request: { set: { x-a: rule }, add: { x-b: rule } }, response: { set: { x-r: rule } } }
  route:
  - { destination: { host: pay, subset: v1 }, weight: 0, headers: { request: { set: { x-a: none } } } }
  - destination: { host: pay, subset: v2 }
    weight: 5
    headers: { request: { set: { x-a: own, x-c: own }, add: { x-b: own }, remove: [x-user] }, response: { add: { x-r: own } } }
- match: [{ uri: { prefix: /alone } }]
  headers: { request: { set: { x-a: rule }, add: { x-b: rule } }, response: { set: { x-r: rule } } }
  route:
  - destination: { host: pay, subset: v2 }
    headers: { request: { set: { x-a: own, x-c: own }, add: { x-b: own }, remove: [x-user] }, response: { add: { x-s: own } } }
- match: [{ uri: { prefix: /apart } }]
  headers: { request: { set: { x-a: rule } } }
  route: [{ destination: { host: pay, subset: v1 }, headers: { response: { set: { x-r: own } } } }]
- ${to("pay", "v1")}`,
    ),
  ].join(""),
  "subsets that are not there": [
    PAY_SUBSETS,
    dr(
      "shop",
      "extra",
      `
host: stock.back.svc.cluster.local
subsets: [{ name: none, labels: { version: v9 } }]`,
    ),
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /none } }]
  ${to("stock.back.svc.cluster.local", "none")}
- ${to("pay", "v1")}`,
    ),
  ].join(""),
  "ports of destinations": vs(
    "shop",
    "pay",
    `
hosts: [pay]
http:
- match: [{ uri: { prefix: /stock } }]
  route: [{ destination: { host: stock.back.svc.cluster.local, port: { number: 80 } } }]
- ${to("pay")}`,
  ),
  "DestinationRules in several namespaces": [
    dr(
      "istio-system",
      "root",
      `
host: "*.svc.cluster.local"
trafficPolicy: { tls: { mode: DISABLE } }`,
    ),
    dr(
      "back",
      "stock",
      `
host: stock
subsets: [{ name: v1, labels: { version: v1 } }]`,
    ),
    dr(
      "shop",
      "stock",
      `
host: stock.back.svc.cluster.local
subsets: [{ name: v1, labels: { version: v2 } }]`,
    ),
    vs(
      "back",
      "stock",
      `
hosts: [stock]
http: [{ ${to("stock", "v1")} }]`,
    ),
    pa(
      "back",
      "default",
      `
mtls: { mode: STRICT }`,
    ),
  ].join(""),
};
