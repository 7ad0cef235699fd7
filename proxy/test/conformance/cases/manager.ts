// Options of the HTTP connection manager and of the protocols. Rule: one option per case, with a request that shows it.

import { told } from "../answers";
import { web } from "../config";
import type { Case, Config } from "../types";
import type { Ask, Wire } from "../wire";

const option = (id: string, hcm: Config, run: Case["run"], more: Partial<Case> = {}): Case => ({
  id: `manager ${id}`,
  config: web({ hcm }),
  run,
  ...more,
});
const HCM = "HttpConnectionManager.";
const headersOf =
  (asks: readonly (Ask | string)[]) =>
  async (wire: Wire): Promise<unknown> =>
    (await wire.calls(asks)).map((answer) => told(answer, "headers"));
const pathsOf =
  (asks: readonly string[]) =>
  async (wire: Wire): Promise<unknown> =>
    (await wire.calls(asks)).map((answer) => told(answer, "path"));
const XFF = { headers: { "x-forwarded-for": "10.0.0.1, 10.0.0.2" } };
const ID = { headers: { "x-request-id": "mine" } };
const STRANGE = [
  "/a/../b",
  "/a/./b",
  "//a///b",
  "/%61",
  "/a%2Fb",
  "/a%5Cb",
  "/a\\b",
  "/a/..",
  "/%2e%2e/b",
  "/a?x=//..//",
];
const withCount = (count: number): Ask => ({
  headers: Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "1"])),
});

export const managerCases: readonly Case[] = [
  option("server name", { server_name: "own" }, (wire) => wire.calls(["/", "/"]), { proves: [`${HCM}server_name`] }),
  option(
    "server header passed through",
    { server_header_transformation: "PASS_THROUGH" },
    (wire) => wire.calls(["/", { headers: { "x-do": "200+server=theirs" } }]),
    { proves: [`${HCM}server_header_transformation`] },
  ),
  option(
    "via",
    { via: "mesh" },
    (wire) => wire.calls(["/", { headers: { via: "first", "x-do": "200+via=upstream" } }]),
    {
      proves: [`${HCM}via`],
    },
  ),
  option("stream prefix", {}, (wire) => wire.status(), { needs: [`${HCM}stat_prefix`] }),
  option(
    "remote address",
    { use_remote_address: true },
    async (wire) => {
      const answers = await wire.calls([{}, XFF]);
      return answers.map((each) => Object.keys((told(each, "headers") ?? {}) as object).includes("x-forwarded-for"));
    },
    { proves: [`${HCM}use_remote_address`] },
  ),
  option(
    "x-forwarded-for as it came",
    { use_remote_address: true, skip_xff_append: true },
    async (wire) => {
      const headers = told(await wire.call(XFF), "headers") as Record<string, string>;
      return headers["x-forwarded-for"]?.split(",").length;
    },
    {
      proves: [`${HCM}skip_xff_append`],
    },
  ),
  option("x-forwarded-for without remote address", {}, headersOf([{}, XFF])),
  {
    id: "manager HTTP/2 options",
    config: web({ hcm: { http2_protocol_options: { max_concurrent_streams: 5 } } }),
    run: async (wire) => ((await wire.settings("main")) as Record<string, number>)["streams"],
    proves: [`${HCM}http2_protocol_options`],
  },
  option("no request id", { generate_request_id: false }, headersOf([{}, ID]), {
    proves: [`${HCM}generate_request_id`],
  }),
  option(
    "request id of a caller outside",
    { use_remote_address: true, skip_xff_append: true, preserve_external_request_id: true },
    headersOf([ID]),
    {
      proves: [],
    },
  ),
  option(
    "request id of a caller outside is kept",
    { preserve_external_request_id: true, use_remote_address: true },
    async (wire) => {
      const ask: Ask = { headers: { ...ID.headers, "x-forwarded-for": "8.8.8.8" } };
      return ((told(await wire.call(ask), "headers") ?? {}) as Record<string, unknown>)["x-request-id"];
    },
    {},
  ),
  option("request id in answers", { always_set_request_id_in_response: true }, (wire) => wire.calls([{}, ID]), {
    proves: [`${HCM}always_set_request_id_in_response`],
  }),
  option("paths as they come", {}, pathsOf(STRANGE)),
  option("normalized paths", { normalize_path: true }, pathsOf(STRANGE), { proves: [`${HCM}normalize_path`] }),
  option("merged slashes", { merge_slashes: true }, pathsOf(STRANGE), { proves: [`${HCM}merge_slashes`] }),
  ...["KEEP_UNCHANGED", "REJECT_REQUEST", "UNESCAPE_AND_FORWARD"].map((action) =>
    option(
      `escaped slashes ${action}`,
      { path_with_escaped_slashes_action: action },
      async (wire) => [await wire.statuses(STRANGE), await pathsOf(["/a/b", "/a%2Fb"])(wire)],
      action === "KEEP_UNCHANGED" ? {} : { proves: [`${HCM}path_with_escaped_slashes_action`] },
    ),
  ),
  option(
    "HTTP/2 only",
    { codec_type: "HTTP2" },
    async (wire) => [await wire.status({ http2: true }), await wire.status()],
    {
      proves: [`${HCM}codec_type`],
    },
  ),
  option(
    "HTTP/1 only",
    { codec_type: "HTTP1" },
    async (wire) => [await wire.status({ http2: true }), await wire.status()],
    {
      proves: [`${HCM}codec_type`],
    },
  ),
  option("either protocol", {}, async (wire) => [await wire.call({ http2: true }), await wire.call()]),
  option(
    "headers of a request take long",
    { request_headers_timeout: "0.3s" },
    async (wire) => {
      const { text, end } = await wire.raw("GET / HTTP/1.1\r\nhost: a", { forMs: 1500 });
      return [text.split("\r\n")[0], end];
    },
    { proves: [`${HCM}request_headers_timeout`] },
  ),
  option(
    "a request takes long",
    { request_timeout: "0.3s" },
    async (wire) => {
      const { text } = await wire.raw("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc", {
        forMs: 1500,
        until: /\r\n\r\n/,
      });
      return text.split("\r\n")[0];
    },
    { proves: [`${HCM}request_timeout`] },
  ),
  option(
    "a stream is silent",
    { stream_idle_timeout: "0.3s" },
    async (wire) => wire.late(250, () => wire.call({ headers: { "x-do": "slow1500" } })),
    { proves: [`${HCM}stream_idle_timeout`] },
  ),
  option(
    "longest stream",
    { common_http_protocol_options: { max_stream_duration: "0.3s" } },
    async (wire) => wire.late(250, () => wire.call({ headers: { "x-do": "slow1500" } })),
    { proves: [`${HCM}common_http_protocol_options`, "core.v3.HttpProtocolOptions.max_stream_duration"] },
  ),
  option("idle connection", { common_http_protocol_options: { idle_timeout: "0.3s" } }, async (wire) => {
    const { text, end } = await wire.raw("GET / HTTP/1.1\r\nhost: a\r\n\r\n", { forMs: 6500 });
    return [text.split("\r\n")[0], end];
  }),
  option("old connection", { common_http_protocol_options: { max_connection_duration: "0.3s" } }, async (wire) => {
    const { text, end } = await wire.raw("GET / HTTP/1.1\r\nhost: a\r\n\r\n", { forMs: 6500 });
    return [text.split("\r\n")[0], end];
  }),
  option(
    "requests per connection",
    { common_http_protocol_options: { max_requests_per_connection: 2 } },
    async (wire) => {
      const get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
      const { text, end } = await wire.raw(get + get + get, { forMs: 1500, until: /(HTTP\/1.1 200[\s\S]*){3}/ });
      return [text.match(/HTTP\/1.1 200/g)?.length, end, /connection: close/i.test(text)];
    },
    { proves: ["core.v3.HttpProtocolOptions.max_requests_per_connection"] },
  ),
  option(
    "number of headers",
    { common_http_protocol_options: { max_headers_count: 20 } },
    (wire) => wire.statuses([withCount(10), withCount(40)]),
    { proves: ["core.v3.HttpProtocolOptions.max_headers_count"] },
  ),
  option(
    "size of headers",
    { max_request_headers_kb: 2 },
    (wire) => wire.statuses([{ headers: { "x-big": "x".repeat(1000) } }, { headers: { "x-big": "x".repeat(4000) } }]),
    { proves: [`${HCM}max_request_headers_kb`] },
  ),
  ...["REJECT_REQUEST", "DROP_HEADER"].map((action) =>
    option(
      `names with underscores ${action}`,
      { common_http_protocol_options: { headers_with_underscores_action: action } },
      async (wire) => {
        const answer = await wire.call({ headers: { x_a: "1" } });
        return [
          answer === "no answer" ? answer : answer.status,
          action === "DROP_HEADER" ? told(answer, "headers") : "",
        ];
      },
      { proves: ["core.v3.HttpProtocolOptions.headers_with_underscores_action"] },
    ),
  ),
];
