import { expect, test } from "vitest";
import { askingMesh } from "@/lib/simulate/testing/asking";
import { answersFrom, answersText, authorizersIn, withAnswer } from "./authorizer-fields";
import { formFrom, formOf, parametersOf, questionOf } from "./question-url";

test("what authorizers answer survives the way into the URL, the question and back", () => {
  const search = new URLSearchParams({ from: "Workload/a/b", host: "c", answers: "by-grpc:deny,by-http:away" });
  const form = formFrom(search);
  expect(form.answers).toEqual({ "by-grpc": "deny", "by-http": "away" });
  expect(parametersOf(form)["answers"]).toBe("by-grpc:deny,by-http:away");
  expect(questionOf(form).authorizers).toEqual(form.answers);
  expect(formOf(questionOf(form))).toEqual(form);
});

test("nothing is said by what is no answer", () => {
  expect(answersFrom("opa:maybe,:deny,opa")).toEqual({});
  expect(answersText({})).toBeNull();
  expect(questionOf(formFrom(new URLSearchParams("answers=x:y")))).not.toHaveProperty("authorizers");
});

test("those are offered that a policy asks, and an answer can be taken back", () => {
  expect(authorizersIn(askingMesh(), { answers: { gone: "allow" } })).toEqual([
    "by-grpc",
    "by-http",
    "gone",
    "unknown",
  ]);
  const said = withAnswer({}, "opa", "deny");
  expect(said).toEqual({ answers: { opa: "deny" } });
  expect(withAnswer(said, "opa", null)).toEqual({ answers: {} });
});
