// TLS at gateways: ended there, with and without certificates of clients, passed on by the server name, and plain HTTP that is sent on to it.
import { gw, to, vs } from "./ground";

const PORTS = `
apiVersion: v1
kind: Service
metadata: { name: istio-ingressgateway, namespace: istio-system }
spec:
  selector: { istio: ingressgateway }
  ports: [{ name: http, port: 80 }, { name: https, port: 443 }, { name: tls, port: 8443 }, { name: tcp, port: 5432 }]
---`;

/** What its clients say in TLS is for the app alone. */
const BANK = `
apiVersion: v1
kind: Service
metadata: { name: bank, namespace: shop }
spec:
  selector: { app: bank }
  ports: [{ name: tls, port: 8443 }, { name: tcp-ledger, port: 5432 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: bank-v1, namespace: shop }
spec:
  selector: { matchLabels: { app: bank } }
  template:
    metadata: { labels: { app: bank, version: v1 } }
    spec: { serviceAccountName: bank, containers: [{ name: app, image: app }] }
---
apiVersion: v1
kind: Service
metadata: { name: vault, namespace: back }
spec:
  selector: { app: vault }
  ports: [{ name: tls, port: 9443 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: vault-v1, namespace: back }
spec:
  selector: { matchLabels: { app: vault } }
  template:
    metadata: { labels: { app: vault, version: v1 } }
    spec: { serviceAccountName: vault, containers: [{ name: app, image: app }] }
---`;

const ROUTES = vs(
  "shop",
  "shop",
  `
hosts: [www.shop.example, partners.shop.example, either.shop.example, old.shop.example]
gateways: [edge]
http:
- match: [{ uri: { prefix: /stock } }]
  rewrite: { uri: / }
  ${to("stock.back.svc.cluster.local")}
- match: [{ uri: { exact: /old } }]
  redirect: { uri: /new }
- ${to("pay")}`,
);

export const TLS_GATEWAYS: Readonly<Record<string, string>> = {
  "TLS that ends at a gateway": [
    PORTS,
    gw(
      "shop",
      "edge",
      `
selector: { istio: ingressgateway }
servers:
- { port: { number: 80, name: http, protocol: HTTP }, hosts: [old.shop.example] }
- { port: { number: 443, name: www, protocol: HTTPS }, hosts: [www.shop.example], tls: { mode: SIMPLE, credentialName: www } }
- { port: { number: 443, name: rest, protocol: HTTPS }, hosts: ["*.shop.example"], tls: { mode: SIMPLE, credentialName: rest } }`,
    ),
    ROUTES,
  ].join(""),
  "certificates of clients at a gateway": [
    PORTS,
    gw(
      "shop",
      "edge",
      `
selector: { istio: ingressgateway }
servers:
- { port: { number: 80, name: http, protocol: HTTP }, hosts: [old.shop.example] }
- { port: { number: 443, name: www, protocol: HTTPS }, hosts: [www.shop.example], tls: { mode: MUTUAL, credentialName: www } }
- { port: { number: 443, name: partners, protocol: HTTPS }, hosts: [partners.shop.example], tls: { mode: MUTUAL, credentialName: partners, subjectAltNames: [orders.partner.example, "spiffe://partner.example/orders"] } }
- { port: { number: 443, name: either, protocol: HTTPS }, hosts: [either.shop.example], tls: { mode: OPTIONAL_MUTUAL, credentialName: either } }`,
    ),
    ROUTES,
  ].join(""),
  "plain HTTP that is sent on to HTTPS": [
    PORTS,
    gw(
      "shop",
      "edge",
      `
selector: { istio: ingressgateway }
servers:
- { port: { number: 80, name: http, protocol: HTTP }, hosts: [www.shop.example, either.shop.example], tls: { httpsRedirect: true } }
- { port: { number: 80, name: open, protocol: HTTP }, hosts: [old.shop.example] }
- { port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*.shop.example"], tls: { mode: SIMPLE, credentialName: shop } }`,
    ),
    ROUTES,
  ].join(""),
  "TLS that a gateway passes on by its server name": [
    PORTS,
    BANK,
    gw(
      "shop",
      "edge",
      `
selector: { istio: ingressgateway }
servers:
- { port: { number: 8443, name: tls, protocol: TLS }, hosts: ["*.bank.example", vault.example], tls: { mode: PASSTHROUGH } }
- { port: { number: 443, name: https, protocol: HTTPS }, hosts: [www.shop.example], tls: { mode: SIMPLE, credentialName: www } }
- { port: { number: 5432, name: tcp, protocol: TCP }, hosts: ["*"] }`,
    ),
    ROUTES.replace(
      "hosts: [www.shop.example, partners.shop.example, either.shop.example, old.shop.example]",
      "hosts: [www.shop.example]",
    ),
    vs(
      "shop",
      "bank",
      `
hosts: ["*.bank.example", vault.example]
gateways: [edge]
tls:
- match: [{ port: 8443, sniHosts: [vault.example] }]
  route: [{ destination: { host: vault.back.svc.cluster.local, port: { number: 9443 } } }]
- match: [{ port: 8443, sniHosts: ["*.bank.example"] }]
  route: [{ destination: { host: bank, port: { number: 8443 } } }]`,
    ),
    vs(
      "shop",
      "ledger",
      `
hosts: ["*"]
gateways: [edge]
tcp:
- match: [{ port: 5432 }]
  route: [{ destination: { host: bank, port: { number: 5432 } } }]`,
    ),
  ].join(""),
};
