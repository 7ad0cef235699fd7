// What a health check filter may say, what is refused by its path, and who counts as failed.

import type { JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { decodeJson } from "../contract/decode";
import { findUnsupported } from "../contract/find-unsupported";
import { HttpHealthCheckSchema } from "../contract/messages";
import { healthOf } from "../http/health-check";
import { DataPlane } from "../listener/data-plane";
import { healthCheckPlan } from "./health-check";
import { Scope } from "./scope";
import type { HealthCheckFilterPlan } from "./types";

function planned(json: JsonValue): { plan: HealthCheckFilterPlan; problems: string[] } {
  const decoded = decodeJson(HttpHealthCheckSchema, json);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.violations));
  const found: { path: string; message: string }[] = [];
  const plan = healthCheckPlan("check", decoded.value, new Scope("check", found));
  const refused = findUnsupported(HttpHealthCheckSchema, decoded.value, "check");
  return { plan, problems: [...refused, ...found].map(({ path }) => path) };
}

test("percents are cut off and clusters are in order", () => {
  const { plan, problems } = planned({
    pass_through_mode: false,
    cluster_min_healthy_percentages: { b: { value: 50.9 }, a: { value: 1 } },
  });
  expect(problems).toEqual([]);
  expect(plan).toMatchObject({
    passesOn: false,
    headers: [],
    clusters: [
      { name: "a", minPercent: 1 },
      { name: "b", minPercent: 50 },
    ],
  });
});

test("answers that are kept for a while are refused by their path", () => {
  expect(planned({ pass_through_mode: true, cache_time: "1s" }).problems).toEqual(["check.cache_time"]);
});

test("a proxy that drains has failed, and says so before it counts anything", () => {
  const dataPlane = new DataPlane();
  const { plan } = planned({ pass_through_mode: false, cluster_min_healthy_percentages: { a: { value: 0 } } });
  const told = () => healthOf(plan, new Map(), dataPlane.isFailed).details;
  expect(told()).toBe("health_check_failed_no_cluster_found");
  dataPlane.isDraining = true;
  expect(told()).toBe("health_check_failed");
});
