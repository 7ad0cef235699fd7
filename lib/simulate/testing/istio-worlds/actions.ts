// What rules do with a request, beside sending it on.
import { PAY_SUBSETS, to, vs } from "./ground";

export const ACTIONS: Readonly<Record<string, string>> = {
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
};
