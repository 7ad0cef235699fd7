import { expect, test } from "vitest";
import { yamlContext } from "./yaml-context";

/** The cursor is where the bar stands. */
function at(text: string) {
  const context = yamlContext(text.replace("|", ""), text.indexOf("|"));
  return context && { path: context.path.join("."), wants: context.wants, word: context.word };
}

const head =
  "kind: Route\nspec:\n  target: {kind: Service, name: cart}\n  rules:\n    - name: a\n      matches:\n        - methods: [GET]\n";

test.each([
  ["ki|", "", "key", "ki"],
  ["kind: Ro|", "kind", "value", "Ro"],
  ["spec:\n  |", "spec", "key", ""],
  [`${head}      ti|`, "spec.rules.0", "key", "ti"],
  [`${head}        - |`, "spec.rules.0.matches.1", "item", ""],
  [`${head}    - na|`, "spec.rules.1", "item", "na"],
  [`${head}  ho|`, "spec", "key", "ho"],
  ["spec:\n  rules:\n  - name: a\n  - action:\n      ty|", "spec.rules.1.action", "key", "ty"],
  ["spec:\n  target: {kind: Se|", "spec.target.kind", "value", "Se"],
  ["spec:\n  target: {kind: Service, na|", "spec.target", "key", "na"],
  ["methods: [GET, PO|", "methods.0", "value", "PO"],
  ["spec:\n  mode: # why\n  po|", "spec", "key", "po"],
])("%j", (text, path, wants, word) => {
  expect(at(text)).toEqual({ path, wants, word });
});

test("nothing is offered in comments and in literal text", () => {
  expect(at("spec: # na|")).toBeNull();
  expect(yamlContext("spec:\n  reason: |-\n    be", 27)).toBeNull();
});
