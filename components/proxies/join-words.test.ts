import { expect, test } from "vitest";
import { workloadOf, workloadsIn } from "./join-words";

test("a workload is written as namespace/workload and nothing else", () => {
  expect(workloadOf(" production/cart-v1 ")).toEqual({ namespace: "production", name: "cart-v1" });
  for (const wrong of ["", "cart-v1", "production/", "/cart-v1", "production/cart/0", "Production/cart"]) {
    expect(workloadOf(wrong), wrong).toBeNull();
  }
});

test("each workload that runs is offered once, gateways are not", () => {
  const proxy = (workload: string, workloadVersion: string | null = "v1") => ({
    namespace: "production",
    workload,
    workloadVersion,
  });
  expect(workloadsIn([proxy("web-v1"), proxy("cart-v1"), proxy("cart-v1"), proxy("edge", null)])).toEqual([
    "production/cart-v1",
    "production/web-v1",
  ]);
});
