// Who may call.
import { ap } from "./ground";

export const POLICIES: Readonly<Record<string, string>> = {
  "policies that allow": [
    ap(
      "shop",
      "pay",
      `
selector: { matchLabels: { app: pay } }
rules:
- from: [{ source: { principals: ["cluster.local/ns/shop/sa/front"] } }]
  to: [{ operation: { methods: [GET], paths: ["/info*", "*/end", "/exact"] } }]
- from: [{ source: { namespaces: [back] } }]
  to: [{ operation: { paths: ["/back/{*}/x", "/deep/{**}"] } }]
- from: [{ source: { principals: ["*/sa/tool"] } }]
  when: [{ key: "request.headers[x-a]", values: ["one", "tw*"], notValues: ["two"] }]`,
    ),
    ap("back", "nobody", "\n{}"),
  ].join(""),
  "policies that deny": [
    ap(
      "shop",
      "deny",
      `
selector: { matchLabels: { app: pay } }
action: DENY
rules:
- from: [{ source: { notPrincipals: ["cluster.local/ns/shop/sa/front"] } }]
  to: [{ operation: { paths: ["/admin*"], notPaths: ["/admin/open"] } }]
- to: [{ operation: { notMethods: [GET, POST], notPorts: ["9090"] } }]
- from: [{ source: { notNamespaces: [shop, back] } }]
  to: [{ operation: { hosts: ["pay.shop.svc.cluster.local", "*.example"] } }]
- when: [{ key: "request.headers[x-b]", values: ["*"] }]
- to: [{ operation: { paths: ["/t/{*}/end"], methods: ["P*"] } }]`,
    ),
    ap(
      "shop",
      "allow",
      `
selector: { matchLabels: { app: pay } }
action: ALLOW
rules: [{}]`,
    ),
    ap(
      "back",
      "audit",
      `
action: AUDIT
rules: [{}]`,
    ),
  ].join(""),
  "policies of mesh, namespace and workload": [
    ap(
      "istio-system",
      "mesh",
      `
action: DENY
rules: [{ to: [{ operation: { paths: ["/mesh"] } }] }]`,
    ),
    ap(
      "back",
      "space",
      `
rules: [{ from: [{ source: { namespaces: ["shop"] } }] }]`,
    ),
    ap(
      "back",
      "stock",
      `
selector: { matchLabels: { app: stock } }
rules: [{ to: [{ operation: { methods: [PUT], ports: ["8080"] } }] }, { to: [{ operation: { ports: ["80"] } }] }]`,
    ),
    ap(
      "istio-system",
      "selected",
      `
selector: { matchLabels: { app: pay } }
action: DENY
rules: [{ to: [{ operation: { paths: ["/selected"] } }] }]`,
    ),
    ap(
      "shop",
      "version",
      `
selector: { matchLabels: { app: pay, version: v2 } }
action: DENY
rules: [{ to: [{ operation: { paths: ["/v2"] } }] }]`,
    ),
  ].join(""),
  "policies by address and port": [
    ap(
      "shop",
      "pay",
      `
selector: { matchLabels: { app: pay } }
action: DENY
rules:
- from: [{ source: { ipBlocks: ["127.1.0.2/32", "10.0.0.0/8"] } }]
  to: [{ operation: { paths: ["/direct"] } }]
- from: [{ source: { remoteIpBlocks: ["127.1.0.0/16"] } }]
  to: [{ operation: { paths: ["/remote"] } }]
- from: [{ source: { notIpBlocks: ["127.0.0.0/8"] } }]
- when: [{ key: destination.port, values: ["8080"] }, { key: source.namespace, values: ["other"] }]
- when: [{ key: source.principal, notValues: ["cluster.local/ns/*"] }]
- to: [{ operation: { paths: ["/ports"], ports: ["8080"] } }]`,
    ),
  ].join(""),
  "a trust domain's other name": ap(
    "shop",
    "pay",
    `
selector: { matchLabels: { app: pay } }
rules:
- from: [{ source: { principals: ["cluster.local/ns/shop/sa/front", "other.example/ns/back/sa/stock"] } }]
- from: [{ source: { serviceAccounts: ["tool", "back/pay", "other/tool"] } }]
  to: [{ operation: { paths: ["/account"] } }]`,
  ),
};
