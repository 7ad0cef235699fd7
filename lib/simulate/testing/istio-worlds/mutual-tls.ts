// Mutual TLS of mesh, namespace, workload and port, and what callers were told.
import { dr, pa, to, vs } from "./ground";

export const MUTUAL_TLS: Readonly<Record<string, string>> = {
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
};
