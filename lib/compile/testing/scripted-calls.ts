// What is asked of both proxies, and what of an answer is compared: all of it, but for what must differ between two runs.
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Identity } from "./echo-server";
import {
  FORGED,
  isParserRefusal,
  withoutMeantInAnswer,
  withoutMeantInBody,
  withoutMeantInRequest,
} from "./envoy-differences";

export type Call = {
  port: "inbound" | "outbound";
  method?: string;
  path?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
  /** TLS with this certificate, TLS without one, or plain text. */
  as?: Identity | "nobody" | "plain";
  /** For the report. */
  who?: string;
};

export type Answer = { status: number; headers: IncomingHttpHeaders; body: unknown } | { refused: true };

export function send(port: number, call: Call, isKeptOpen = false): Promise<Answer> {
  const { as = "plain", method = "GET", path = "/", headers = {}, body } = call;
  const options = { host: "127.0.0.1", port, method, path, headers, ...(isKeptOpen ? {} : { agent: false as const }) };
  const identity = typeof as === "string" ? {} : { cert: as.certPem, key: as.keyPem };
  return new Promise((resolve) => {
    const outgoing =
      as === "plain" ? httpRequest(options) : httpsRequest({ ...options, ...identity, rejectUnauthorized: false });
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", () => resolve({ refused: true }));
      incoming.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: parsed(text) });
      });
    });
    outgoing.on("error", () => resolve({ refused: true }));
    outgoing.end(body);
  });
}

function parsed(text: string): unknown {
  return text.startsWith("{") ? JSON.parse(text) : text;
}

/** Clocks, random ids and what is meant to differ are taken out; everything else has to be the same. */
export function comparable(answer: Answer, method = "GET"): unknown {
  if ("refused" in answer) return answer;
  const { status, headers, body } = answer;
  if (isParserRefusal(status, isEcho(body))) return { status };
  const echoed = isEcho(body) ? { ...body, headers: withoutChance(withoutMeantInRequest(body.headers, method)) } : body;
  return {
    status,
    headers: withoutChance(withoutMeantInAnswer(headers, method, body)),
    body: withoutMeantInBody(echoed),
  };
}

type Echo = { callee: string; url: string; headers: IncomingHttpHeaders };
export const isEcho = (body: unknown): body is Echo => typeof body === "object" && body !== null && "callee" in body;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function withoutChance(headers: [string, unknown][]): Record<string, unknown> {
  const isChance = (name: string, value: unknown) =>
    name === "date" || (name === "x-request-id" && UUID.test(String(value)));
  return Object.fromEntries(headers.map(([name, value]) => [name, isChance(name, value) ? "<set>" : value]));
}

/** `status: 200 | 503` for each place in which two answers differ. */
export function differences(theirs: unknown, ours: unknown, path = ""): string[] {
  if (isObject(theirs) && isObject(ours)) {
    const names = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
    return names.flatMap((name) => differences(theirs[name], ours[name], path === "" ? name : `${path}.${name}`));
  }
  const [a, b] = [JSON.stringify(theirs), JSON.stringify(ours)];
  return a === b ? [] : [`${path}: ${a} | ${b}`];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const BODY = { method: "POST", body: "amount=12&currency=EUR" };

/** One host, asked in every way that the outbound side or a gateway may treat differently. */
export function callsTo(host: string, port: Call["port"] = "outbound", always: OutgoingHttpHeaders = {}): Call[] {
  const to = (call: Partial<Call>): Call => ({ port, ...call, headers: { host, ...always, ...call.headers } });
  const paths = ["/", "/a?x=1&y=%20", "/a/./../b", "/%61/%2e%2e/c", "/a%2Fb", "//a//b", "/status/404", "/a;b=c?d#e"];
  const headers: OutgoingHttpHeaders[] = [
    { "x-user-type": "beta-tester" },
    { "x-forwarded-client-cert": "By=spiffe://evil/x;URI=spiffe://evil/y", "x-forwarded-for": "1.2.3.4" },
    { "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "7", "x-envoy-upstream-rq-timeout-ms": "1" },
    { "x-envoy-original-path": FORGED, "x-envoy-attempt-count": FORGED, "x-envoy-internal": "true" },
    { connection: "close, x-hop", "x-hop": "1", "x-kept": "2", te: "trailers", "proxy-connection": "close" },
    { "x-request-id": "mine", "x-forwarded-proto": "https", "x-twice": ["a", "b"], cookie: ["a=b", "c=d"] },
    { x_under_score: "1" },
  ];
  return [
    ...paths.slice(0, 4).map((path) => to({ path })),
    to({ path: "/reset" }),
    ...paths.slice(4).map((path) => to({ path })),
    ...headers.map((each) => to({ path: "/headers", headers: each })),
    to({ path: "/status/503/1" }),
    ...["HEAD", "DELETE", "OPTIONS", "PATCH"].map((method) => to({ method, path: "/methods" })),
    to({ method: "HEAD", path: "/sized" }),
    to({ path: "/reset/1" }),
    to({ ...BODY, path: "/pay" }),
    to({ ...BODY, method: "PUT", path: "/chunked", headers: { "transfer-encoding": "chunked" } }),
    to({ ...BODY, path: "/reset/1" }),
    to({ path: `http://${host}/absolute?x`, headers: { host: "elsewhere.example" } }),
    to({ headers: { host: host.toUpperCase() } }),
    to({ headers: { host: `${host}:8080` } }),
    to({ headers: { host: `${host}:81` } }),
    to({ headers: { host: `${host}.` } }),
  ];
}

/** Names by which nothing was drawn. */
export function unknownHosts(): Call[] {
  const hosts = ["nobody", "example.com", "127.0.0.1", "payment", "nobody.production.svc.cluster.local"];
  const elsewhere: Call = { port: "outbound", path: "http://nobody.example/", headers: { host: "inventory" } };
  return [...hosts.map((host): Call => ({ port: "outbound", headers: { host } })), elsewhere];
}

/** As pages in browsers call the routes of the rich design that have a CORS policy: allowed or not, with a preflight or without. */
export function callsOfPages(): { method: string; path: string; headers: Record<string, string> }[] {
  const hosts = [
    "https://shop.example",
    "http://localhost:3000",
    "https://eu.shop.example",
    "https://evil.example",
    "",
  ];
  const asks = { "access-control-request-method": "PUT", "access-control-request-headers": "x-a" };
  return ["/browser/x", "/public", "/strict"].flatMap((path) =>
    hosts.flatMap((origin) => [
      { method: "GET", path, headers: { origin } },
      { method: "OPTIONS", path, headers: { origin } },
      { method: "OPTIONS", path, headers: { origin, ...asks } },
    ]),
  );
}

/** The routes and policies of the rich design, as `inventory` has them. */
export function callsToRichInventory(port: Call["port"]): Call[] {
  const to = (path: string, call: Partial<Call> = {}): Call => ({
    port,
    path,
    ...call,
    headers: { host: "inventory", ...call.headers },
  });
  const passing = { "x-a": "abc", "x-c": "ccc", "x-d": "" };
  const q = "?q=1&p";
  const faulty = port === "inbound" ? [] : ["/faulty", "/faulty/x?y", "/slow"];
  return [
    ...callsOfPages().map(({ path, ...call }) => to(path, call)),
    ...faulty.flatMap((path) => [to(path), to(path, { ...BODY }), to(path, { headers: { "x-grpc": "1" } })]),
    ...["/limited", "/limited/x", "/roomy"].map((path) => to(path)),
    to("/limited", { method: "POST", body: "x" }),
    ...["/Exact", "/exact", "/EXACT?x", "/exact/", "/raw", "/rawest?x=1", "/raw/a/b", "/api", "/api/"].map((p) =>
      to(p),
    ),
    ...["/api/a/b?c", "/apis", "/v1", "/v1/x", "/v1x", "/item/42", "/item/42/", "/item/x", "/thing?a=b"].map((p) =>
      to(p),
    ),
    ...["/item/503/status/503/1", "/teapot", "/old", "/old?x=1", "/watched", "/x"].map((p) => to(p)),
    ...["/admin/x", "/admin", "/file.bak", "/x", "/%61dmin/x", "/y/../admin/x"].map((p) => to(p, { method: "DELETE" })),
    to("/admin/x", { method: "PUT", body: "x" }),
    ...["/staff", "/known"].flatMap((path) =>
      [{}, { "x-role": "staff" }, { "x-role": "guest" }, { "x-role": ["guest", "owner"] }, { "x-role": "staffs" }].map(
        (headers) => to(path, { headers }),
      ),
    ),
    to("/traced", { headers: { "x-trace": "a-drop-b", "x-kind": "bot-1" } }),
    to("/traced", { headers: { "x-trace": "a-drop-b", "x-kind": "bot-old" } }),
    to("/traced", { headers: { "x-trace": "a-drop-b", "x-kind": ["bot-1", "x-old"] } }),
    to("/traced", { headers: { "x-trace": "drip", "x-kind": "bot-1" } }),
    to("/traced", { headers: { "x-kind": "probe42" } }),
    to("/traced", { headers: { "x-kind": "a-probe42" } }),
    to(`/conditions${q}`, { headers: passing }),
    to(`/conditions${q}`, { headers: { ...passing, "x-gone": "1", "x-add": "0", "x-set": "0" } }),
    to(`/conditions${q}`, { method: "PATCH", headers: passing, body: "x" }),
    to(`/conditions${q}`, { method: "POST", headers: passing, body: "x" }),
    to(`/conditions${q}`, { headers: { ...passing, "x-b": "xb" } }),
    to(`/conditions${q}`, { headers: { ...passing, "x-b": "bx" } }),
    to(`/conditions${q}`, { headers: { ...passing, "x-c": "cd" } }),
    to(`/conditions${q}`, { headers: { ...passing, "x-e": "" } }),
    to("/conditions?q=2&p", { headers: passing }),
    to("/conditions?p=3&q=1", { headers: passing }),
    to("/conditions?q=1", { headers: passing }),
  ];
}
