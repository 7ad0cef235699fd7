// Conditions of rules on a request and its caller.
import { PAY_SUBSETS, to, vs } from "./ground";

export const CONDITIONS: Readonly<Record<string, string>> = {
  "conditions on paths": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { exact: /Exact/ }, ignoreUriCase: true }]
  directResponse: { status: 211, body: { string: exact } }
- match: [{ uri: { prefix: /Foo }, ignoreUriCase: true }]
  directResponse: { status: 202 }
- match: [{ uri: { regex: "/item/[0-9]+" } }]
  ${to("pay", "v2")}
- match: [{ uri: { regex: "/any/.*x" }, ignoreUriCase: true }]
  directResponse: { status: 203 }
- match: [{ uri: { prefix: /bar/ } }, { uri: { exact: /bar } }]
  ${to("pay", "v1")}`,
    ),
  ].join(""),
  "conditions on methods and headers": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ method: { exact: POST }, headers: { x-a: { exact: one } } }]
  directResponse: { status: 211 }
- match: [{ method: { regex: "PUT|DELETE" } }]
  directResponse: { status: 202 }
- match: [{ headers: { x-a: { prefix: tw } } }, { headers: { x-b: { regex: "[0-9]+" } } }]
  directResponse: { status: 203 }
- match: [{ headers: { x-c: {} } }]
  directResponse: { status: 204 }
- match: [{ uri: { prefix: /without }, withoutHeaders: { x-e: { exact: gone } } }]
  directResponse: { status: 206 }
- match: [{ uri: { prefix: /absent }, withoutHeaders: { x-e: {} } }]
  directResponse: { status: 207 }
- match: [{ uri: { prefix: /not }, withoutHeaders: { x-e: { regex: "a*" } } }]
  directResponse: { status: 208 }
- match: [{ method: { prefix: PA } }]
  directResponse: { status: 209 }
- ${to("pay", "v1")}`,
    ),
  ].join(""),
  "conditions on the query": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ queryParams: { a: { exact: "1" } } }]
  directResponse: { status: 211 }
- match: [{ queryParams: { b: { regex: "[0-9]+" } } }]
  directResponse: { status: 202 }
- match: [{ queryParams: { c: {} } }]
  directResponse: { status: 203 }
- match: [{ queryParams: { d: { prefix: x } } }]
  directResponse: { status: 204 }
- match: [{ queryParams: { e: { exact: "" } } }]
  directResponse: { status: 205 }
- ${to("pay", "v1")}`,
    ),
  ].join(""),
  "conditions on scheme and authority": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ authority: { prefix: "pay.shop" } }]
  directResponse: { status: 211 }
- match: [{ scheme: { exact: https } }]
  directResponse: { status: 202 }
- match: [{ authority: { exact: pay }, scheme: { exact: http }, uri: { prefix: /here } }]
  directResponse: { status: 203 }
- match: [{ authority: { regex: ".*:80(80)?" }, uri: { prefix: /port } }]
  directResponse: { status: 204 }
- ${to("pay", "v1")}`,
    ),
  ].join(""),
  "conditions on the port": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ port: 8080, uri: { prefix: /port } }]
  directResponse: { status: 204 }
- ${to("pay", "v1")}`,
    ),
  ].join(""),
  "conditions on the caller": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay, pay.shop.svc.cluster.local]
http:
- match: [{ sourceNamespace: other }]
  directResponse: { status: 211 }
- match: [{ sourceLabels: { app: front } }]
  ${to("pay", "v2")}
- match: [{ sourceLabels: { app: stock, version: v2 }, sourceNamespace: back }]
  directResponse: { status: 203 }
- match: [{ sourceLabels: { app: stock }, uri: { prefix: /s } }, { uri: { prefix: /all } }]
  directResponse: { status: 202 }
- ${to("pay", "v1")}`,
    ),
  ].join(""),
  "conditions on the caller, and nothing for others": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ sourceNamespace: other, uri: { prefix: / } }, { sourceLabels: { app: front }, uri: { prefix: /x } }]
  directResponse: { status: 211 }
- match: [{ sourceLabels: { app: front }, headers: { x-a: { exact: one } } }]
  ${to("pay", "v2")}`,
    ),
  ].join(""),
};
