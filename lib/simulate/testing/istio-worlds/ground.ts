// The ground that worlds of Istio manifests stand on: services in three namespaces, a gateway, and short words for what is written on it.
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

export const vs = (namespace: string, name: string, spec: string) => `
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
export const dr = of("networking", "DestinationRule");
export const gw = of("networking", "Gateway");
export const se = of("networking", "ServiceEntry");
export const sidecar = of("networking", "Sidecar");
export const pa = of("security", "PeerAuthentication");
export const ap = of("security", "AuthorizationPolicy");

const indented = (text: string) => (text.trim() === "" ? " {}" : text.replace(/\n/g, "\n  "));

export const PAY_SUBSETS = dr(
  "shop",
  "pay",
  `
host: pay
subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]`,
);
export const to = (host: string, subset?: string, port?: number) =>
  `route: [{ destination: { host: ${host}${subset ? `, subset: ${subset}` : ""}${port ? `, port: { number: ${port} }` : ""} } }]`;
export const HTTP_GATEWAY = gw(
  "shop",
  "edge",
  `
selector: { istio: ingressgateway }
servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*.shop.example", "shop.example"] }]`,
);

/** By what it is about. */
