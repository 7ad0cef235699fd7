// How long a route gives: timeouts, deadlines of gRPC, and what the router answers itself. Rule: an answer is early or late, by
// room enough for a busy machine.

import { cluster, header, httpOptions, TO_APP, web } from "../config";
import type { Case, Config } from "../types";
import type { Ask } from "../wire";

const to = (action: Config, match: Config = { prefix: "/" }): Config => ({
  match,
  route: { cluster: "app", ...action },
});

export const timeoutCases: readonly Case[] = [
  {
    id: "headers of own answers",
    config: web({
      routes: [
        { match: { prefix: "/gone" }, route: { cluster: "gone" } },
        { match: { prefix: "/slow" }, route: { cluster: "app", timeout: "0.2s" } },
        { match: { prefix: "/missing" }, route: { cluster: "missing" } },
        TO_APP,
      ],
      host: { include_attempt_count_in_response: true, response_headers_to_add: [header("x-a", "1")] },
      routeConfig: { validate_clusters: false },
      clusters: [cluster("app"), cluster("gone")],
    }),
    upstreams: { app: "http", gone: "dead" },
    run: (wire) =>
      wire.calls([
        "/gone",
        { path: "/slow", headers: { "x-do": "slow800" } },
        "/missing",
        { headers: { "x-do": "reset" }, method: "POST" },
      ]),
  },
  {
    id: "timeout",
    config: web({ routes: [to({ timeout: "0.3s" })] }),
    run: async (wire) => [
      await wire.late(250, () => wire.call({ headers: { "x-do": "slow1500" } })),
      await wire.call({ headers: { "x-do": "slow20" } }),
    ],
    proves: ["RouteAction.timeout"],
  },
  {
    id: "idle timeout of a route",
    config: web({ routes: [to({ idle_timeout: "0.3s", timeout: "0s" })] }),
    run: (wire) => wire.late(250, () => wire.call({ headers: { "x-do": "slow1500" } })),
    proves: ["RouteAction.idle_timeout"],
  },
  {
    id: "longest stream of a route",
    config: web({ routes: [to({ max_stream_duration: { max_stream_duration: "0.3s" } })] }),
    run: (wire) => wire.late(250, () => wire.call({ headers: { "x-do": "slow1500" } })),
    proves: ["RouteAction.max_stream_duration", "MaxStreamDuration.max_stream_duration"],
  },
  ...[
    {
      id: "grpc deadline of a route",
      action: { max_grpc_timeout: "0.4s", grpc_timeout_offset: "0.1s" },
      fields: ["RouteAction.max_grpc_timeout"],
    },
    {
      id: "grpc deadline of a stream",
      action: { max_stream_duration: { grpc_timeout_header_max: "0.4s", max_stream_duration: "5s" } },
      fields: ["MaxStreamDuration.grpc_timeout_header_max"],
    },
  ].map(
    ({ id, action, fields }): Case => ({
      id,
      config: web({
        routes: [to(action)],
        clusters: [cluster("app", httpOptions({ explicit_http_config: { http2_protocol_options: {} } }))],
      }),
      upstreams: { app: "http2" },
      run: async (wire) => {
        const grpc = (timeout: string): Ask => ({
          http2: true,
          method: "POST",
          headers: { "content-type": "application/grpc", te: "trailers", "grpc-timeout": timeout, "x-do": "slow1200" },
        });
        return [
          await wire.late(150, () => wire.call(grpc("300m"))),
          await wire.late(350, () => wire.call(grpc("30S"))),
        ];
      },
      proves: fields,
    }),
  ),
  {
    id: "offset of a grpc deadline",
    config: web({
      routes: [
        to({ max_grpc_timeout: "3s", grpc_timeout_offset: "0.7s" }, { prefix: "/a" }),
        to(
          { max_stream_duration: { grpc_timeout_header_max: "3s", grpc_timeout_header_offset: "0.7s" } },
          { prefix: "/b" },
        ),
      ],
      clusters: [cluster("app", httpOptions({ explicit_http_config: { http2_protocol_options: {} } }))],
    }),
    upstreams: { app: "http2" },
    run: async (wire) => {
      const grpc = (path: string): Ask => ({
        http2: true,
        path,
        method: "POST",
        headers: { "content-type": "application/grpc", te: "trailers", "grpc-timeout": "1S", "x-do": "slow2000" },
      });
      return Promise.all(["/a", "/b"].map((path) => wire.late(750, () => wire.call(grpc(path)))));
    },
    proves: ["RouteAction.grpc_timeout_offset", "MaxStreamDuration.grpc_timeout_header_offset"],
  },
];
