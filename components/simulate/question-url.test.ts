import { expect, test } from "vitest";
import { demoMesh } from "@/lib/mesh";
import { firstQuestion, formFrom, formOf, parametersOf, problemsOf, questionOf } from "./question-url";
import { NO_TOKEN } from "./token-fields";

const form = {
  from: "Workload/production/checkout-v1",
  host: "payment-service.production:8080",
  method: "POST",
  path: "/pay?x=1",
  headers: "x-user-type: beta-tester\nx-a: b:c",
  ...NO_TOKEN,
};

test("a question survives the way into the URL and back", () => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parametersOf(form))) if (value !== null) search.set(name, value);
  expect(formFrom(search)).toEqual(form);
  const empty = { from: "", host: "", method: "GET", path: "/", headers: "", ...NO_TOKEN };
  expect(formFrom(new URLSearchParams())).toEqual(empty);
});

test("a form becomes the simulator's question, and a question a form", () => {
  expect(questionOf(form)).toEqual({
    from: { kind: "workload", workload: "Workload/production/checkout-v1" },
    to: { host: "payment-service.production", port: 8080 },
    method: "POST",
    path: "/pay?x=1",
    headers: { "x-user-type": "beta-tester", "x-a": "b:c" },
  });
  expect(formOf(questionOf(form))).toEqual(form);
  expect(questionOf({ ...form, from: "Gateway/production/shop-gateway" }).from).toEqual({
    kind: "outside",
    gateway: "Gateway/production/shop-gateway",
  });
});

test("what cannot be asked is told by field", () => {
  expect(problemsOf(form)).toEqual({});
  const wrong = { from: "", host: "a b", method: "", path: "x", headers: "nothing", ...NO_TOKEN };
  expect(Object.keys(problemsOf(wrong))).toEqual(["from", "host", "method", "path", "headers"]);
});

test("a newcomer is shown the first drawn line", () => {
  expect(firstQuestion(demoMesh())).toEqual({ from: "Workload/production/storefront-v1", host: "catalog.production" });
  expect(firstQuestion({ objects: [] })).toBeNull();
});
