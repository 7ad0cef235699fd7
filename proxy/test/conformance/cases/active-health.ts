// Active health checks by HTTP: what the answers mean, when the next question comes. Rule: as in active-health-parts.ts.

import { HTTP2, web } from "../config";
import type { Case } from "../types";
import {
  answering,
  CHECK,
  checked,
  checks,
  cluster,
  HTTP,
  http,
  isAsked,
  outAndBack,
  say,
  until,
} from "./active-health-parts";

export const activeHealthCases: readonly Case[] = [
  checked("out and back", http(), outAndBack(), {
    proves: ["cluster.v3.Cluster.health_checks"],
    needs: [
      `${CHECK}timeout`,
      `${CHECK}interval`,
      `${CHECK}unhealthy_threshold`,
      `${CHECK}healthy_threshold`,
      `${CHECK}http_health_check`,
      `${HTTP}path`,
    ],
    inert: [`${CHECK}always_log_health_check_failures`, `${CHECK}always_log_health_check_success`],
    config: web({
      clusters: [cluster({ ...http(), always_log_health_check_failures: true, always_log_health_check_success: true })],
    }),
  }),
  checked(
    "as it asks",
    http({
      host: "shop.example",
      method: "HEAD",
      request_headers_to_add: [{ header: { key: "x-from", value: "mesh" } }],
      request_headers_to_remove: ["user-agent"],
    }),
    async (wire) => {
      await isAsked(wire);
      return [checks(wire)[0], await until(wire, "app b")];
    },
    {
      proves: [`${HTTP}host`, `${HTTP}method`, `${HTTP}request_headers_to_add`, `${HTTP}request_headers_to_remove`],
    },
  ),
  checked(
    "by HTTP/2",
    http({ codec_client_type: "HTTP2" }),
    async (wire) => {
      const who = await until(wire, "app b");
      return [checks(wire)[0], who];
    },
    { over: HTTP2, upstreams: { app: "http2", b: "http2" }, proves: [`${HTTP}codec_client_type`] },
  ),
  checked("expected statuses", http({ expected_statuses: [{ start: 200, end: 300 }] }), outAndBack("503", "204"), {
    proves: [`${HTTP}expected_statuses`],
  }),
  checked(
    "retriable statuses",
    { ...http({ retriable_statuses: [{ start: 503, end: 504 }] }), unhealthy_threshold: 1000 },
    async (wire) => {
      const before = await until(wire, "app b");
      say(wire, "app", "503");
      await isAsked(wire);
      return [before, await answering(wire)];
    },
    { proves: [`${HTTP}retriable_statuses`] },
  ),
  checked("wrong status does not wait for its threshold", { ...http(), unhealthy_threshold: 1000 }, async (wire) => {
    const before = await until(wire, "app b");
    say(wire, "app", "500");
    return [before, await until(wire, "b")];
  }),
  checked("no answer in time", { ...http(), timeout: "0.1s" }, outAndBack("none")),
  checked("nobody there", http(), (wire) => until(wire, "b"), { upstreams: { app: "dead", b: "http" } }),
  checked("healthy threshold", { ...http(), healthy_threshold: 1000 }, async (wire) => {
    const before = await until(wire, "app b");
    say(wire, "app", "503");
    const during = await until(wire, "b");
    say(wire, "app", "200");
    await isAsked(wire);
    return [before, during, await answering(wire)];
  }),
  checked("degraded", http(), async (wire) => {
    const before = await until(wire, "app b");
    say(wire, "app", "200+x-envoy-degraded=true");
    // The healthy half carries 70 %: the rest goes to the degraded one.
    const during = await isAsked(wire);
    say(wire, "b", "503");
    return [before, during, await until(wire, "app")];
  }),
  checked("no traffic", { ...http(), interval: "600s", no_traffic_interval: "0.3s" }, (wire) => isAsked(wire), {
    proves: [`${CHECK}no_traffic_interval`],
  }),
  checked("no traffic and well", { ...http(), no_traffic_healthy_interval: "600s" }, (wire) => isAsked(wire), {
    proves: [`${CHECK}no_traffic_healthy_interval`],
  }),
  checked(
    "seldom when it is ill",
    { ...http(), unhealthy_interval: "600s" },
    async (wire) => {
      await until(wire, "app b");
      say(wire, "app", "503");
      await until(wire, "b");
      return isAsked(wire);
    },
    { proves: [`${CHECK}unhealthy_interval`] },
  ),
  checked(
    "seldom when it begins to be ill",
    {
      ...http({ retriable_statuses: [{ start: 503, end: 504 }] }),
      unhealthy_threshold: 2,
      unhealthy_edge_interval: "600s",
    },
    async (wire) => {
      const before = await until(wire, "app b");
      say(wire, "app", "503");
      return [before, await until(wire, "b")];
    },
    { proves: [`${CHECK}unhealthy_edge_interval`] },
  ),
  checked(
    "seldom when it begins to be well",
    { ...http(), healthy_threshold: 2, healthy_edge_interval: "600s" },
    async (wire) => {
      await until(wire, "app b");
      say(wire, "app", "503");
      const during = await until(wire, "b");
      say(wire, "app", "200");
      return [during, await until(wire, "app b")];
    },
    { proves: [`${CHECK}healthy_edge_interval`] },
  ),
  ...[{ interval_jitter: "6000s" }, { interval_jitter_percent: 10_000_000 }].map((jitter) =>
    checked(`${Object.keys(jitter)[0]}`, { ...http(), ...jitter }, (wire) => isAsked(wire), {
      proves: [`${CHECK}${Object.keys(jitter)[0]}`],
    }),
  ),
  checked(
    "a connection for each",
    { ...http(), reuse_connection: false },
    async (wire) => {
      await isAsked(wire);
      return wire.connections("app") >= 3 ? "many" : "few";
    },
    { proves: [`${CHECK}reuse_connection`] },
  ),
];
