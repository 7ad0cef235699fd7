// Worlds of Istio manifests, each about one part of the dialect, on one ground of services in three namespaces.
// The rule: manifests as people write them; what a world shows is decided by Istio, not here.

const service = (namespace: string, name: string, port: number, target = port, more = "") => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { app: ${name} }
  ports: [{ name: http, port: ${port}, targetPort: ${target} }]
${more}---`;

const deployment = (namespace: string, name: string, version: string, labels = "", annotations = "") => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}-${version}, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: ${name}, version: ${version} } }
  template:
    metadata:
      labels: { app: ${name}, version: ${version}${labels} }
      annotations: { ${annotations} }
    spec:
      serviceAccountName: ${name}
      containers: [{ name: app, image: app, ports: [{ containerPort: 8080 }] }]
---`;

/** shop calls pay of its own namespace and of back, stock of back; `legacy` has no sidecar. */
export const GROUND = [
  service("shop", "front", 8080),
  deployment("shop", "front", "v1"),
  service("shop", "pay", 8080),
  deployment("shop", "pay", "v1", ", track: stable"),
  deployment("shop", "pay", "v2", ", track: canary"),
  service("back", "stock", 80, 8080),
  deployment("back", "stock", "v1"),
  deployment("back", "stock", "v2"),
  service("back", "pay", 8080),
  deployment("back", "pay", "v1"),
  service("other", "tool", 8080),
  deployment("other", "tool", "v1"),
  `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  ports: [{ name: http, port: 80, targetPort: 80 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  template:
    metadata: { labels: { istio: ingressgateway }, annotations: { inject.istio.io/templates: gateway } }
    spec: { serviceAccountName: gateway, containers: [{ name: proxy, image: auto }] }
---`,
].join("");

const vs = (namespace: string, name: string, spec: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: ${namespace} }
spec:${indented(spec)}
---`;
const of = (group: string, kind: string) => (namespace: string, name: string, spec: string) =>
  `
apiVersion: ${group}.istio.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec:${indented(spec)}
---`;
const dr = of("networking", "DestinationRule");
const gw = of("networking", "Gateway");
const se = of("networking", "ServiceEntry");
const sidecar = of("networking", "Sidecar");
const pa = of("security", "PeerAuthentication");
const ap = of("security", "AuthorizationPolicy");

const indented = (text: string) => (text.trim() === "" ? " {}" : text.replace(/\n/g, "\n  "));

const PAY_SUBSETS = dr(
  "shop",
  "pay",
  `
host: pay
subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]`,
);
const to = (host: string, subset?: string, port?: number) =>
  `route: [{ destination: { host: ${host}${subset ? `, subset: ${subset}` : ""}${port ? `, port: { number: ${port} }` : ""} } }]`;
const HTTP_GATEWAY = gw(
  "shop",
  "edge",
  `
selector: { istio: ingressgateway }
servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*.shop.example", "shop.example"] }]`,
);

/** By what it is about. */
export const WORLDS: Readonly<Record<string, string>> = {
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
  "conditions on scheme, authority and port": [
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
- match: [{ port: 9999 }]
  directResponse: { status: 203 }
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
  rewrites: [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /foo } }]
  rewrite: { uri: /bar }
  ${to("pay")}
- match: [{ uri: { prefix: /slash/ } }]
  rewrite: { uri: / }
  ${to("pay")}
- match: [{ uri: { exact: /one } }]
  rewrite: { uri: "/two?x=1", authority: elsewhere.example }
  ${to("pay")}
- match: [{ uri: { regex: "/re/.*" } }]
  rewrite: { uri: /whole }
  ${to("pay")}
- match: [{ uri: { prefix: /Case }, ignoreUriCase: true }]
  rewrite: { uri: /lower }
  ${to("pay")}
- match: [{ headers: { x-a: { exact: one } } }]
  rewrite: { uri: /headed }
  ${to("pay")}
- rewrite: { authority: all.example }
  ${to("pay")}`,
    ),
  ].join(""),
  redirects: vs(
    "shop",
    "pay",
    `
hosts: [pay]
http:
- match: [{ uri: { exact: /1 } }]
  redirect: { uri: /new }
- match: [{ uri: { prefix: /2 } }]
  redirect: { authority: other.example }
- match: [{ uri: { prefix: /3 } }]
  redirect: { scheme: https }
- match: [{ uri: { prefix: /4 } }]
  redirect: { port: 8443 }
- match: [{ uri: { prefix: /5 } }]
  redirect: { scheme: https, port: 443, redirectCode: 308 }
- match: [{ uri: { prefix: /6 } }]
  redirect: { scheme: https, derivePort: FROM_PROTOCOL_DEFAULT, redirectCode: 302 }
- match: [{ uri: { prefix: /7 } }]
  redirect: { uri: "/a?b=c", authority: "other.example:81", redirectCode: 307 }
- match: [{ uri: { prefix: /9 } }]
  redirect: { scheme: http, port: 80, redirectCode: 303 }
- redirect: { uri: /rest, redirectCode: 301 }`,
  ),
  "answers of its own": vs(
    "shop",
    "pay",
    `
hosts: [pay]
http:
- match: [{ uri: { prefix: /teapot } }]
  directResponse: { status: 418, body: { string: "short and stout" } }
- match: [{ uri: { prefix: /bytes } }]
  directResponse: { status: 200, body: { bytes: aGVsbG8= } }
- match: [{ uri: { prefix: /bare } }]
  directResponse: { status: 503 }`,
  ),
  "header changes": vs(
    "shop",
    "pay",
    `
hosts: [pay]
http:
- match: [{ uri: { prefix: /set } }]
  headers: { request: { set: { x-a: new }, add: { x-b: more }, remove: [x-c] }, response: { set: { x-out: "1" }, remove: [x-private] } }
  ${to("pay")}
- match: [{ uri: { prefix: /host } }]
  headers: { request: { set: { Host: set.example } } }
  ${to("pay")}
- match: [{ uri: { prefix: /own } }]
  route: [{ destination: { host: pay }, headers: { request: { add: { x-own: "1" } }, response: { add: { x-back: "1" } } } }]
- ${to("pay")}`,
  ),
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
  "faults and copies": [
    PAY_SUBSETS,
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /abort } }]
  fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
  ${to("pay")}
- match: [{ uri: { prefix: /never } }]
  fault: { abort: { httpStatus: 418, percentage: { value: 0 } } }
  ${to("pay")}
- match: [{ uri: { prefix: /unsaid } }]
  fault: { abort: { httpStatus: 418 } }
  ${to("pay")}
- match: [{ uri: { prefix: /half } }]
  fault: { delay: { fixedDelay: 0.001s, percentage: { value: 50 } } }
  ${to("pay")}
- match: [{ uri: { prefix: /grpc } }]
  fault: { abort: { grpcStatus: UNAVAILABLE, percentage: { value: 100 } } }
  ${to("pay")}
- match: [{ uri: { prefix: /copy } }]
  mirror: { host: stock.back.svc.cluster.local }
  ${to("pay", "v1")}
- match: [{ uri: { prefix: /tenth } }]
  mirror: { host: pay, subset: v2 }
  mirrorPercentage: { value: 10 }
  ${to("pay", "v1")}
- match: [{ uri: { prefix: /old } }]
  mirror: { host: pay, subset: v2 }
  mirrorPercent: 20
  ${to("pay", "v1")}
- match: [{ uri: { prefix: /several } }]
  mirrors: [{ destination: { host: pay, subset: v2 }, percentage: { value: 30 } }, { destination: { host: stock.back.svc.cluster.local } }]
  ${to("pay", "v1")}
- match: [{ uri: { prefix: /no-copy } }]
  mirror: { host: pay, subset: v2 }
  mirrorPercentage: { value: 0 }
  ${to("pay", "v1")}
- ${to("pay", "v1")}`,
    ),
  ].join(""),
  "timeouts and retries": vs(
    "shop",
    "pay",
    `
hosts: [pay]
http:
- match: [{ uri: { prefix: /timeout } }]
  timeout: 1.5s
  ${to("pay")}
- match: [{ uri: { prefix: /none } }]
  retries: { attempts: 0 }
  ${to("pay")}
- match: [{ uri: { prefix: /three } }]
  retries: { attempts: 3, perTryTimeout: 2s, retryOn: "5xx,reset,503" }
  ${to("pay")}
- match: [{ uri: { prefix: /unsaid } }]
  retries: { attempts: 4 }
  ${to("pay")}
- match: [{ uri: { prefix: /empty } }]
  retries: { attempts: 2, perTryTimeout: 2s }
  ${to("pay")}
- match: [{ uri: { prefix: /codes } }]
  timeout: 10s
  retries: { attempts: 1, retryOn: "gateway-error,connect-failure,refused-stream,429" }
  ${to("pay")}
- ${to("pay")}`,
  ),
  cors: vs(
    "shop",
    "pay",
    `
hosts: [pay]
http:
- match: [{ uri: { prefix: /cors } }]
  corsPolicy:
    allowOrigins: [{ exact: "https://a.example" }, { regex: "https://.*\\\\.b\\\\.example" }, { prefix: "https://c." }]
    allowMethods: [GET, PUT]
    allowHeaders: [x-a]
    exposeHeaders: [x-b]
    maxAge: 24h
    allowCredentials: true
  ${to("pay")}
- match: [{ uri: { prefix: /any } }]
  corsPolicy: { allowOrigins: [{ exact: "*" }], unmatchedPreflights: IGNORE }
  ${to("pay")}
- match: [{ uri: { prefix: /old } }]
  corsPolicy: { allowOrigin: ["https://a.example"] }
  ${to("pay")}
- ${to("pay")}`,
  ),
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
  "mutual TLS of mesh, namespace, workload and port": [
    pa(
      "istio-system",
      "default",
      `
mtls: { mode: STRICT }`,
    ),
    pa(
      "back",
      "default",
      `
mtls: { mode: PERMISSIVE }`,
    ),
    pa(
      "back",
      "stock",
      `
selector: { matchLabels: { app: stock } }
mtls: { mode: UNSET }
portLevelMtls: { 8080: { mode: DISABLE } }`,
    ),
    pa(
      "shop",
      "pay",
      `
selector: { matchLabels: { app: pay } }
mtls: { mode: DISABLE }`,
    ),
  ].join(""),
  "mutual TLS that inherits": [
    pa(
      "istio-system",
      "default",
      `
mtls: { mode: STRICT }`,
    ),
    pa(
      "back",
      "default",
      `
mtls: {}`,
    ),
    pa(
      "shop",
      "pay",
      `
selector: { matchLabels: { app: pay } }
portLevelMtls: { 8080: { mode: PERMISSIVE } }`,
    ),
  ].join(""),
  "TLS that the caller was told": [
    dr(
      "shop",
      "pay",
      `
host: pay
trafficPolicy: { tls: { mode: DISABLE } }
subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 }, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }]`,
    ),
    pa(
      "shop",
      "pay",
      `
selector: { matchLabels: { app: pay } }
mtls: { mode: STRICT }`,
    ),
    vs(
      "shop",
      "pay",
      `
hosts: [pay]
http:
- match: [{ uri: { prefix: /v2 } }]
  ${to("pay", "v2")}
- ${to("pay", "v1")}`,
    ),
  ].join(""),
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

/** Where the design means something else, the import says so in these words. */
export const TOLD: Readonly<Record<string, RegExp>> = {
  "two services in one VirtualService": /Istio looks for port \d+ there/,
  "conditions on scheme, authority and port": /its conditions match.0.authority are not in the model/,
  "visible to some namespaces": /has no counterpart in the model/,
  "sidecars that see less": /limits what the workloads of a namespace see and call/,
  "DestinationRules in several namespaces": /is left out: host \*.svc.cluster.local/,
  "TLS that the caller was told": /has no counterpart in the model/,
  "services outside of the mesh": /what is outside of the mesh is called as it is/,
};
