// Active health checks by TCP and gRPC, of endpoints that are checked in their own way, and beside outlier detection. Rule: as in active-health-parts.ts.

import { endpoint, HTTP2, web } from "../config";
import type { Case } from "../types";
import {
  answering,
  CHECK,
  checked,
  checks,
  cluster,
  hex,
  http,
  isAsked,
  OFTEN,
  outAndBack,
  outlierWithout,
  say,
  until,
} from "./active-health-parts";

export const activeHealthKindCases: readonly Case[] = [
  checked(
    "by TCP",
    {
      tcp_health_check: {
        send: hex("GET /hc HTTP/1.1\r\nhost: a\r\n\r\n"),
        receive: [hex("HTTP/1.1 200"), hex("\r\n\r\n")],
      },
    },
    outAndBack(),
    {
      proves: [`${CHECK}TcpHealthCheck.send`, `${CHECK}TcpHealthCheck.receive`],
      needs: [`${CHECK}Payload.text`],
    },
  ),
  checked("by TCP, to be there", { tcp_health_check: {} }, (wire) => until(wire, "b"), {
    upstreams: { app: "dead", b: "http" },
    needs: [`${CHECK}tcp_health_check`],
  }),
  checked(
    "by TCP, with bytes",
    {
      tcp_health_check: { send: hex("GET /hc HTTP/1.1\r\nhost: a\r\n\r\n"), receive: [{ binary: "SFRUUC8xLjEgMjA0" }] },
    },
    async (wire) => {
      say(wire, "app", "204");
      return until(wire, "app");
    },
    { needs: [`${CHECK}Payload.binary`] },
  ),
  checked(
    "by TCP, hung up after the answer",
    {
      tcp_health_check: {
        send: hex("GET /hc HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
        receive: [hex("200")],
      },
      unhealthy_threshold: 1,
      healthy_threshold: 2,
    },
    (wire) => until(wire, "503"),
  ),
  checked(
    "by gRPC",
    { grpc_health_check: { service_name: "known", authority: "shop.example" } },
    async (wire) => {
      const all = await outAndBack("2", "1")(wire);
      return [all, checks(wire)[0]];
    },
    {
      over: HTTP2,
      upstreams: { app: "http2", b: "http2" },
      proves: [`${CHECK}GrpcHealthCheck.service_name`, `${CHECK}GrpcHealthCheck.authority`],
      needs: [`${CHECK}grpc_health_check`],
    },
  ),
  checked("by gRPC, of an unknown service", { grpc_health_check: { service_name: "other" } }, (wire) => wire.status(), {
    over: HTTP2,
    upstreams: { app: "http2", b: "http2" },
  }),
  checked("by gRPC over HTTP/1.1", { grpc_health_check: {} }, (wire) => wire.status(), { isRefused: true }),
  checked("two checks", {}, (wire) => wire.status(), {
    isRefused: true,
    config: web({
      clusters: [
        {
          ...cluster(http()),
          health_checks: [
            { ...OFTEN, ...http() },
            { ...OFTEN, ...http() },
          ],
        },
      ],
    }),
  }),
  checked("text that is not hexadecimal", { tcp_health_check: { send: { text: "xyz" } } }, (wire) => wire.status(), {
    isRefused: true,
  }),
  checked("statuses that are none", http({ expected_statuses: [{ start: 50, end: 300 }] }), (wire) => wire.status(), {
    isRefused: true,
  }),
  checked(
    "endpoint that is checked elsewhere",
    http(),
    async (wire) => {
      say(wire, "b", "503");
      await isAsked(wire, "b");
      return [await answering(wire), checks(wire, "b")[0] ?? "not asked", checks(wire).length > 0];
    },
    {
      config: web({
        clusters: [
          cluster(http(), {}, [
            {
              endpoint: {
                address: { socket_address: { address: "127.0.0.1", port_value: "@app" } },
                health_check_config: { port_value: "@b", hostname: "own.example" },
              },
            },
          ]),
        ],
      }),
      proves: [
        "endpoint.v3.Endpoint.health_check_config",
        "Endpoint.HealthCheckConfig.port_value",
        "Endpoint.HealthCheckConfig.hostname",
      ],
    },
  ),
  checked(
    "endpoint that is not checked",
    http(),
    async (wire) => {
      say(wire, "app", "503");
      await until(wire, "b");
      return [await answering(wire), checks(wire).length > 0];
    },
    {
      config: web({
        clusters: [
          cluster(http(), {}, [
            {
              endpoint: {
                address: { socket_address: { address: "127.0.0.1", port_value: "@app" } },
                health_check_config: { disable_active_health_check: true },
              },
            },
            endpoint("@b"),
          ]),
        ],
      }),
      proves: ["Endpoint.HealthCheckConfig.disable_active_health_check"],
    },
  ),
  checked(
    "asks to be left alone at once",
    { ...http(), unhealthy_interval: "600s", unhealthy_threshold: 1000 },
    async (wire) => {
      const before = await until(wire, "app b");
      await wire.call({ headers: { "x-do": "200+x-envoy-immediate-health-check-fail=true" } });
      const seen = await answering(wire);
      return [before, seen === "app" || seen === "b" ? "one" : seen];
    },
  ),
  checked(
    "ejected, and back when it passes",
    http(),
    async (wire) => {
      await until(wire, "app b");
      for (let failed = 0, asked = 0; failed < 2 && asked < 16; asked++) {
        if ((await wire.status({ headers: { "x-do": "200", "x-bad": "app", "x-step": "500" } })) !== 200) failed++;
      }
      return until(wire, "app b");
    },
    {
      over: outlierWithout({ successful_active_health_check_uneject_host: false }),
      proves: ["OutlierDetection.successful_active_health_check_uneject_host"],
    },
  ),
  checked(
    "panics",
    http(),
    async (wire) => {
      await until(wire, "app b");
      say(wire, "app", "503");
      say(wire, "b", "503");
      await isAsked(wire);
      return answering(wire);
    },
    { over: { common_lb_config: { update_merge_window: "0s" } } },
  ),
];
